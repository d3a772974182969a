export * from './arn';
export * from './bucket-access';
export type { BucketArea } from './bucket-area';
export * from './bucket-guard';
export * from './document';
export * from './replication';
export * from './trust';
export * from './velero';
