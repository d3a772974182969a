export * from './pod';
export * from './secrets';
