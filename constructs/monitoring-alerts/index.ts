export { MONITORING_ALERTS } from './catalogue';
export * from './monitoring-alerts';
export * from './subject';
