import type { AlertDefinition, Catalogue, Subject } from '../../../alerts';
import { Duration } from '../../../core';

/** What the rules of a backup read. */
export interface SeaweedFsBackupSubject extends Subject {
  /** Names of its CronJobs. */
  readonly cronJob: string;
  readonly restore: string;
  /** How old the newest set may be: the longest time from one to the next, delay and run included. */
  readonly limit: Duration;
}

/** Of a metric that backup.sh pushes; each run replaces all of it. */
function metric(name: string, subject: SeaweedFsBackupSubject): string {
  return `disaster_recovery_seaweedfs_backup_${name}{job="seaweedfs-backup",namespace="${subject.namespace}",seaweedfs="${subject.name}"}`;
}

const alerts: readonly AlertDefinition<SeaweedFsBackupSubject>[] = [
  {
    id: 'SeaweedFsBackupTooOld',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'What is kept of SeaweedFS is too old',
    description:
      'The newest set of {{ $labels.namespace }}/{{ $labels.seaweedfs }} is {{ $value | humanizeDuration }} old.',
    for: Duration.minutes(30),
    runbook: 'SeaweedFsBackup',
    cases: (subject) => [
      {
        threshold: subject.limit.toSeconds(),
        expr: (threshold) =>
          `time() - max by (namespace, seaweedfs) (${metric('timestamp_seconds', subject)}) > ${threshold}`,
      },
    ],
  },
  {
    id: 'SeaweedFsBackupMissing',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'Nothing is kept of SeaweedFS, or nobody knows of it',
    description: '{{ $labels.namespace }}/{{ $labels.seaweedfs }} has no set, or its result is not scraped.',
    // A new one has its first set after its first run.
    for: Duration.hours(1),
    runbook: 'SeaweedFsBackup',
    cases: (subject) => [
      {
        for: subject.limit,
        expr: () => `absent(${metric('timestamp_seconds', subject)})`,
        variables: { gap: subject.limit.toSeconds() },
      },
    ],
  },
  {
    id: 'SeaweedFsBackupIncomplete',
    severity: 'warning',
    category: 'backup',
    priority: 'P2',
    summary: 'Files of SeaweedFS cannot be read, and are in no new set',
    description:
      'The newest set of {{ $labels.namespace }}/{{ $labels.seaweedfs }} lacks {{ $value }} files that cannot be read.',
    for: Duration.minutes(5),
    runbook: 'SeaweedFsBackup',
    cases: (subject) => [
      { expr: () => `max by (namespace, seaweedfs) (${metric('unread_files', subject)}) > 0` },
    ],
  },
];

/** What may be wrong with what is kept of a SeaweedFS. */
export const SEAWEEDFS_BACKUP_ALERTS: Catalogue<SeaweedFsBackupSubject> = {
  name: 'seaweedfs-backup',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ seaweedfs: name }),
  variables: ({ cronJob, restore }) => ({ cronJob, restore }),
};
