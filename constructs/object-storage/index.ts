export * from './inside-cluster';
export * from './vault';
