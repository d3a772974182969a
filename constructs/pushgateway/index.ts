export * from './push-target';
export * from './pushgateway';
