import type { AlertCase, AlertDefinition } from '../../alerts';
import { Duration } from '../../core';
import { EACH, latest, ofBackups, SAME } from './series';
import type { DatabaseSubject, WatchedSchedule } from './subject';

/** What a backup has to reach when it is estimated: a tenth of what one process did to a disk, to err on the long side. */
const BYTES_PER_SECOND = 25 * 1024 * 1024;

/** A backup may wait an hour for another one's lock, ten minutes for the server, and is tried three times. */
const TRIES = Duration.hours(2);

/** Alerts on the backups, from pgbackrest_exporter (job "pgbackrest"). */
export const BACKUP_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PgBackRestFullTooOld',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'The newest full backup is too old',
    description:
      'The newest full backup of {{ $labels.namespace }}/{{ $labels.database }} is {{ $value | humanizeDuration }} old, more than its schedule allows.',
    for: Duration.minutes(30),
    runbook: 'PgBackRestBackups',
    cases: (subject) => tooOld(subject, ({ type }) => type === 'full'),
  },
  {
    id: 'PgBackRestBackupTooOld',
    severity: 'warning',
    category: 'backup',
    priority: 'P3',
    summary: 'The newest differential or incremental backup is too old',
    description:
      'The newest backup of {{ $labels.namespace }}/{{ $labels.database }} is {{ $value | humanizeDuration }} old, more than its schedule allows: a restore replays all WAL since.',
    for: Duration.minutes(30),
    runbook: 'PgBackRestBackups',
    cases: (subject) => tooOld(subject, ({ type }) => type !== 'full'),
  },
  {
    id: 'PgBackRestNoFullBackup',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'A repository has no full backup of the database',
    description:
      'A repository of {{ $labels.namespace }}/{{ $labels.database }} has its WAL and no full backup: nothing can be restored from it.',
    for: Duration.hours(1),
    runbook: 'PgBackRestBackups',
    cases: (subject) =>
      perRepository(subject, (repository) => ({
        // By the id that a major upgrade changes: backups of the version before do not count for the new one.
        expr: () =>
          `group ${EACH} (${latest(ofBackups(subject, 'pgbackrest_wal_archive_status', repository))} unless on (namespace, database, database_id) ${latest(ofBackups(subject, 'pgbackrest_backup_info', `${repository},backup_type="full"`))})`,
        for: Duration.hours(1).plus(backupTime(subject)),
      })),
  },
  {
    id: 'PgBackRestRepositoryStale',
    severity: 'warning',
    category: 'backup',
    priority: 'P2',
    summary: 'One of several repositories gets no backups',
    description:
      'A repository of {{ $labels.namespace }}/{{ $labels.database }} has the backups it had for longer than their schedules allow, and none since.',
    for: Duration.minutes(30),
    runbook: 'PgBackRestBackups',
    // The exporter tells no age by repository. With one repository it needs none.
    cases: (subject) =>
      subject.repositories.length < 2 || subject.schedules.length === 0
        ? []
        : perRepository(subject, (repository) => {
            const backups = ofBackups(subject, 'pgbackrest_backup_info', repository);
            return {
              threshold: Math.min(...subject.schedules.map((schedule) => limit(subject, schedule))),
              expr: (seconds) =>
                `group ${EACH} (${latest(backups)}) unless ${SAME} (${latest(backups)} unless on (namespace, database, backup_name) last_over_time(${backups}[1h] offset ${seconds}s))`,
            };
          }),
  },
  {
    id: 'PgBackRestPageErrors',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'Pages of the database are damaged',
    description:
      'The newest backups of {{ $labels.namespace }}/{{ $labels.database }} contain pages whose checksums are wrong: they are damaged on its volume, and in these backups.',
    for: Duration.minutes(5),
    cases: (subject) => [
      {
        expr: () => `max ${EACH} (${latest(ofBackups(subject, 'pgbackrest_backup_last_error_status'))}) == 1`,
      },
    ],
  },
];

