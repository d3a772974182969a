import type { Vault } from './vault';

export interface StoreOptionsProps {
  /** By which the pod knows it: `repo<number>`. */
  readonly number: number;
  /** Path inside the bucket: `/production/orders`. */
  readonly path: string;
  /** Where the pod has the PEM of the store's authority. */
  readonly caFile: string;
}

/** How a pod reaches a place in a vault, in pgBackRest's words, which `s3.sh` reads as well. */
export function storeOptions(
  { bucket, store }: Vault,
  { caFile, number, path }: StoreOptionsProps,
): [option: string, value: string | number][] {
  const repo = `repo${number}`;
  return [
    [`${repo}-type`, 's3'],
    [`${repo}-path`, path],
    [`${repo}-s3-bucket`, bucket],
    [`${repo}-s3-endpoint`, store.host],
    [`${repo}-s3-region`, store.region],
    [`${repo}-s3-uri-style`, store.pathStyle ? 'path' : 'host'],
    [`${repo}-storage-port`, store.port],
    ...(store.caPem === undefined ? [] : [[`${repo}-storage-ca-file`, caFile] as [string, string]]),
  ];
}
