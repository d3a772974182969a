import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { kubelet, series } from './series';
import type { WorkloadSubject } from './subject';

const BY_CLAIM = 'by (namespace, persistentvolumeclaim)';

/** A rule for subjects that have claims. */
const forClaims =
  (rule: (of: (metric: string) => string, subject: WorkloadSubject) => AlertCase) =>
  (subject: WorkloadSubject): AlertCase[] => {
    const { claims, namespace } = subject;
    if (claims.length === 0) return [];
    const persistentvolumeclaim = claims.map((name) => name.replaceAll('.', '[.]')).join('|');
    return [rule((metric) => series(metric, kubelet(namespace), { persistentvolumeclaim }), subject)];
  };

/** Of what is available, not of what is used: some file systems keep a part for root. A shared volume is told by each node. */
const usage = (of: (metric: string) => string): string =>
  `max ${BY_CLAIM} (1 - ${of('kubelet_volume_stats_available_bytes')} / ${of('kubelet_volume_stats_capacity_bytes')})`;

const FULL = {
  category: 'capacity',
  summary: 'A volume is nearly full',
  description:
    'The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full.',
} as const;

/** Alerts on volumes, from the kubelets. */
export const VOLUME_ALERTS: readonly AlertDefinition<WorkloadSubject>[] = [
  {
    ...FULL,
    id: 'PvcUsageHigh',
    severity: 'warning',
    priority: 'P3',
    for: Duration.minutes(15),
    cases: forClaims((of) => ({ threshold: 0.85, expr: (threshold) => `${usage(of)} > ${threshold}` })),
  },
  {
    ...FULL,
    id: 'PvcUsageCritical',
    alertname: 'PvcUsageHigh',
    severity: 'critical',
    priority: 'P1',
    for: Duration.minutes(5),
    runbook: 'PvcUsageHigh',
    cases: forClaims((of) => ({ threshold: 0.95, expr: (threshold) => `${usage(of)} > ${threshold}` })),
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
    cases: forClaims((of) => ({
      threshold: 4 * 86_400,
      // A volume that is half empty may well be filled at once, and stay so.
      expr: (threshold) =>
        `max ${BY_CLAIM} (predict_linear(${of('kubelet_volume_stats_available_bytes')}[6h], ${threshold})) < 0 and on (namespace, persistentvolumeclaim) ${usage(of)} > 0.5`,
    })),
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
    cases: forClaims((_, { claims, namespace }) => ({
      expr: () =>
        claims
          .map((persistentvolumeclaim) =>
            series('kubelet_volume_stats_capacity_bytes', { ...kubelet(namespace), persistentvolumeclaim }),
          )
          .map((one) => `max ${BY_CLAIM} (absent(${one}))`)
          .join(' or '),
    })),
  },
];
