export * from './bucket';
export type { ColdStorage } from './lifecycle';
export type { BucketReplication, ReplicaBucket } from './replication';
export * from './vault-buckets';
