export * from './backup';
export type { AwsPlace } from './place';
export * from './policies';
