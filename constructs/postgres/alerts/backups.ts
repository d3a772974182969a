import type { AlertCase, AlertDefinition, Fact } from '../../alerts';
import { Duration } from '../../core';
import { byRepository, EACH_REPOSITORY, latest, ofBackups, SAME_REPOSITORY } from './series';
import type { BackupSubject, WatchedSchedule } from './subject';

/** What a backup has to reach when it is estimated: a tenth of what one process did to a disk, to err on the long side. */
const BYTES_PER_SECOND = 25 * 1024 * 1024;

/** Age of the newest backup of a type, or of one that counts as such. */
const AGE = 'pgbackrest_backup_since_last_completion_seconds';

/** That a repository is watched. Times of it that rules have in their text are labels. */
function repositoryFact(subject: BackupSubject, select: readonly string[] = []): Fact {
  return {
    name: 'disaster_recovery_repository',
    labels: {
      first_backup_seconds: String(firstBackup(subject).wholeSeconds()),
      interval_seconds: String(subject.repositoryInterval.wholeSeconds()),
    },
    select,
  };
}

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
      perRepository(subject, () => {
        const archives = told(subject, 'pgbackrest_wal_archive_status');
        const full = told(subject, 'pgbackrest_backup_info', ',backup_type="full"');
        // By the id that a major upgrade changes: backups of the version before do not count for the new one.
        const without = `group ${EACH_REPOSITORY} (${archives} unless on (namespace, database, repository, database_id) ${full})`;
        return {
          fact: repositoryFact(subject, ['first_backup_seconds']),
          expr: (_, repositories) => `${without} and ${SAME_REPOSITORY} ${repositories}`,
          for: firstBackup(subject),
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
      'The newest backups of {{ $labels.namespace }}/{{ $labels.database }} in a repository contain pages whose checksums are wrong: they are damaged on its volume, and in these backups.',
    for: Duration.minutes(5),
    cases: (subject) =>
      perRepository(subject, () => ({
        expr: (_, repositories) =>
          `max ${EACH_REPOSITORY} (${told(subject, 'pgbackrest_backup_last_error_status')}) == 1 and ${SAME_REPOSITORY} ${repositories}`,
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
      perRepository(subject, () => {
        const status = told(subject, 'pgbackrest_repo_status');
        const seeing = byRepository(ofBackups(subject.namespace, 'pgbackrest_exporter_status'));
        // 2: no backup yet, which is an alert of its own. Not there at all: the exporter knows no such stanza.
        const unusable = `max ${EACH_REPOSITORY} (${status}) != 0 != 2 or group ${EACH_REPOSITORY} (${seeing} == 1) unless ${SAME_REPOSITORY} ${status}`;
        return { expr: (_, repositories) => `(${unusable}) and ${SAME_REPOSITORY} ${repositories}` };
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
      perRepository(subject, () => ({
        expr: (_, repositories) =>
          `min ${EACH_REPOSITORY} (${told(subject, 'pgbackrest_wal_archive_status')}) == 0 and ${SAME_REPOSITORY} ${repositories}`,
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
      perRepository(subject, () => ({
        expr: (_, repositories) =>
          `max ${EACH_REPOSITORY} (${repositories}) unless ${SAME_REPOSITORY} ${told(subject, 'pgbackrest_exporter_status')} == 1`,
      })),
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
      perRepository(subject, () => {
        const interval = subject.repositoryInterval.wholeSeconds();
        const window = Math.max(3600, 3 * interval);
        const changes = byRepository(`changes(${ofBackups(subject.namespace, AGE)}[${window}s])`);
        return {
          fact: repositoryFact(subject, ['interval_seconds']),
          // An age that does not grow.
          expr: (_, repositories) =>
            `max ${EACH_REPOSITORY} (${changes}) == 0 and ${SAME_REPOSITORY} ${repositories}`,
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
    perRepository(subject, () => ({
      labels: { backup_type: schedule.type },
      threshold: limit(subject, schedule),
      fact: { name: 'disaster_recovery_backup_age_limit_seconds', value: 'threshold' },
      expr: (_, limits) =>
        `min by (namespace, database, repository, backup_type) (${told(subject, AGE)}) > on (namespace, database, repository, backup_type) ${limits}`,
      variables: {
        type: schedule.type,
        otherTypes: ['full', 'diff', 'incr'].filter((type) => type !== schedule.type),
      },
    })),
  );
}

/** Each repository has an exporter of its own, whose metrics all bear its number: an age in one hides none in another. */
function perRepository(subject: BackupSubject, one: () => AlertCase): AlertCase[] {
  return subject.repositories.map((number) => {
    const { labels, variables, ...rest } = one();
    return {
      fact: repositoryFact(subject),
      ...rest,
      labels: { ...labels, repository: String(number) },
      variables: { ...variables, repository: number },
    };
  });
}

/** What the exporters of a namespace told last, by repository. */
function told({ namespace }: BackupSubject, metric: string, matchers = ''): string {
  return byRepository(latest(ofBackups(namespace, metric, matchers)));
}

/** How old the newest backup of a schedule may be, in seconds. */
export function limit(subject: BackupSubject, { delay, longestGap }: WatchedSchedule): number {
  return longestGap.plus(delay).plus(TRIES).plus(backupTime(subject)).wholeSeconds();
}

/** What a repository has for its first full backup: in whole hours, so that databases of nearly one size have one rule. */
function firstBackup(subject: BackupSubject): Duration {
  return Duration.hours(1 + Math.ceil(backupTime(subject).toSeconds() / 3600));
}

/** Of a full one, estimated. */
function backupTime({ size }: BackupSubject): Duration {
  return Duration.seconds(Math.ceil(size.bytes / BYTES_PER_SECOND));
}
