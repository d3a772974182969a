import { join } from 'node:path';

export type Options = Readonly<Record<string, string>>;

export interface ConfigurationProps {
  readonly dir: string;
  readonly stanza: string;
  /** `repo<n>-…` options, in the order of the repositories. */
  readonly repositories: readonly Options[];
  readonly port: number;
  readonly tlsPort: number;
}

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

const tlsOptions = (dir: string, side: 'server' | 'client', prefix: string): string[] => [
  `${prefix}-ca-file=${join(dir, 'tls/ca.crt')}`,
  `${prefix}-cert-file=${join(dir, `tls/${side}.crt`)}`,
  `${prefix}-key-file=${join(dir, `tls/${side}.key`)}`,
];

/** The configuration files of the pod's containers, as constructs/postgres/scripts/README.md asks for them. */
export function configurationFiles(props: ConfigurationProps): Record<string, string> {
  const { dir, stanza } = props;
  const global = [
    '[global]',
    ...props.repositories.flatMap((options, index) =>
      Object.entries(options).map(([name, value]) => `repo${index + 1}-${name}=${value}`),
    ),
    'log-level-file=off',
    'log-level-console=warn',
    'log-level-stderr=off',
    'compress-type=zst',
    'start-fast=y',
  ];
  const database = [
    `[${stanza}]`,
    `pg1-path=${join(dir, 'volume/pgdata')}`,
    `pg1-socket-path=${join(dir, 'socket')}`,
    `pg1-port=${props.port}`,
  ];
  return {
    'pod.conf': lines(
      ...global,
      `lock-path=${join(dir, 'lock')}`,
      `spool-path=${join(dir, 'volume/spool')}`,
      'archive-async=y',
      ...database,
    ),
    'job.conf': lines(
      ...global,
      `lock-path=${join(dir, 'lock-job')}`,
      ...database,
      'pg1-host=localhost',
      'pg1-host-type=tls',
      `pg1-host-port=${props.tlsPort}`,
      `pg1-host-config=${join(dir, 'server.conf')}`,
      ...tlsOptions(dir, 'client', 'pg1-host'),
    ),
    'server.conf': lines(
      '[global]',
      'tls-server-address=127.0.0.1',
      `tls-server-port=${props.tlsPort}`,
      `tls-server-auth=job=${stanza}`,
      ...tlsOptions(dir, 'server', 'tls-server'),
      `lock-path=${join(dir, 'lock-server')}`,
      'log-level-file=off',
      'log-level-stderr=off',
    ),
    'etc/postgresql.conf': lines(
      `port=${props.port}`,
      "listen_addresses='127.0.0.1'",
      'archive_timeout=60',
      'hot_standby=off',
      'password_encryption=scram-sha-256',
      'dynamic_shared_memory_type=mmap',
      'shared_buffers=16MB',
      `ident_file='${join(dir, 'etc/pg_ident.conf')}'`,
    ),
    'etc/pg_hba.conf': lines('local all all peer map=tests', 'host all all 127.0.0.1/32 scram-sha-256'),
    // Whoever runs these tests is the pod's user.
    'etc/pg_ident.conf': lines('tests /^.*$ postgres'),
  };
}
