import type { Options } from './configuration';
import type { Lab } from './lab';
import type { S3Server } from './s3-server';

/** A repository of the lab in a bucket of the store. */
export function s3Repository(lab: Lab, s3: S3Server, options: Options = {}): Options {
  return {
    type: 's3',
    path: '/test/shop',
    's3-bucket': 'vault',
    's3-endpoint': 'localhost',
    's3-region': 'us-east-1',
    's3-uri-style': 'path',
    'storage-port': String(s3.port),
    'storage-ca-file': lab.path('etc/vault-ca.crt'),
    'cipher-type': 'aes-256-cbc',
    bundle: 'y',
    'retention-full': '2',
    ...options,
  };
}

/** Gives the lab this repository alone. */
export function useS3(lab: Lab, s3: S3Server, options: Options = {}): void {
  lab.repositories = [s3Repository(lab, s3, options)];
  lab.configure();
}

/** A lab with the store's authority and keys, and its repository in a new bucket `vault`. */
export function giveS3(lab: Lab, s3: S3Server): void {
  lab.write('etc/vault-ca.crt', s3.caPem);
  lab.secrets = {
    PGBACKREST_REPO1_CIPHER_PASS: 'one',
    PGBACKREST_REPO1_S3_KEY: s3.accessKey,
    PGBACKREST_REPO1_S3_KEY_SECRET: s3.secretKey,
  };
  s3.createBucket('vault');
  useS3(lab, s3);
}
