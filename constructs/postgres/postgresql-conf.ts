import type { Duration } from '../core';
import { OWN_LAYOUT, POSTGRES_PORT } from './paths';

export interface ServerSettings {
  /** At most this long until a started WAL segment is pushed: the larger part of the RPO. */
  readonly archiveTimeout: Duration;
  /** Further settings; they win over those here. */
  readonly overrides: Readonly<Record<string, string | number | boolean>>;
}

/**
 * postgresql.conf without what `start.sh` gives on the command line: archiving must not be switched off by
 * ALTER SYSTEM. Kept outside the data directory, so that a restore does not bring back an old one.
 */
export function postgresqlConf(settings: ServerSettings): string {
  const values: Record<string, string | number | boolean> = {
    listen_addresses: '*',
    port: POSTGRES_PORT,
    unix_socket_directories: OWN_LAYOUT.socketVolume.mountPath,
    password_encryption: 'scram-sha-256',
    wal_level: 'replica',
    // With a standby's reads on, a server with smaller limits than at the backup would pause its recovery for ever.
    hot_standby: 'off',
    archive_timeout: `${settings.archiveTimeout.toSeconds()}s`,
    // Files of this pod come and go with it; the kubelet collects what is printed.
    log_destination: 'stderr',
    logging_collector: 'off',
    log_timezone: 'Etc/UTC',
    timezone: 'Etc/UTC',
    ...settings.overrides,
  };
  return `${Object.entries(values)
    .map(([name, value]) => `${name} = ${quote(value)}`)
    .join('\n')}\n`;
}

function quote(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** Roles that log in otherwise than by the password of a client. */
export interface SpecialRoles {
  /** By which replicas stream. */
  readonly replication?: string;
  /** Of a peer that is another user than the server's. */
  readonly peer?: { readonly role: string; readonly user: string };
}

/** Local by operating-system user (the pod's), the network by password, nothing else; replicas by a role of their own. */
export function pgHbaConf({ peer, replication }: SpecialRoles): string {
  return [
    // The first line that fits counts.
    ...(peer === undefined ? [] : [`local   postgres     ${peer.role} peer map=${PEER_MAP}\n`]),
    PG_HBA_CONF,
    ...(replication === undefined
      ? []
      : [`host    replication  ${replication.padEnd(12)} all        scram-sha-256\n`]),
  ].join('');
}

const PEER_MAP = 'peers';

/** Which users of the operating system, beside the server's own, are which roles. */
export function pgIdentConf({ role, user }: { readonly role: string; readonly user: string }): string {
  return `# map  user  role\n${PEER_MAP} ${user} ${role}\n`;
}

const PG_HBA_CONF = `# type  database     user      address    method
local   all          postgres             peer
local   replication  postgres             peer
local   all          all                  scram-sha-256
host    all          all       all        scram-sha-256
`;
