import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { kubelet, series } from './series';
import type { WorkloadSubject } from './subject';

/** What is known of a claim: whose it is. */
const FACT = 'disaster_recovery_claim';
const SAME = 'on (namespace, persistentvolumeclaim)';
const BY_CLAIM = 'by (namespace, persistentvolumeclaim)';
const BY_WORKLOAD = 'by (namespace, persistentvolumeclaim, workload)';

interface Claims {
  /** A metric of all volumes of the namespace. A shared volume is told by each node. */
  readonly of: (metric: string) => string;
  /** Those of a vector that are watched, with the label of whose they are. */
  readonly watched: (vector: string) => string;
  readonly facts: string;
}

/** One case for each claim. @param rule for all of a namespace */
const forEach =
  (rule: (all: Claims, threshold: number) => string, threshold?: number) =>
  ({ claims, namespace }: WorkloadSubject): AlertCase[] =>
    claims.map((persistentvolumeclaim) => ({
      ...(threshold === undefined ? {} : { threshold }),
      fact: { name: FACT },
      labels: { persistentvolumeclaim },
      variables: { claim: persistentvolumeclaim },
      expr: (threshold, facts) => {
        // A claim that was declared twice would be in the way of all others.
        const whose = `group ${BY_WORKLOAD} (topk ${BY_CLAIM} (1, ${facts}))`;
        return rule(
          {
            of: (metric) => series(metric, kubelet(namespace)),
            watched: (vector) => `${vector} * ${SAME} group_left (workload) ${whose}`,
            facts,
          },
          threshold,
        );
      },
    }));
const FULL = {
  category: 'capacity',
  summary: 'A volume is nearly full',
  description:
    'The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full.',
} as const;

/** Of what is available, not of what is used: some file systems keep a part for root. */
const usage = ({ of }: Claims): string =>
  `max ${BY_CLAIM} (1 - ${of('kubelet_volume_stats_available_bytes')} / ${of('kubelet_volume_stats_capacity_bytes')})`;

const full = (all: Claims, threshold: number): string => `${all.watched(usage(all))} > ${threshold}`;

/** Alerts on volumes, from the kubelets. */
export const VOLUME_ALERTS: readonly AlertDefinition<WorkloadSubject>[] = [
  {
    ...FULL,
    id: 'PvcUsageHigh',
    severity: 'warning',
    priority: 'P3',
    for: Duration.minutes(15),
    cases: forEach(full, 0.85),
  },
  {
    ...FULL,
    id: 'PvcUsageCritical',
    alertname: 'PvcUsageHigh',
    severity: 'critical',
    priority: 'P1',
    for: Duration.minutes(5),
    runbook: 'PvcUsageHigh',
    cases: forEach(full, 0.95),
  },
  {
    id: 'PvcFullIn4Days',
    severity: 'warning',
    category: 'capacity',
    priority: 'P3',
    summary: 'A volume will be full in days, if it goes on like this',
    description:
      'The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} fills at the pace of its last six hours.',
    for: Duration.hours(1),
    runbook: 'PvcUsageHigh',
    cases: forEach((all, threshold) => {
      const available = all.of('kubelet_volume_stats_available_bytes');
      const then = `max ${BY_CLAIM} (predict_linear(${available}[6h], ${threshold}))`;
      // A volume that is half empty may well be filled at once, and stay so.
      return `${all.watched(then)} < 0 and ${SAME} ${usage(all)} > 0.5`;
    }, 4 * 86_400),
  },
  {
    id: 'PvcUnwatched',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'Nobody tells how full a volume is',
    description:
      'No kubelet tells of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}: no pod has it mounted, its driver tells nothing, or the kubelet is not scraped.',
    for: Duration.minutes(30),
    cases: forEach(
      ({ facts, of }) =>
        `max ${BY_WORKLOAD} (${facts}) unless ${SAME} ${of('kubelet_volume_stats_capacity_bytes')}`,
    ),
  },
];
