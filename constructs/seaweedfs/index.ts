export * from './seaweedfs-alerts';
export * from './seaweedfs-backup';
