import { type AlertDefinition, type Catalogue, NOTIFICATIONS_FAILING, WATCHDOG } from '../alerts';
import { Duration } from '../core';
import type { MonitoringSubject } from './subject';

const alerts: readonly AlertDefinition<MonitoringSubject>[] = [
  {
    id: WATCHDOG,
    severity: 'none',
    category: 'monitoring',
    priority: 'P4',
    summary: 'Alerts are evaluated and delivered',
    description:
      'This alert always fires. Whoever receives it tells when it stops: then nobody would be told of anything.',
    for: Duration.ZERO,
    cases: () => [{ expr: () => 'vector(1)' }],
  },
  {
    id: NOTIFICATIONS_FAILING,
    severity: 'critical',
    category: 'monitoring',
    priority: 'P1',
    summary: 'Alertmanager cannot notify',
    description: '{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }} fail.',
    for: Duration.minutes(5),
    cases: ({ alertmanager }) => {
      const rate = (metric: string) => `sum by (integration) (rate(${metric}{job="${alertmanager}"}[15m]))`;
      return [
        {
          threshold: 0.01,
          expr: (threshold) =>
            `${rate('alertmanager_notifications_failed_total')} / ${rate('alertmanager_notifications_total')} > ${threshold}`,
        },
      ];
    },
  },
  {
    id: 'MonitoringConfigurationRejected',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P2',
    summary: 'Rules, routes or monitors are left out, since their operator does not accept them',
    description:
      '{{ $value }} objects of kind {{ $labels.resource }} are rejected: what they declare is not there.',
    for: Duration.minutes(5),
    cases: ({ operator }) =>
      operator === undefined
        ? []
        : [
            {
              expr: () =>
                `max by (resource) (prometheus_operator_managed_resources{job="${operator}",state="rejected"}) > 0`,
            },
          ],
  },
  {
    id: 'PrometheusRuleFailures',
    severity: 'critical',
    category: 'monitoring',
    priority: 'P2',
    summary: 'Prometheus cannot evaluate rules',
    description: 'Rules of group {{ $labels.rule_group }} end in errors: their alerts do not fire.',
    for: Duration.minutes(10),
    cases: ({ prometheus }) => [
      {
        expr: () =>
          `sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{job="${prometheus}"}[5m])) > 0`,
      },
    ],
  },
  {
    id: 'ScrapeTargetDown',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'A target does not answer Prometheus',
    description:
      'Nothing is known of {{ $labels.job }} {{ $labels.instance }} in {{ $labels.target_namespace }}: it does not answer.',
    for: Duration.minutes(10),
    cases: () => [
      {
        // The rule's own label `namespace` would hide that of the target.
        expr: () =>
          'max by (target_namespace, job, instance) (label_replace(up, "target_namespace", "$1", "namespace", "(.*)")) == 0',
      },
    ],
  },
  {
    id: 'ScrapeJobMissing',
    severity: 'critical',
    category: 'monitoring',
    priority: 'P2',
    summary: 'Prometheus has no target of a kind that alerts need',
    description:
      'There is no target with job="{{ $labels.missing_job }}": alerts on what it tells of cannot fire.',
    for: Duration.minutes(10),
    cases: ({ jobs }) =>
      jobs.map((job) => ({
        labels: { missing_job: job },
        variables: { job },
        expr: () => `absent(up{job="${job}"})`,
      })),
  },
];

/** What can go wrong with those who tell of everything else. */
export const MONITORING_ALERTS: Catalogue<MonitoringSubject> = {
  name: 'monitoring',
  directory: __dirname,
  alerts,
  labels: () => ({}),
  variables: ({ alertmanager, jobs, operator, prometheus }) => ({
    alertmanager,
    jobs,
    operator: operator ?? '',
    prometheus,
  }),
};