/** Alerts on the repositories, and on who reads them (job "pgbackrest"). */
export const REPOSITORY_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PgBackRestRepositoryUnusable',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'A repository cannot be read, or has no stanza',
    description:
      'A repository of {{ $labels.namespace }}/{{ $labels.database }} cannot be read, or has no stanza: neither WAL nor backups reach it.',
    for: Duration.minutes(15),
    runbook: 'PgBackRestRepository',
    cases: (subject) =>
      perRepository(subject, (repository) => {
        const status = ofBackups(subject, 'pgbackrest_repo_status', repository);
        // 2: no backup yet, which is an alert of its own. Not there at all: the exporter does not know the repository.
        return {
          expr: () =>
            `max ${EACH} (${latest(status)}) != 0 != 2 or group ${EACH} (${ofBackups(subject, 'pgbackrest_exporter_status')} == 1) unless ${SAME} ${latest(status)}`,
        };
      }),
  },
  {
    id: 'PgBackRestArchiveEmpty',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'A repository has no WAL of the database',
    description:
      'The archive of {{ $labels.namespace }}/{{ $labels.database }} in a repository is empty: its backups cannot be restored.',
    for: Duration.minutes(15),
    runbook: 'PgBackRestRepository',
    cases: (subject) =>
      perRepository(subject, (repository) => ({
        expr: () =>
          `min ${EACH} (${latest(ofBackups(subject, 'pgbackrest_wal_archive_status', repository))}) == 0`,
      })),
  },
  {
    id: 'PgBackRestExporterBlind',
    severity: 'critical',
    category: 'monitoring',
    priority: 'P2',
    summary: 'Nobody sees the backups',
    description:
      'The exporter that reads the repositories of {{ $labels.namespace }}/{{ $labels.database }} fails or is not there: no alert on backups can fire.',
    for: Duration.minutes(15),
    runbook: 'PostgresMonitoring',
    cases: (subject) => {
      const status = ofBackups(subject, 'pgbackrest_exporter_status');
      return [
        {
          expr: () =>
            `max ${EACH} (${latest(status)}) == 0 or max ${EACH} (absent_over_time(${status}[15m]))`,
        },
      ];
    },
  },
  {
    id: 'PgBackRestExporterFrozen',
    severity: 'critical',
    category: 'monitoring',
    priority: 'P2',
    summary: 'What is known of the backups is old',
    description:
      'The exporter of the repositories of {{ $labels.namespace }}/{{ $labels.database }} has told the same for an hour: it hangs, and no alert on backups can fire.',
    for: Duration.minutes(20),
    runbook: 'PostgresMonitoring',
    cases: (subject) => [
      {
        // An age that does not grow.
        expr: () =>
          `max ${EACH} (changes(${ofBackups(subject, 'pgbackrest_backup_since_last_completion_seconds')}[1h])) == 0`,
      },
    ],
  },
];

/**
 * A case per schedule. An age counts from a backup's end, and that of a differential or incremental backup counts a
 * newer one of a higher kind; it is the newest of all repositories.
 */
function tooOld(subject: DatabaseSubject, which: (schedule: WatchedSchedule) => boolean): AlertCase[] {
  return subject.schedules.filter(which).map((schedule) => ({
    labels: { backup_type: schedule.type },
    threshold: limit(subject, schedule),
    expr: (seconds) =>
      `min ${EACH} (${latest(ofBackups(subject, 'pgbackrest_backup_since_last_completion_seconds', `,backup_type="${schedule.type}"`))}) > ${seconds}`,
    variables: {
      type: schedule.type,
      otherTypes: ['full', 'diff', 'incr'].filter((type) => type !== schedule.type),
    },
  }));
}

/** @param one is given the matcher of the repository */
function perRepository({ repositories }: DatabaseSubject, one: (matcher: string) => AlertCase): AlertCase[] {
  return repositories.map((number) => ({
    ...one(`,repo_key="${number}"`),
    labels: { repository: String(number) },
    variables: { repository: number },
  }));
}

/** How old the newest backup of a schedule may be, in seconds. */
export function limit(subject: DatabaseSubject, { delay, longestGap }: WatchedSchedule): number {
  return longestGap.plus(delay).plus(TRIES).plus(backupTime(subject)).wholeSeconds();
}

/** Of a full one, estimated. */
function backupTime({ size }: DatabaseSubject): Duration {
  return Duration.seconds(Math.ceil(size.bytes / BYTES_PER_SECOND));
}
