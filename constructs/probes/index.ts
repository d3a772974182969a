export * from './blackbox-exporter';
export * from './endpoint-probe';
