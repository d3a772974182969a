import type { SecretRef } from '../core';
import type { Vault } from '../object-storage';

/** How Velero proves who it is to the location. */
export type VeleroCredentials =
  | {
      /** A key of a Secret beside Velero with a file as AWS' command line reads it. */
      readonly file: SecretRef;
    }
  | {
      /** A pair of keys; minted for each life of the environment where its vault mints. */
      readonly accessKey: SecretRef;
      readonly secretKey: SecretRef;
    }
  | {
      /** A role that Velero's service account assumes (IRSA): `arn:aws:iam::…`; `veleroPolicy` is what it needs. */
      readonly roleArn: string;
    };

export interface VeleroLocation {
  /** @default - the vault's main bucket */
  readonly bucket?: string;
  /** Where backups lie in it. @default `velero/<environment>` */
  readonly prefix?: string;
  /**
   * How uploads are checked: `CRC32`, `SHA256`, …; empty: not at all, for stores that refuse checksums they do not know (Ceph,
   * B2).
   * @default - empty, except at Amazon: the plugin's own, CRC32
   */
  readonly checksumAlgorithm?: string;
  /** Key by which Amazon encrypts what is uploaded. @default - as the bucket says */
  readonly kmsKeyId?: string;
}

/** Name of the location, and of the Secret with its credentials. */
export const LOCATION = 'vault';
export const CREDENTIALS = { name: 'velero-vault-credentials', key: 'cloud' } as const;

export interface LocationSpecProps extends VeleroLocation {
  readonly vault: Vault;
  readonly prefix: string;
  /** Where the credentials file is. @default - the service account's role */
  readonly credential?: { readonly name: string; readonly key: string };
}

/** The spec of Velero's BackupStorageLocation, without its access mode. */
export function locationSpec(props: LocationSpecProps): object {
  const { bucket, credential, kmsKeyId, prefix, vault } = props;
  const { store } = vault;
  const amazon = store.kind === 'aws';
  const checksumAlgorithm = props.checksumAlgorithm ?? (amazon ? undefined : '');
  return {
    provider: 'aws',
    default: true,
    objectStorage: {
      bucket: bucket ?? vault.bucket,
      prefix,
      ...(store.caPem === undefined ? {} : { caCert: Buffer.from(store.caPem).toString('base64') }),
    },
    ...(credential === undefined ? {} : { credential }),
    config: {
      region: store.region,
      ...(amazon ? {} : { s3Url: store.endpoint, s3ForcePathStyle: String(store.pathStyle) }),
      ...(checksumAlgorithm === undefined ? {} : { checksumAlgorithm }),
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    },
  };
}
