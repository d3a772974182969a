import type { AlertCase, AlertDefinition } from '../../alerts';
import { Duration } from '../../core';
import { EACH, latest, ofBackups, SAME } from './series';
import type { BackupSubject, WatchedSchedule } from './subject';

/** What a backup has to reach when it is estimated: a tenth of what one process did to a disk, to err on the long side. */
const BYTES_PER_SECOND = 25 * 1024 * 1024;

/** A backup may wait an hour for another one's lock, ten minutes for the server, and is tried three times. */
const TRIES = Duration.hours(2);

/** Alerts on the backups, from pgbackrest_exporter (job "pgbackrest"). */
export const BACKUP_ALERTS: readonly AlertDefinition<BackupSubject>[] = [
  {
    id: 'PgBackRestFullTooOld',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'The newest full backup of a repository is too old',
    description:
      'The newest full backup of {{ $labels.namespace }}/{{ $labels.database }} in a repository is {{ $value | humanizeDuration }} old, more than its schedule allows.',
    for: Duration.minutes(30),
    runbook: 'PgBackRestBackups',
    cases: (subject) => tooOld(subject, ({ type }) => type === 'full'),
  },
  {
    id: 'PgBackRestBackupTooOld',
    severity: 'warning',
    category: 'backup',
    priority: 'P3',
    summary: 'The newest differential or incremental backup of a repository is too old',
    description:
      'The newest backup of {{ $labels.namespace }}/{{ $labels.database }} in a repository is {{ $value | humanizeDuration }} old, more than its schedule allows: a restore replays all WAL since.',
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
    id: 'PgBackRestPageErrors',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'Pages of the database are damaged',
    description:
      'The newest backups of {{ $labels.namespace }}/{{ $labels.database }} in a repository contain pages whose checksums are wrong: they are damaged on its volume, and in these backups.',
    for: Duration.minutes(5),
    cases: (subject) =>
      perRepository(subject, (repository) => ({
        expr: () =>
          `max ${EACH} (${latest(ofBackups(subject, 'pgbackrest_backup_last_error_status', repository))}) == 1`,
      })),
  },
];

/** Alerts on the repositories, and on who reads them (job "pgbackrest"). */
export const REPOSITORY_ALERTS: readonly AlertDefinition<BackupSubject>[] = [
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
        // 2: no backup yet, which is an alert of its own. Not there at all: the exporter knows no such stanza.
        return {
          expr: () =>
            `max ${EACH} (${latest(status)}) != 0 != 2 or group ${EACH} (${ofBackups(subject, 'pgbackrest_exporter_status', repository)} == 1) unless ${SAME} ${latest(status)}`,
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
      'The exporter that reads a repository of {{ $labels.namespace }}/{{ $labels.database }} fails or is not there: no alert on its backups can fire.',
    for: Duration.minutes(15),
    runbook: 'PostgresMonitoring',
    cases: (subject) =>
      perRepository(subject, (repository) => {
        const status = ofBackups(subject, 'pgbackrest_exporter_status', repository);
        return {
          expr: () =>
            `max ${EACH} (${latest(status)}) == 0 or max ${EACH} (absent_over_time(${status}[15m]))`,
        };
      }),
  },
  {
    id: 'PgBackRestExporterFrozen',
    severity: 'critical',
    category: 'monitoring',
    priority: 'P2',
    summary: 'What is known of the backups is old',
    description:
      'The exporter of a repository of {{ $labels.namespace }}/{{ $labels.database }} has told the same for an hour or longer: it hangs, and no alert on its backups can fire.',
    for: Duration.minutes(20),
    runbook: 'PostgresMonitoring',
    cases: (subject) =>
      perRepository(subject, (repository) => {
        const interval = subject.repositoryInterval.toSeconds();
        const window = Math.max(3600, 3 * interval);
        return {
          // An age that does not grow.
          expr: () =>
            `max ${EACH} (changes(${ofBackups(subject, 'pgbackrest_backup_since_last_completion_seconds', repository)}[${window}s])) == 0`,
          // One that has just begun tells the same until it asks for the second time.
          for: Duration.seconds(Math.max(1200, interval + 300)),
          variables: { window },
        };
      }),
  },
];

/**
 * A case per repository and schedule. An age counts from a backup's end, and that of a differential or incremental
 * backup counts a newer one of a higher kind.
 */
function tooOld(subject: BackupSubject, which: (schedule: WatchedSchedule) => boolean): AlertCase[] {
  return subject.schedules.filter(which).flatMap((schedule) =>
    perRepository(subject, (repository) => ({
      labels: { backup_type: schedule.type },
      threshold: limit(subject, schedule),
      expr: (seconds) =>
        `min ${EACH} (${latest(ofBackups(subject, 'pgbackrest_backup_since_last_completion_seconds', `${repository},backup_type="${schedule.type}"`))}) > ${seconds}`,
      variables: {
        type: schedule.type,
        otherTypes: ['full', 'diff', 'incr'].filter((type) => type !== schedule.type),
      },
    })),
  );
}

/**
 * Each repository has an exporter of its own, whose metrics all bear its number: an age in one hides none in another.
 * @param one is given the matcher of the repository
 */
function perRepository({ repositories }: BackupSubject, one: (matcher: string) => AlertCase): AlertCase[] {
  return repositories.map((number) => {
    const { labels, variables, ...rest } = one(`,repo_key="${number}"`);
    return {
      ...rest,
      labels: { ...labels, repository: String(number) },
      variables: { ...variables, repository: number },
    };
  });
}

/** How old the newest backup of a schedule may be, in seconds. */
export function limit(subject: BackupSubject, { delay, longestGap }: WatchedSchedule): number {
  return longestGap.plus(delay).plus(TRIES).plus(backupTime(subject)).wholeSeconds();
}

/** Of a full one, estimated. */
function backupTime({ size }: BackupSubject): Duration {
  return Duration.seconds(Math.ceil(size.bytes / BYTES_PER_SECOND));
}
