export type { BackupCopy, BackupPlanProps, BackupRule } from './plan';
export { BackupPlan } from './plan';
export * from './restore-testing';
export type { BackupTarget, ResourceType, TagSelection } from './target';
export * from './vault';
