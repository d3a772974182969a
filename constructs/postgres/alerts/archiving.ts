import type { AlertDefinition } from '../../alerts';
import { Duration } from '../../core';
import { databaseFact, EACH, ofServers, SAME } from './series';
import type { DatabaseSubject } from './subject';

/** Alerts on what reaches the archive, from the server's own counters (job "postgres"). */
export const ARCHIVING_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PostgresWalArchiveStuck',
    alertname: 'PostgresWalArchive',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'No WAL reaches the archive',
    description:
      '{{ $labels.namespace }}/{{ $labels.database }} has WAL to archive and archives none: all that is written now is lost with its volume.',
    for: Duration.minutes(5),
    runbook: 'PostgresWalArchive',
    cases: (subject) => {
      const seconds = Math.max(600, 3 * subject.archiveTimeout.toSeconds());
      const within = (metric: string): string => increase(subject, metric, `${seconds}s`);
      // An archiver that hangs counts no failure; an idle database has nothing to archive, and is left alone.
      const written = ['inserted', 'updated', 'deleted']
        .map((what) => within(`pg_stat_database_tup_${what}`))
        .join(' + ');
      const stuck = `${within('pg_stat_archiver_archived_count')} == 0 and ${SAME} (${within('pg_stat_archiver_failed_count')} > 0 or ${written} > 0)`;
      return [
        {
          fact: databaseFact(subject, ['archive_timeout_seconds']),
          expr: (_, databases) => `${stuck} and ${SAME} ${databases}`,
          // What was just written is archived within the archive timeout.
          for: Duration.seconds(Math.max(300, subject.archiveTimeout.toSeconds() + 120)),
          variables: { window: seconds },
        },
      ];
    },
  },
  {
    id: 'PostgresWalArchiveFailing',
    alertname: 'PostgresWalArchive',
    severity: 'warning',
    category: 'backup',
    priority: 'P2',
    summary: 'Archiving WAL fails again and again',
    description:
      '{{ $labels.namespace }}/{{ $labels.database }} failed to archive WAL {{ $value | humanize }} times within a quarter of an hour.',
    // Longer than the window: one failure is none.
    for: Duration.minutes(20),
    runbook: 'PostgresWalArchive',
    cases: (subject) => [
      {
        threshold: 0,
        fact: databaseFact(subject),
        expr: (failures, databases) =>
          `${increase(subject, 'pg_stat_archiver_failed_count', '15m')} > ${failures} and ${SAME} ${databases}`,
      },
    ],
  },
];

/** Over all servers: which of them is the primary may have changed meanwhile. */
function increase({ namespace }: DatabaseSubject, metric: string, window: string): string {
  return `sum ${EACH} (increase(${ofServers(namespace, metric)}[${window}]))`;
}
