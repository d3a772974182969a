export * from './alarms';
export * from './backup';
export * from './ebs';
export * from './efs';
export type { AwsPlace } from './place';
export * from './policies';
export * from './rds';
