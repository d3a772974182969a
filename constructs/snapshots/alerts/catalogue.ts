import type { AlertCase, AlertDefinition, Catalogue, Subject } from '../../alerts';
import { Duration } from '../../core';

/** What the rules of a schedule read. */
export interface SnapshotSubject extends Subject {
  /** Name of its CronJob. */
  readonly cronJob: string;
  /** The age of a snapshot that no run leaves behind. */
  readonly ageLimit: Duration;
}

/** What is known of a schedule: how old its newest snapshot gets. */
const FACT = 'disaster_recovery_snapshot_age_limit_seconds';
const SAME = 'on (namespace, schedule)';

/** A metric of all schedules of a namespace; each run replaces those of its own. */
const metric = (name: string, namespace: string): string =>
  `max by (namespace, schedule, claim) (disaster_recovery_snapshot_${name}{job="snapshot-schedule",namespace="${namespace}"})`;

/** For all of a namespace. */
function forAll(expr: (of: (name: string) => string, fact: string) => string) {
  return ({ ageLimit, namespace }: SnapshotSubject): AlertCase[] => [
    {
      threshold: ageLimit.toSeconds(),
      fact: { name: FACT, value: 'threshold' },
      expr: (_, facts) => expr((name) => metric(name, namespace), `max by (namespace, schedule) (${facts})`),
    },
  ];
}

const alerts: readonly AlertDefinition<SnapshotSubject>[] = [
  {
    id: 'SnapshotTooOld',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'The newest snapshot of a claim is too old',
    description:
      'The newest snapshot of claim {{ $labels.namespace }}/{{ $labels.claim }} that could be found after a loss is {{ $value | humanizeDuration }} old.',
    for: Duration.minutes(10),
    runbook: 'Snapshots',
    cases: forAll((of, fact) => `time() - ${of('newest_timestamp_seconds')} > ${SAME} group_left () ${fact}`),
  },
  {
    id: 'SnapshotNever',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'A claim has no snapshot that could be found after a loss',
    description:
      'Schedule {{ $labels.schedule }} takes claim {{ $labels.namespace }}/{{ $labels.claim }}, and the vault knows no snapshot of it.',
    for: Duration.minutes(30),
    runbook: 'Snapshots',
    cases: forAll(
      (of, fact) =>
        `${of('ready')} and ${SAME} ${fact} unless on (namespace, schedule, claim) ${of('newest_timestamp_seconds')}`,
    ),
  },
  {
    id: 'SnapshotNotReady',
    severity: 'warning',
    category: 'backup',
    priority: 'P3',
    summary: 'A snapshot was begun and is not ready to use',
    description:
      '{{ $value }} snapshots of claim {{ $labels.namespace }}/{{ $labels.claim }} since its newest good one are not ready to use.',
    for: Duration.minutes(30),
    runbook: 'Snapshots',
    cases: forAll((of, fact) => `${of('not_ready')} > 0 and ${SAME} ${fact}`),
  },
  {
    id: 'SnapshotsUnwatched',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'Nobody tells how old the snapshots of a schedule are',
    description:
      'For a whole turn of its schedule nothing was told of {{ $labels.namespace }}/{{ $labels.schedule }}: it does not run, or its results are lost.',
    for: Duration.hours(1),
    runbook: 'Snapshots',
    // A Pushgateway that was replaced knows nothing until the next run.
    cases: ({ ageLimit, namespace }) => [
      {
        for: Duration.minutes(Math.ceil(ageLimit.toSeconds() / 60)),
        fact: { name: FACT, labels: { within: within(ageLimit) }, select: ['within'] },
        expr: (_, facts) =>
          `max by (namespace, schedule) (${facts}) unless ${SAME} ${metric('run_timestamp_seconds', namespace)}`,
      },
    ],
  },
];

function within(ageLimit: Duration): string {
  return `${Math.ceil(ageLimit.toSeconds() / 60)}m`;
}

/** What can go wrong with the snapshots of a schedule, from what its job pushes. */
export const SNAPSHOT_ALERTS: Catalogue<SnapshotSubject> = {
  name: 'snapshots',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ schedule: name }),
  variables: ({ ageLimit, cronJob }) => ({ cronJob, ageLimit: ageLimit.toSeconds() }),
};
