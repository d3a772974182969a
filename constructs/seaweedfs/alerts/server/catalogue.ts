import type { AlertDefinition, Catalogue, Subject } from '../../../alerts';
import { Duration } from '../../../core';

/** What the rules of a SeaweedFS read. */
export interface SeaweedFsSubject extends Subject {
  /** Its parts, each by the label `job` of what is scraped there, and the object that its pods are of. */
  readonly parts: readonly { readonly part: string; readonly job: string; readonly workload: string }[];
  /** Labels of its series beside the namespace. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it is copied to another one, and how far that may be behind. */
  readonly replicationLag?: Duration | undefined;
  readonly claims: readonly string[];
  /** What brings its content back. */
  readonly restore?: string | undefined;
}

/** A metric of it. Names as weed/stats/metrics.go of SeaweedFS has them; the prefix is in capitals and small letters. */
function metric(name: string, { labels, namespace }: SeaweedFsSubject, more = ''): string {
  const own = Object.entries(labels).map(([label, value]) => `,${label}="${value}"`);
  return `SeaweedFS_${name}{namespace="${namespace}"${own.join('')}${more}}`;
}

/** Of what SeaweedFS may still use: it keeps a part of each disk free. */
const usage = (subject: SeaweedFsSubject): string => {
  const of = (type: string) => metric('volumeServer_resource', subject, `,type="${type}"`);
  return `max by (namespace, instance, name) (1 - ${of('avail')} / ignoring (type) ${of('all')})`;
};

const FULL = {
  category: 'capacity',
  summary: 'A disk of SeaweedFS is nearly full',
  description:
    'The disk {{ $labels.name }} of volume server {{ $labels.instance }} in {{ $labels.namespace }} is {{ $value | humanizePercentage }} full.',
  runbook: 'SeaweedFsDisk',
} as const;

const alerts: readonly AlertDefinition<SeaweedFsSubject>[] = [
  {
    id: 'SeaweedFsDown',
    severity: 'critical',
    category: 'availability',
    priority: 'P2',
    summary: 'A part of SeaweedFS answers nobody',
    description:
      'Nothing of {{ $labels.job }} in {{ $labels.namespace }} can be scraped: logs and archives may be out of reach.',
    for: Duration.minutes(5),
    cases: ({ namespace, parts }) =>
      parts.map(({ job, part, workload }) => ({
        labels: { part },
        variables: { job, part, workload },
        expr: () => {
          const up = `up{namespace="${namespace}",job="${job}"}`;
          return `max by (namespace, job) (${up}) == 0 or absent(${up})`;
        },
      })),
  },
  {
    id: 'SeaweedFsLeader',
    severity: 'critical',
    category: 'availability',
    priority: 'P2',
    summary: 'The masters of SeaweedFS have no leader, or more than one',
    description:
      '{{ $value }} masters in {{ $labels.namespace }} say that they are the leader: without one nothing new is written, two may give one volume to two servers.',
    // Masters that were replaced are known for five minutes, and each looks every five seconds.
    for: Duration.minutes(10),
    runbook: 'SeaweedFsDown',
    cases: (subject) => [{ expr: () => `sum by (namespace) (${metric('master_is_leader', subject)}) != 1` }],
  },
  {
    ...FULL,
    id: 'SeaweedFsDiskHigh',
    severity: 'warning',
    priority: 'P3',
    for: Duration.minutes(15),
    cases: (subject) => [{ threshold: 0.85, expr: (threshold) => `${usage(subject)} > ${threshold}` }],
  },
  {
    ...FULL,
    id: 'SeaweedFsDiskCritical',
    alertname: 'SeaweedFsDiskHigh',
    severity: 'critical',
    priority: 'P2',
    for: Duration.minutes(5),
    cases: (subject) => [{ threshold: 0.95, expr: (threshold) => `${usage(subject)} > ${threshold}` }],
  },
  {
    id: 'SeaweedFsDiskError',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'A disk of SeaweedFS fails',
    description:
      'The disk {{ $labels.name }} of volume server {{ $labels.instance }} in {{ $labels.namespace }} gives errors: what is on it alone is in danger.',
    for: Duration.minutes(1),
    runbook: 'SeaweedFsDisk',
    cases: (subject) => [
      {
        expr: () =>
          `max by (namespace, instance, name) (${metric('volumeServer_disk_error_status', subject, ',type="error"')}) == 1`,
      },
    ],
  },
  {
    id: 'SeaweedFsUnderReplicated',
    severity: 'warning',
    category: 'availability',
    priority: 'P3',
    summary: 'Volumes of SeaweedFS have fewer copies than they should',
    description:
      '{{ $value }} volumes of collection {{ $labels.collection }} in {{ $labels.namespace }} lack copies: another disk that fails may take them.',
    for: Duration.minutes(30),
    // Each master goes on telling what it saw when it was the leader; the leader looks every five minutes.
    cases: (subject) => [
      {
        expr: () =>
          `sum by (namespace, collection) (${metric('master_under_replicated_volumes', subject)} and on (namespace, instance) (${metric('master_is_leader', subject)} == 1)) > 0`,
      },
    ],
  },
  {
    id: 'SeaweedFsBucketReadOnly',
    severity: 'warning',
    category: 'capacity',
    priority: 'P2',
    summary: 'A bucket of SeaweedFS takes no more objects',
    description:
      'The bucket {{ $labels.bucket }} in {{ $labels.namespace }} is read-only: it is above its quota.',
    for: Duration.minutes(5),
    cases: (subject) => [
      { expr: () => `max by (namespace, bucket) (${metric('s3_bucket_read_only', subject)}) == 1` },
    ],
  },
  {
    id: 'SeaweedFsReplicationLag',
    severity: 'warning',
    category: 'backup',
    priority: 'P3',
    summary: 'The copy of SeaweedFS in another place is behind, or nobody knows',
    description:
      'The copy of {{ $labels.namespace }} by filer.sync is more behind than it may be, or filer.sync tells nothing.',
    for: Duration.minutes(5),
    cases: (subject) => {
      const offset = metric('filerSync_sync_offset', subject);
      if (subject.replicationLag === undefined) return [];
      return [
        {
          threshold: subject.replicationLag.toSeconds(),
          // Nanoseconds. While nothing is written it goes on with the clock.
          expr: (threshold) =>
            `time() - min by (namespace) (${offset}) / 1e9 > ${threshold} or max by (namespace) (absent(${offset}))`,
        },
      ];
    },
  },
];

/** What may be wrong with a SeaweedFS that somebody runs. */
export const SEAWEEDFS_ALERTS: Catalogue<SeaweedFsSubject> = {
  name: 'seaweedfs',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ seaweedfs: name }),
  variables: ({ claims, parts, restore }) => ({ claims, parts, restore: restore ?? '' }),
};
