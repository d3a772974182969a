export * from './inside-cluster';
export * from './key-mints';
export * from './scripts';
export * from './store-options';
export * from './vault';
