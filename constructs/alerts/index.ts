export * from './alert-rules';
export * from './alerting';
export * from './definition';
export * from './rule';
