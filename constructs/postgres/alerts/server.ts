import type { AlertCase, AlertDefinition } from '../../alerts';
import { Duration } from '../../core';
import { databaseFact, EACH, EACH_POD, ofServers, SAME, SAME_POD } from './series';
import type { DatabaseSubject } from './subject';

/** Collectors of postgres_exporter that rules here read; `database_wraparound` is off unless it is asked for. */
export const COLLECTORS = ['database_wraparound', 'replication', 'stat_database'] as const;

/** Alerts on the server itself, from postgres_exporter (job "postgres"). */
export const SERVER_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PostgresDown',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'PostgreSQL does not answer',
    description: '{{ $labels.namespace }}/{{ $labels.database }} does not answer its exporter, or has none.',
    for: Duration.minutes(2),
    cases: (subject) => [
      {
        fact: databaseFact(subject),
        expr: (_, databases) =>
          `max ${EACH} (${databases}) unless ${SAME} ${ofServers(subject.namespace, 'pg_up')} == 1`,
      },
    ],
  },
  {
    id: 'PostgresConnectionsHigh',
    alertname: 'PostgresConnections',
    severity: 'warning',
    category: 'capacity',
    priority: 'P2',
    summary: 'PostgreSQL has few connections left',
    description:
      '{{ $value | humanizePercentage }} of the connections that {{ $labels.namespace }}/{{ $labels.pod }} has for clients are taken.',
    for: Duration.minutes(10),
    runbook: 'PostgresConnections',
    cases: (subject) => connectionsAbove(subject, 0.8),
  },
  {
    id: 'PostgresConnectionsExhausted',
    alertname: 'PostgresConnections',
    severity: 'critical',
    category: 'capacity',
    priority: 'P1',
    summary: 'PostgreSQL is about to turn clients away',
    description:
      '{{ $value | humanizePercentage }} of the connections that {{ $labels.namespace }}/{{ $labels.pod }} has for clients are taken.',
    for: Duration.minutes(5),
    runbook: 'PostgresConnections',
    cases: (subject) => connectionsAbove(subject, 0.95),
  },
  {
    id: 'PostgresMetricsIncomplete',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'The exporter of PostgreSQL cannot read all that alerts rest on',
    description:
      'The exporter of {{ $labels.namespace }}/{{ $labels.pod }} reaches its server, and some of its queries fail or are not made.',
    for: Duration.minutes(15),
    runbook: 'PostgresMonitoring',
    cases: (subject) => {
      const { namespace } = subject;
      const up = `max ${EACH_POD} (${ofServers(namespace, 'pg_up')})`;
      const failed = `max ${EACH_POD} (${ofServers(namespace, 'pg_exporter_last_scrape_error')})`;
      const matcher = `,collector=~"${COLLECTORS.join('|')}"`;
      const collected = `sum ${EACH_POD} (${ofServers(namespace, 'pg_scrape_collector_success', matcher)})`;
      return [
        {
          fact: databaseFact(subject),
          expr: (_, databases) =>
            `(${failed} == 1 and ${SAME_POD} ${up} == 1 or ${up} == 1 unless ${SAME_POD} ${collected} >= ${COLLECTORS.length}) and ${SAME} ${databases}`,
        },
      ];
    },
  },
];

/** Connections of clients, of those that are not kept for superusers. PostgreSQL 16 has a second reserve. */
function connectionsAbove(subject: DatabaseSubject, threshold: number): AlertCase[] {
  const { namespace } = subject;
  const taken = `sum ${EACH_POD} (${ofServers(namespace, 'pg_stat_activity_count', ',backend_type="client backend"')})`;
  const setting = (name: string): string =>
    `max ${EACH_POD} (${ofServers(namespace, `pg_settings_${name}`)})`;
  const all = setting('max_connections');
  const kept = `${setting('superuser_reserved_connections')} - (${setting('reserved_connections')} or 0 * ${all})`;
  return [
    {
      threshold,
      fact: databaseFact(subject),
      expr: (share, databases) =>
        `${taken} / ${SAME_POD} (${all} - ${kept}) > ${share} and ${SAME} ${databases}`,
    },
  ];
}

/** How many replicas a database has. */
const REPLICATED = { name: 'disaster_recovery_replicas' } as const;
const IS_REPLICA = 'pg_replication_is_replica';

