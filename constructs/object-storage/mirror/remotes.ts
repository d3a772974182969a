import { literal } from '../../core';
import type { EnvironmentVariable } from '../../workloads';
import type { StoreAddress } from '../store-address';

/** What rclone calls a store: variables `RCLONE_CONFIG_<REMOTE>_…`. */
export type Remote = 'SOURCE' | 'TARGET' | 'VAULT';

/** The two entries of a Secret by which a remote is opened. */
export const keyEntries = (remote: Remote): readonly [access: string, secret: string] => [
  `RCLONE_CONFIG_${remote}_ACCESS_KEY_ID`,
  `RCLONE_CONFIG_${remote}_SECRET_ACCESS_KEY`,
];

/** How rclone reaches a store, without its keys. */
export function remoteVariables(remote: Remote, store: StoreAddress): EnvironmentVariable[] {
  const settings = {
    TYPE: 's3',
    PROVIDER: store.kind === 'aws' ? 'AWS' : 'Other',
    ENDPOINT: literal(store.endpoint),
    REGION: store.region,
    FORCE_PATH_STYLE: String(store.pathStyle),
    // Buckets are made elsewhere: without this it asks for each whether it is there, or would make it.
    NO_CHECK_BUCKET: 'true',
  };
  return Object.entries(settings).map(([name, value]) => ({
    name: `RCLONE_CONFIG_${remote}_${name}`,
    value,
  }));
}
