export * from './inside-cluster';
export * from './key-mints';
export * from './vault';
