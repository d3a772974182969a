/**
 * Where things are inside the pods. The scripts read the same places: a change
 * here is a change there.
 */
export const PATHS = {
  serverConfig: '/etc/postgresql-server',
  pgbackrestConfig: '/etc/pgbackrest',
  deploy: '/etc/deploy',
  vaultCa: '/etc/vault-ca',
  scripts: '/scripts',
  tls: '/run/secrets/tls',
  /** Written by the scripts: the authorities of both halves of the TLS pair. */
  authorities: '/tmp/tls-authorities.crt',
  roles: '/run/secrets/roles',
} as const;

/** Where a server keeps its data, and how its pod names that. */
export interface DataLayout {
  /** Volume of the pod, and where it is mounted. */
  readonly dataVolume: { readonly name: string; readonly mountPath: string };
  /** PGDATA. */
  readonly dataDirectory: string;
  /** Outside pg_wal, on the same volume: queued WAL survives a restart of the pod. */
  readonly spoolDirectory: string;
  /** Volume of the pod that holds the server's socket, and where it is mounted. */
  readonly socketVolume: { readonly name: string; readonly mountPath: string };
  /** User and group that the server runs as; the sidecar must be the same. */
  readonly uid: number;
}

/** The layout of this library's own server. */
export const OWN_LAYOUT: DataLayout = {
  dataVolume: { name: 'data', mountPath: '/var/lib/postgresql' },
  // A subdirectory, since a fresh file system holds `lost+found`.
  dataDirectory: '/var/lib/postgresql/pgdata',
  spoolDirectory: '/var/lib/postgresql/spool',
  socketVolume: { name: 'socket', mountPath: '/var/run/postgresql' },
  // Fixed in the image, so that a volume's owner never changes between images.
  uid: 999,
};

export const POSTGRES_PORT = 5432;
/** pgBackRest's own default for its TLS server. */
export const PGBACKREST_PORT = 8432;
