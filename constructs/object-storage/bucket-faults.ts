import type { Finding } from '../core';
import { addressFaults, BUCKET_NAME_FIX, isBucketName, isWholeDays } from './address-faults';
import type { Bucket } from './bucket';
import { isInsideCluster } from './inside-cluster';

/** Everything that is wrong with a bucket's declaration. */
export function bucketFaults(bucket: Bucket, property: string): Finding[] {
  const { account, coldStorage, keepNoncurrent, name, objectLock, store, versioning } = bucket;
  const found = addressFaults('bucket', store, account, property);
  const wrong = (rule: string, message: string, fix: string): void => {
    found.push({ rule: `bucket/${rule}`, message: `${property}.${message}`, fix });
  };
  if (store.endpoint.startsWith('http:') && !isInsideCluster(store.host))
    wrong(
      'plain-http',
      `endpoint is "${store.endpoint}": keys and data would travel readably`,
      'serve the store by TLS and write https://; give its authority as caPem if it is your own',
    );
  if (!isBucketName(name)) wrong('name', `name is "${name}", which S3 does not allow`, BUCKET_NAME_FIX);
  if (objectLock !== undefined && !versioning)
    wrong(
      'object-lock',
      'objectLock is set without versioning, and what is locked is a version',
      'leave versioning on',
    );
  if (objectLock !== undefined && !isWholeDays(objectLock.retention.toSeconds()))
    wrong(
      'object-lock',
      `objectLock.retention is ${objectLock.retention.human()}, and stores count whole days`,
      'write it as Duration.days(n), n from 1 upwards',
    );
  if (!isWholeDays(keepNoncurrent.toSeconds()))
    wrong(
      'keep-noncurrent',
      `keepNoncurrent is ${keepNoncurrent.human()}, and stores count whole days`,
      'write it as Duration.days(n), n from 1 upwards; 35, the default, outlast a holiday',
    );
  const least = coldStorage?.storageClass === 'STANDARD_IA' ? 30 : 1;
  if (
    coldStorage !== undefined &&
    (!isWholeDays(coldStorage.after.toSeconds()) || coldStorage.after.toSeconds() < least * 86_400)
  )
    wrong(
      'cold-storage',
      `coldStorage.after is ${coldStorage.after.human()}, and ${coldStorage.storageClass ?? 'GLACIER_IR'} takes whole days from ${least} upwards`,
      `write it as Duration.days(n), n from ${least} upwards`,
    );
  return found;
}
