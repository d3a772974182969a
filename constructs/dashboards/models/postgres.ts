import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardModel, EnvironmentFacts } from './model';
import { dashboard, model, stat, timeSeries } from './panels';
import { known } from './variables';

const OF = 'namespace="$namespace",database="$database"';

function server(metric: string, matchers = ''): string {
  return `${metric}{job="postgres",${OF}${matchers}}`;
}

function backups(metric: string, matchers = ''): string {
  return `${metric}{job="pgbackrest",${OF}${matchers}}`;
}

/** One database at a time: its servers, its archive, its backups. */
export function postgresDashboard({
  databases,
  environment,
  namespaces,
  uid,
}: EnvironmentFacts): DashboardModel {
  const builder = dashboard({
    uid: uid('postgres'),
    title: `PostgreSQL and pgBackRest of ${environment}`,
    description: 'A database: its servers by postgres_exporter, its repositories by pgbackrest_exporter.',
    variables: [
      known('namespace', databases.length === 0 ? namespaces : databases.map(({ namespace }) => namespace)),
      known(
        'database',
        databases.map(({ name }) => name),
      ),
    ],
  })
    .withRow(new RowBuilder('Servers'))
    .withPanel(
      stat({
        title: 'Servers',
        width: 6,
        queries: [{ expr: `max by (pod) (${server('pg_up')})`, legend: '{{pod}}' }],
        words: { '1': ['up', 'green'], '0': ['down', 'red'] },
        none: 'no exporter',
      }),
    )
    .withPanel(
      stat({
        title: 'Roles',
        width: 6,
        queries: [{ expr: `max by (pod) (${server('pg_replication_is_replica')})`, legend: '{{pod}}' }],
        words: { '0': ['primary', 'green'], '1': ['replica', 'green'] },
        none: 'no exporter',
      }),
    )
    .withPanel(
      stat({
        title: 'Running for',
        width: 6,
        unit: 's',
        queries: [
          {
            expr: `time() - max by (pod) (${server('pg_postmaster_start_time_seconds')})`,
            legend: '{{pod}}',
          },
        ],
      }),
    )
    .withPanel(
      stat({
        title: 'Size',
        width: 6,
        unit: 'bytes',
        queries: [
          {
            expr: `max by (namespace, database) (sum by (namespace, database, pod) (${server('pg_database_size_bytes')}))`,
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Connections, of those for clients',
        width: 8,
        unit: 'percentunit',
        max: 1,
        queries: [
          {
            expr: `sum by (pod) (${server('pg_stat_activity_count', ',backend_type="client backend"')}) / on (pod) (max by (pod) (${server('pg_settings_max_connections')}) - max by (pod) (${server('pg_settings_superuser_reserved_connections')}))`,
            legend: '{{pod}}',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Transactions a second',
        width: 8,
        unit: 'ops',
        queries: [
          {
            expr: `sum by (pod) (rate(${server('pg_stat_database_xact_commit')}[$__rate_interval]))`,
            legend: 'committed {{pod}}',
          },
          {
            expr: `sum by (pod) (rate(${server('pg_stat_database_xact_rollback')}[$__rate_interval]))`,
            legend: 'rolled back {{pod}}',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Rows changed a second',
        width: 8,
        unit: 'ops',
        queries: ['inserted', 'updated', 'deleted'].map((what) => ({
          expr: `sum by (namespace, database) (rate(${server(`pg_stat_database_tup_${what}`)}[$__rate_interval]))`,
          legend: what,
        })),
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Read from memory',
        description: 'Of all blocks that were asked for.',
        width: 8,
        unit: 'percentunit',
        max: 1,
        queries: [
          {
            expr: `sum by (datname) (rate(${server('pg_stat_database_blks_hit')}[$__rate_interval])) / (sum by (datname) (rate(${server('pg_stat_database_blks_hit')}[$__rate_interval])) + sum by (datname) (rate(${server('pg_stat_database_blks_read')}[$__rate_interval])) > 0)`,
            legend: '{{datname}}',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Longest transaction',
        width: 8,
        unit: 's',
        queries: [
          { expr: `max by (pod) (${server('pg_stat_activity_max_tx_duration')})`, legend: '{{pod}}' },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Deadlocks',
        width: 8,
        queries: [
          {
            expr: `sum by (datname) (increase(${server('pg_stat_database_deadlocks')}[$__rate_interval]))`,
            legend: '{{datname}}',
          },
        ],
      }),
    )
    .withRow(new RowBuilder('WAL and replicas'))
    .withPanel(
      timeSeries({
        title: 'Segments archived, and failures',
        width: 8,
        queries: [
          {
            expr: `sum by (namespace, database) (increase(${server('pg_stat_archiver_archived_count')}[$__rate_interval]))`,
            legend: 'archived',
          },
          {
            expr: `sum by (namespace, database) (increase(${server('pg_stat_archiver_failed_count')}[$__rate_interval]))`,
            legend: 'failed',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Since the last segment reached the archive',
        description: 'It grows, too, while nothing is written.',
        width: 8,
        unit: 's',
        queries: [
          {
            expr: `min by (namespace, database) (${server('pg_stat_archiver_last_archive_age')})`,
            legend: 'age',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'WAL on the volume',
        width: 8,
        unit: 'bytes',
        queries: [{ expr: `max by (pod) (${server('pg_wal_size_bytes')})`, legend: '{{pod}}' }],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Replicas behind, in time',
        description: 'A replica that is cut off shows 0: see what the primary says beside.',
        width: 12,
        unit: 's',
        queries: [
          {
            expr: `max by (pod) (${server('pg_replication_lag_seconds')}) and on (pod) max by (pod) (${server('pg_replication_is_replica')}) == 1`,
            legend: '{{pod}}',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Replicas behind, as the primary sees them',
        width: 12,
        unit: 'bytes',
        queries: [
          {
            expr: `max by (application_name, state) (${server('pg_stat_replication_pg_wal_lsn_diff')})`,
            legend: '{{application_name}} {{state}}',
          },
        ],
      }),
    )
    .withRow(new RowBuilder('Backups'))
    .withPanel(
      stat({
        title: 'Repositories',
        width: 6,
        queries: [
          {
            expr: `max by (repo_key) (last_over_time(${backups('pgbackrest_repo_status')}[15m]))`,
            legend: 'repo{{repo_key}}',
          },
        ],
        steps: [[null, 'red']],
        words: {
          '0': ['ok', 'green'],
          '1': ['no stanza', 'red'],
          '2': ['no backup', 'orange'],
          '99': ['cannot be read', 'red'],
        },
        none: 'not read',
      }),
    )
    .withPanel(
      stat({
        title: 'Exporter',
        width: 4,
        queries: [
          {
            expr: `max by (repo_key) (last_over_time(${backups('pgbackrest_exporter_status')}[15m]))`,
            legend: 'repo{{repo_key}}',
          },
        ],
        words: { '1': ['reads', 'green'], '0': ['blind', 'red'] },
        none: 'not there',
      }),
    )
    .withPanel(
      stat({
        title: 'Backups kept',
        width: 8,
        queries: [
          {
            expr: `count by (repo_key, backup_type) (last_over_time(${backups('pgbackrest_backup_info')}[15m]))`,
            legend: 'repo{{repo_key}} {{backup_type}}',
          },
        ],
        none: 'none seen',
      }),
    )
    .withPanel(
      stat({
        title: 'Damaged pages',
        description: 'In the newest backups: pages whose checksums were wrong on the volume.',
        width: 6,
        queries: [
          {
            expr: `max by (repo_key, backup_type) (last_over_time(${backups('pgbackrest_backup_last_error_status')}[15m]))`,
            legend: 'repo{{repo_key}} {{backup_type}}',
          },
        ],
        words: { '0': ['none', 'green'], '1': ['found', 'red'] },
        none: 'no backup seen',
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Age of the newest backups',
        description: 'The age of a differential or incremental backup counts a newer one of a higher kind.',
        width: 8,
        unit: 's',
        queries: [
          {
            expr: `min by (repo_key, backup_type) (${backups('pgbackrest_backup_since_last_completion_seconds')})`,
            legend: 'repo{{repo_key}} {{backup_type}}',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'How long backups took',
        width: 8,
        unit: 's',
        queries: [
          {
            expr: `max by (repo_key, backup_type) (${backups('pgbackrest_backup_last_duration_seconds')})`,
            legend: 'repo{{repo_key}} {{backup_type}}',
          },
        ],
      }),
    )
    .withPanel(
      timeSeries({
        title: 'Size of the newest backups in the repository',
        width: 8,
        unit: 'bytes',
        queries: [
          {
            expr: `max by (repo_key, backup_type) (${backups('pgbackrest_backup_last_repo_size_bytes')})`,
            legend: 'repo{{repo_key}} {{backup_type}} with what it rests on',
          },
          {
            expr: `max by (repo_key, backup_type) (${backups('pgbackrest_backup_last_repo_delta_bytes')})`,
            legend: 'repo{{repo_key}} {{backup_type}} itself',
          },
        ],
      }),
    );
  return model('postgres', builder);
}
