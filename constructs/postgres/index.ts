export type { BackupSchedules } from './backups';
export { BITNAMI_LAYOUT, bitnamiValues } from './bitnami';
export { type ApplicationProps, PostgresDatabase, type PostgresDatabaseProps } from './database';
export type { DumpsProps } from './dumps';
export type { ExistingVolume } from './existing-volume';
export type { ExportersProps } from './exporters';
export type { TlsProps } from './issued-tls';
export type { DataLayout } from './paths';
export type { PgBackRestOptions, Repository } from './pgbackrest';
export {
  type ArchiverFragment,
  PgBackRestSidecar,
  type PgBackRestSidecarProps,
} from './pgbackrest-sidecar';
export type { RecoveryOrder } from './recovery-order';
export type { RepositoryProps, RetentionProps } from './repository';
export type { PodFragment } from './sidecar';
export type { DatabaseSnapshotsProps } from './snapshots';
export type { ProtectedDatabase } from './stanza';
