export * from './license-check';
