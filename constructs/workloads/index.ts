export * from './kubernetes';
export * from './pod';
export * from './secrets';
