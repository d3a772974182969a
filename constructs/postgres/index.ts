export type { BackupSchedules } from './backups';
export { type ApplicationProps, PostgresDatabase, type PostgresDatabaseProps } from './database';
export type { RepositoryProps, RetentionProps } from './repository';
export type { PodFragment } from './sidecar';
