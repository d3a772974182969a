export type { ColdStorage } from './lifecycle';
export * from './vault-buckets';
