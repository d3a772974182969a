import type { AlertDefinition } from '../../alerts';
import { Duration } from '../../core';
import { databaseFact, EACH_DATNAME, ofServers, SAME } from './series';
import type { DatabaseSubject } from './subject';

/** Autovacuum is in time below this; it freezes from `autovacuum_freeze_max_age` on. */
const LEAST = 500_000_000;
/** PostgreSQL refuses writes shortly before 2^31. */
const CRITICAL = 1_500_000_000;

/** Alerts on transactions (job "postgres"). */
export const TRANSACTION_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PostgresTransactionIdsHigh',
    alertname: 'PostgresTransactionIds',
    severity: 'warning',
    category: 'capacity',
    priority: 'P3',
    summary: 'Vacuum does not keep up with transaction ids',
    description:
      'The oldest transaction id of {{ $labels.datname }} in {{ $labels.namespace }}/{{ $labels.database }} is {{ $value | humanize }} transactions old; at 2.1G it refuses writes.',
    for: Duration.hours(1),
    runbook: 'PostgresTransactionIds',
    cases: (subject) => [
      {
        threshold: Math.min(CRITICAL, Math.max(LEAST, 1.5 * subject.freezeMaxAge)),
        fact: databaseFact(subject, ['freeze_max_age']),
        expr: (limit, databases) => oldest(subject, (age) => `${age} > ${limit} and ${SAME} ${databases}`),
      },
    ],
  },
  {
    id: 'PostgresTransactionIdsExhausted',
    alertname: 'PostgresTransactionIds',
    severity: 'critical',
    category: 'capacity',
    priority: 'P1',
    summary: 'PostgreSQL is about to run out of transaction ids',
    description:
      'The oldest transaction id of {{ $labels.datname }} in {{ $labels.namespace }}/{{ $labels.database }} is {{ $value | humanize }} transactions old; at 2.1G it refuses writes.',
    for: Duration.minutes(15),
    runbook: 'PostgresTransactionIds',
    cases: (subject) => [
      {
        threshold: CRITICAL,
        fact: databaseFact(subject),
        expr: (limit, databases) => oldest(subject, (age) => `${age} > ${limit} and ${SAME} ${databases}`),
      },
    ],
  },
  {
    id: 'PostgresDeadlocks',
    severity: 'warning',
    category: 'performance',
    priority: 'P3',
    summary: 'Transactions wait for each other in circles',
    description:
      '{{ $value | humanize }} deadlocks within ten minutes in {{ $labels.datname }} of {{ $labels.namespace }}/{{ $labels.database }}; each ended a transaction.',
    for: Duration.minutes(5),
    runbook: 'PostgresTransactions',
    cases: (subject) => [
      {
        threshold: 5,
        fact: databaseFact(subject),
        expr: (count, databases) =>
          `sum ${EACH_DATNAME} (increase(${ofServers(subject.namespace, 'pg_stat_database_deadlocks')}[10m])) > ${count} and ${SAME} ${databases}`,
      },
    ],
  },
  {
    id: 'PostgresTransactionLong',
    severity: 'warning',
    category: 'performance',
    priority: 'P3',
    summary: 'A transaction has been open for very long',
    description:
      'A transaction in {{ $labels.datname }} on {{ $labels.namespace }}/{{ $labels.pod }} has been open for {{ $value | humanizeDuration }}: vacuum cannot clean up behind it.',
    for: Duration.minutes(5),
    runbook: 'PostgresTransactions',
    cases: (subject) => [
      {
        threshold: 3600,
        fact: databaseFact(subject),
        // A dump of everything is one transaction, and may take its time.
        expr: (seconds, databases) =>
          `max by (namespace, database, pod, datname) (${ofServers(subject.namespace, 'pg_stat_activity_max_tx_duration', ',backend_type="client backend",application_name!="pg_dump"')}) > ${seconds} and ${SAME} ${databases}`,
      },
    ],
  },
];

/** The exporter's names say seconds; it is transactions. @param tooOld of a vector of ages */
function oldest({ namespace }: DatabaseSubject, tooOld: (ages: string) => string): string {
  return ['datfrozenxid', 'datminmxid']
    .map((which) => `pg_database_wraparound_age_${which}_seconds`)
    .map((metric) => tooOld(`max ${EACH_DATNAME} (${ofServers(namespace, metric)})`))
    .join(' or ');
}
