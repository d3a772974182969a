export type { AutomatedBackupsReplication } from './automated-backups';
export type { DatabaseReference, ProtectedDatabaseInstanceProps } from './database-instance';
export { ProtectedDatabaseInstance } from './database-instance';
export * from './existing-instance';
export * from './instance-copy';
export type { BackupSource, DatabaseRecovery } from './recovery-order';