/** Of a database with replicas: which of its servers is the primary, and who follows it. */
export const REPLICATION_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PostgresPrimaryMissing',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'No server of the database is its primary',
    description:
      'Servers of {{ $labels.namespace }}/{{ $labels.database }} answer, and none of them accepts writes.',
    for: Duration.minutes(2),
    runbook: 'PostgresDown',
    cases: (subject) =>
      replicated(subject, {
        expr: (_, replicated) =>
          `max ${EACH} (${ofServers(subject.namespace, 'pg_up')}) == 1 unless ${SAME} ${primaries(subject)} and ${SAME} ${replicated}`,
      }),
  },
  {
    id: 'PostgresSeveralPrimaries',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'Several servers of the database accept writes',
    description:
      '{{ $value }} servers of {{ $labels.namespace }}/{{ $labels.database }} accept writes. One is superseded: what is written to it is in no archive.',
    for: Duration.minutes(2),
    cases: (subject) =>
      replicated(subject, {
        expr: (_, replicated) => `count ${EACH} (${primaries(subject)}) > 1 and ${SAME} ${replicated}`,
      }),
  },
  {
    id: 'PostgresReplicaMissing',
    severity: 'critical',
    category: 'availability',
    priority: 'P2',
    summary: 'The primary has fewer replicas than declared',
    description:
      'Not all replicas of {{ $labels.namespace }}/{{ $labels.database }} stream from its primary.',
    for: Duration.minutes(5),
    runbook: 'PostgresReplication',
    cases: (subject) =>
      replicated(subject, {
        threshold: subject.replicas,
        fact: { ...REPLICATED, value: 'threshold' },
        expr: (_, replicas) => {
          // By name: a replica that connects anew is there twice for a while. Others than its pods may stream, too.
          const named = (vector: string, label: string, pattern: string) =>
            `label_replace(${vector}, "set", "$1", "${label}", "${pattern}")`;
          const streaming = named(streams(subject), 'application_name', '(.+)-[0-9]+');
          const own = `${streaming} and on (namespace, database, set) ${named(replicas, 'database', '(.+)')}`;
          const names = `group by (namespace, database, application_name) (${own})`;
          return `group ${EACH} (${primaries(subject)} and ${SAME} ${replicas}) unless ${SAME} count ${EACH} (${names}) >= ${SAME} ${replicas}`;
        },
        variables: { last: `${subject.name}-${subject.replicas}`, others: replicaPods(subject).slice(0, -1) },
      }),
  },
  {
    id: 'PostgresReplicaNotStreaming',
    severity: 'warning',
    category: 'availability',
    priority: 'P2',
    summary: 'A replica answers and does not follow',
    description:
      '{{ $labels.namespace }}/{{ $labels.pod }} can be read and does not stream from its primary: its rows grow old.',
    for: Duration.minutes(10),
    runbook: 'PostgresReplication',
    cases: (subject) =>
      replicated(subject, {
        expr: (_, replicated) => {
          // Replicas log in under the names of their pods.
          const streaming = `label_replace(${streams(subject)}, "pod", "$1", "application_name", "(.+)")`;
          return `max ${EACH_POD} (${ofServers(subject.namespace, IS_REPLICA)}) == 1 unless ${SAME_POD} ${streaming} and ${SAME} ${replicated}`;
        },
      }),
  },
  {
    id: 'PostgresReplicaLag',
    severity: 'warning',
    category: 'performance',
    priority: 'P3',
    summary: 'A replica is behind its primary',
    description: '{{ $labels.namespace }}/{{ $labels.pod }} is {{ $value | humanizeDuration }} behind.',
    for: Duration.minutes(5),
    runbook: 'PostgresReplication',
    cases: (subject) =>
      replicated(subject, {
        threshold: 30,
        expr: (seconds, replicated) => {
          const lag = `max ${EACH_POD} (${ofServers(subject.namespace, 'pg_replication_lag_seconds')}) > ${seconds}`;
          return `${lag} and ${SAME_POD} ${ofServers(subject.namespace, IS_REPLICA)} == 1 and ${SAME} ${replicated}`;
        },
      }),
  },
];

function replicated({ replicas }: DatabaseSubject, one: AlertCase): readonly AlertCase[] {
  return replicas === 0 ? [] : [{ fact: REPLICATED, ...one }];
}

/** Names of pods that follow the first. */
function replicaPods({ name, replicas }: DatabaseSubject): string[] {
  return Array.from({ length: replicas }, (_, index) => `${name}-${index + 1}`);
}

function primaries({ namespace }: DatabaseSubject): string {
  return `${ofServers(namespace, IS_REPLICA)} == 0`;
}

/** A series for each connection of a replica at its primary. */
function streams({ namespace }: DatabaseSubject): string {
  return ofServers(namespace, 'pg_stat_replication_pg_wal_lsn_diff', ',state="streaming"');
}
