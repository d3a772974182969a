export * from './dashboards';
export type { ShownDatabase } from './facts';
