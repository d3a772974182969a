export * from './custom-resource';
export * from './jobs';
export * from './kubernetes';
export * from './peers';
export * from './pod';
export * from './scripts';
export * from './secrets';
