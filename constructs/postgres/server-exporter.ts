import { type Container, RESTRICTED_CONTAINER } from '../workloads';
import { type DatabaseContext, MOUNTS } from './context';
import { EXPORTER_ROLE, EXPORTER_UID, type ExportersProps, SERVER_METRICS_PORT } from './exporters';
import { PATHS, POSTGRES_PORT } from './paths';

/** Off are those with a series per table or role of the database `postgres`, which nobody uses. */
const COLLECTORS = [
  '--collector.database_wraparound',
  '--collector.long_running_transactions',
  '--collector.postmaster',
  '--collector.stat_activity_autovacuum',
  '--collector.stat_checkpointer',
  '--collector.stat_wal_receiver',
  '--no-collector.roles',
  '--no-collector.stat_user_tables',
  '--no-collector.statio_user_tables',
];

/**
 * The exporter beside a server: it logs in by the socket, as the peer that pg_ident.conf names, so that there is no password.
 * It has no readiness probe, and is not killed for what it cannot tell: that must take nothing from the database's clients.
 */
export function serverExporter(context: DatabaseContext, exporters: ExportersProps): Container {
  const { layout } = context;
  const connection = {
    host: layout.socketVolume.mountPath,
    port: POSTGRES_PORT,
    user: EXPORTER_ROLE,
    dbname: 'postgres',
    sslmode: 'disable',
    connect_timeout: 5,
    // In milliseconds: below the ten seconds after which Prometheus gives a scrape up.
    statement_timeout: 8000,
    application_name: EXPORTER_ROLE,
  };
  return {
    name: 'exporter',
    image: exporters.image ?? context.image,
    imagePullPolicy: context.imagePullPolicy,
    // Which has it run again when it ends.
    command: [`${PATHS.scripts}/exporter.sh`],
    args: [
      'prometheus-postgres-exporter',
      `--web.listen-address=:${SERVER_METRICS_PORT}`,
      '--config.file=/dev/null',
      ...COLLECTORS,
    ],
    env: [
      {
        name: 'DATA_SOURCE_NAME',
        value: Object.entries(connection)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      },
      // Collected before the limit is near: a container that is killed makes its pod unready.
      { name: 'GOMEMLIMIT', value: '96MiB' },
    ],
    port: [{ name: 'metrics', containerPort: SERVER_METRICS_PORT, protocol: 'TCP' }],
    volumeMount: [MOUNTS.scripts, { ...layout.socketVolume, readOnly: true }],
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      ...RESTRICTED_CONTAINER,
      runAsUser: String(EXPORTER_UID),
      runAsGroup: String(EXPORTER_UID),
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}
