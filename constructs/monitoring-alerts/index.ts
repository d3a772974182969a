export { MONITORING_ALERTS, NOTIFICATIONS_FAILING, WATCHDOG } from './catalogue';
export * from './monitoring-alerts';
export * from './subject';
