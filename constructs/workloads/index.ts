export * from './custom-resource';
export * from './kubernetes';
export * from './pod';
export * from './scripts';
export * from './secrets';
