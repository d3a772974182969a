export * from './expiry-policy';
export * from './labels';
export * from './reattach';
export * from './record';
export type { SnapshotRetention } from './retention';
export type { SnapshotScheduleProps } from './schedule-props';
export * from './snapshot-class';
export { SnapshotSchedule } from './snapshot-schedule';
