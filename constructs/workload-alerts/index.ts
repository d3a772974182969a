export { WORKLOAD_ALERTS } from './catalogue';
export * from './pod-set';
export * from './subject';
export * from './workload-alerts';
