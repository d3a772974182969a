import { type AlertDefinition, type Catalogue, prometheusDuration, type Subject } from '../../../alerts';
import { Duration } from '../../../core';

/** What the rules of a schedule read. */
export interface VeleroScheduleSubject extends Subject {
  /** Oldest that its newest complete backup may be, in whole seconds. */
  readonly maximumAge: number;
  /** For the runbook: the environment, and where the backups are. */
  readonly environment: string;
  readonly location: string;
  readonly bucket: string;
}

/** The job that the monitor of this construct names. */
const of = ({ name, namespace }: VeleroScheduleSubject) =>
  `job="velero",namespace="${namespace}",schedule="${name}"`;

const alerts: readonly AlertDefinition<VeleroScheduleSubject>[] = [
  {
    id: 'VeleroBackupStale',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'A schedule of Velero has no recent complete backup',
    description:
      'Schedule {{ $labels.schedule }} of {{ $labels.namespace }} has made no complete backup for longer than its schedule and a run take, or Velero does not know it.',
    for: Duration.hours(1),
    // The metric of the last status says 1 whenever a schedule is looked at. That of the last success is there once there is
    // one; that of attempts from the schedule's beginning on.
    cases: (subject) => {
      const attempts = `velero_backup_attempt_total{${of(subject)}}`;
      const success = `max by (namespace, schedule) (velero_backup_last_successful_timestamp{${of(subject)}})`;
      const age = prometheusDuration(Duration.seconds(subject.maximumAge));
      return [
        {
          threshold: subject.maximumAge,
          expr: (limit) =>
            `time() - ${success} > ${limit}` +
            ` or group by (namespace, schedule) (last_over_time(${attempts}[1h] offset ${age})) unless on (namespace, schedule) ${success}` +
            ` or max by (namespace, schedule) (absent(${attempts}))`,
        },
      ];
    },
  },
  {
    id: 'VeleroBackupFailed',
    severity: 'warning',
    category: 'backup',
    priority: 'P2',
    summary: 'A backup of Velero failed, or left something out',
    description:
      '{{ $value | humanize }} backups of schedule {{ $labels.schedule }} failed within a day, wholly or in part: older ones are all that there is to restore from.',
    for: Duration.ZERO,
    cases: (subject) => [
      {
        threshold: 0,
        expr: (count) =>
          `${['failure', 'partial_failure', 'validation_failure']
            .map(
              (kind) =>
                `sum by (namespace, schedule) (increase(velero_backup_${kind}_total{${of(subject)}}[1d]))`,
            )
            .join(' + ')} > ${count}`,
      },
    ],
  },
];

/** What is wrong with the backups of one schedule. */
export const VELERO_SCHEDULE_ALERTS: Catalogue<VeleroScheduleSubject> = {
  name: 'velero-schedule',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ schedule: name }),
  variables: ({ bucket, environment, location, maximumAge }) => ({
    bucket,
    environment,
    location,
    maximumAge,
  }),
};
