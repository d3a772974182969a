/**
 * Where things are inside the pods. The scripts read the same places: a change
 * here is a change there.
 */
export const PATHS = {
  /** Root of the claim. */
  volume: '/var/lib/postgresql',
  /** A subdirectory, since a fresh file system holds `lost+found`. */
  data: '/var/lib/postgresql/pgdata',
  /** Outside pg_wal, on the same volume: queued WAL survives a restart of the pod. */
  spool: '/var/lib/postgresql/spool',
  socket: '/var/run/postgresql',
  serverConfig: '/etc/postgresql-server',
  pgbackrestConfig: '/etc/pgbackrest',
  deploy: '/etc/deploy',
  vaultCa: '/etc/vault-ca',
  scripts: '/scripts',
  tls: '/run/secrets/tls',
  roles: '/run/secrets/roles',
} as const;

/** Fixed in the image, so that a volume's owner never changes between images. */
export const POSTGRES_UID = 999;

export const POSTGRES_PORT = 5432;
/** pgBackRest's own default for its TLS server. */
export const PGBACKREST_PORT = 8432;
