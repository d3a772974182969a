import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { series } from './series';
import type { ServiceMetrics, WorkloadSubject } from './subject';

export const DEFAULT_RATE = 0.1;
export const DEFAULT_QUANTILE = 0.95;
export const DEFAULT_ERROR_LABEL = 'code';

/** Requests per second. */
const rate = (metric: string, labels: Readonly<Record<string, string>>, matchers = {}): string =>
  `sum by (namespace) (rate(${series(metric, labels, matchers)}[5m]))`;

/** Rules for a service. @param labels of its series */
const forService =
  (
    rules: (
      service: ServiceMetrics & { readonly minimumRate: number },
      labels: Readonly<Record<string, string>>,
    ) => readonly AlertCase[],
  ) =>
  ({ namespace, service }: WorkloadSubject): readonly AlertCase[] =>
    service === undefined
      ? []
      : rules(
          { ...service, minimumRate: service.minimumRate ?? DEFAULT_RATE },
          { namespace, ...service.labels },
        );

/** Alerts on how a service answers, from its own metrics. */
export const SERVICE_ALERTS: readonly AlertDefinition<WorkloadSubject>[] = [
  {
    id: 'ServiceLatencyHigh',
    severity: 'warning',
    category: 'performance',
    priority: 'P2',
    summary: 'A service answers slowly',
    description:
      'The slowest requests to {{ $labels.namespace }}/{{ $labels.workload }} take {{ $value | humanizeDuration }} or more.',
    for: Duration.minutes(10),
    runbook: 'Service',
    cases: forService(({ latency, minimumRate }, labels) => {
      if (latency === undefined) return [];
      const { histogram, limit = Duration.seconds(2), quantile = DEFAULT_QUANTILE } = latency;
      const buckets = `sum by (namespace, le) (rate(${series(`${histogram}_bucket`, labels)}[5m]))`;
      return [
        {
          threshold: limit.toSeconds(),
          expr: (threshold) =>
            `histogram_quantile(${quantile}, ${buckets}) > ${threshold} and on (namespace) ${rate(`${histogram}_count`, labels)} > ${minimumRate}`,
        },
      ];
    }),
  },
  {
    id: 'ServiceErrorsHigh',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'A service fails too many requests',
    description:
      '{{ $value | humanizePercentage }} of the requests to {{ $labels.namespace }}/{{ $labels.workload }} fail.',
    for: Duration.minutes(5),
    runbook: 'Service',
    cases: forService(({ errors, minimumRate }, labels) => {
      if (errors === undefined) return [];
      const { counter, label = DEFAULT_ERROR_LABEL, ratio = 0.02 } = errors;
      const all = rate(counter, labels);
      return [
        {
          threshold: ratio,
          expr: (threshold) =>
            `${rate(counter, labels, { [label]: '5..' })} / ${all} > ${threshold} and on (namespace) ${all} > ${minimumRate}`,
        },
      ];
    }),
  },
  {
    id: 'ServiceUnwatched',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P2',
    summary: 'A service tells nothing of its requests',
    description: 'There is no series {{ $labels.metric }} of {{ $labels.namespace }}/{{ $labels.workload }}.',
    for: Duration.minutes(15),
    runbook: 'Service',
    cases: forService(({ errors, latency }, labels) =>
      [errors?.counter, latency === undefined ? undefined : `${latency.histogram}_bucket`].flatMap(
        (metric) =>
          metric === undefined
            ? []
            : [
                {
                  labels: { metric },
                  variables: { metric },
                  expr: () => `max by (namespace) (absent(${series(metric, labels)}))`,
                },
              ],
      ),
    ),
  },
];
