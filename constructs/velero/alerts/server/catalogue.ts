import type { AlertDefinition, Catalogue, Subject } from '../../../alerts';
import { Duration } from '../../../core';

/** What the rules of a Velero read. */
export interface VeleroServerSubject extends Subject {
  /** Name of its location. */
  readonly location: string;
  /** For the runbook: the environment, and where the backups are. */
  readonly environment: string;
  readonly bucket: string;
}

const of = ({ namespace }: VeleroServerSubject) => `job="velero",namespace="${namespace}"`;

const alerts: readonly AlertDefinition<VeleroServerSubject>[] = [
  {
    id: 'VeleroDown',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'Velero does not run: nothing is backed up',
    description: 'Nobody can scrape Velero in {{ $labels.namespace }}: its schedules stand still.',
    for: Duration.minutes(15),
    cases: (subject) => {
      const up = `up{${of(subject)}}`;
      return [{ expr: () => `max by (namespace) (${up}) == 0 or max by (namespace) (absent(${up}))` }];
    },
  },
  {
    id: 'VeleroLocationUnavailable',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'Velero cannot reach where its backups are',
    description:
      'Velero in {{ $labels.namespace }} finds its location {{ $labels.backup_location_name }} unavailable, or does not know it: backups fail, and nothing could be restored.',
    for: Duration.minutes(15),
    cases: (subject) => {
      const { location } = subject;
      const status = `velero_backup_location_status_gauge{${of(subject)},backup_location_name="${location}"}`;
      return [
        {
          labels: { backup_location_name: location },
          expr: () =>
            `min by (namespace, backup_location_name) (${status}) == 0 or max by (namespace, backup_location_name) (absent(${status}))`,
        },
      ];
    },
  },
  {
    id: 'VeleroRestoreFailed',
    severity: 'critical',
    category: 'backup',
    priority: 'P1',
    summary: 'A restore of Velero failed, or left something out',
    description:
      '{{ $value | humanize }} restores failed in {{ $labels.namespace }} within an hour, wholly or in part: something of the platform did not come back.',
    for: Duration.ZERO,
    cases: (subject) => [
      {
        threshold: 0,
        expr: (count) =>
          `${['failed', 'partial_failure', 'validation_failed']
            .map((kind) => `sum by (namespace) (increase(velero_restore_${kind}_total{${of(subject)}}[1h]))`)
            .join(' + ')} > ${count}`,
      },
    ],
  },
];

/** What keeps Velero from backing up and restoring anything. */
export const VELERO_SERVER_ALERTS: Catalogue<VeleroServerSubject> = {
  name: 'velero',
  directory: __dirname,
  alerts,
  labels: () => ({}),
  variables: ({ bucket, environment, location }) => ({ bucket, environment, location }),
};
