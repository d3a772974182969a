export * from './dashboard-backup';
export * from './dashboards';
export type { ShownDatabase } from './facts';
