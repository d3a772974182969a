import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { kubeState, series } from './series';
import type { WatchedCronJob, WorkloadSubject } from './subject';

/** A CronJob may start so much later than it says, while the controller is busy. */
const LATE = Duration.minutes(30);

type Of = (metric: string) => string;

/** One rule for each CronJob. @param of series of this CronJob, as one number for the namespace */
const forEach =
  (rule: (of: Of, cronJob: WatchedCronJob, namespace: string) => AlertCase) =>
  ({ cronJobs, namespace }: WorkloadSubject): AlertCase[] =>
    cronJobs.map((cronJob) => {
      const of: Of = (metric) =>
        `max by (namespace) (${series(metric, { ...kubeState(namespace), cronjob: cronJob.name })})`;
      const { expr, ...rest } = rule(of, cronJob, namespace);
      return { ...rest, expr, labels: { cronjob: cronJob.name }, variables: { cronjob: cronJob.name } };
    });

/** One that never succeeded counts from when it was made. */
const lastSuccess = (of: Of): string =>
  `(${of('kube_cronjob_status_last_successful_time')} or ${of('kube_cronjob_created')})`;

/** Alerts on CronJobs, from kube-state-metrics. */
export const CRON_JOB_ALERTS: readonly AlertDefinition<WorkloadSubject>[] = [
  {
    id: 'CronJobLastRunFailed',
    severity: 'warning',
    category: 'availability',
    priority: 'P2',
    summary: 'The latest run of a CronJob failed',
    description: 'CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} has failed since its last success.',
    for: Duration.ZERO,
    runbook: 'CronJob',
    cases: forEach((of, { name }, namespace) => {
      // Names as the controller makes them: of a namespace with hundreds of CronJobs not every Job is read for each. Who starts
      // a run by hand sees it fail; its success counts.
      const runs = (metric: string, labels = {}) =>
        series(
          metric,
          { ...kubeState(namespace), ...labels },
          { job_name: `${name.replaceAll('.', '[.]')}-[0-9]+` },
        );
      const failed = `${runs('kube_job_failed', { condition: 'true' })} == 1`;
      const own = runs('kube_job_owner', { owner_kind: 'CronJob', owner_name: name });
      return {
        // It ends with the next success, whoever starts that.
        expr: () =>
          `max by (namespace) (${runs('kube_job_status_start_time')} and on (job_name) ${failed} and on (job_name) ${own}) > on (namespace) ${lastSuccess(of)}`,
      };
    }),
  },
  {
    id: 'CronJobStale',
    severity: 'warning',
    category: 'availability',
    priority: 'P2',
    summary: 'A CronJob has not succeeded for longer than its schedule allows',
    description:
      'CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} is not there, or has not succeeded for a whole turn of its schedule.',
    for: Duration.minutes(10),
    runbook: 'CronJob',
    cases: forEach((of, cronJob) => ({
      threshold: staleAfter(cronJob).toSeconds(),
      expr: (threshold) =>
        `time() - ${lastSuccess(of)} > ${threshold} unless on (namespace) ${of('kube_cronjob_spec_suspend')} == 1 or max by (namespace) (absent(${of('kube_cronjob_created')}))`,
    })),
  },
  {
    id: 'CronJobNotScheduled',
    severity: 'warning',
    category: 'availability',
    priority: 'P2',
    summary: 'A CronJob was not started when it should have been',
    description:
      'CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} is {{ $value | humanizeDuration }} late.',
    for: Duration.minutes(5),
    runbook: 'CronJob',
    cases: forEach((of) => ({
      threshold: LATE.toSeconds(),
      // Its earlier run still being at work counts, too: with `Forbid` it keeps the next one from starting.
      expr: (threshold) => `time() - ${of('kube_cronjob_next_schedule_time')} > ${threshold}`,
    })),
  },
  {
    id: 'CronJobSuspended',
    severity: 'warning',
    category: 'availability',
    priority: 'P3',
    summary: 'A CronJob is suspended',
    description: 'CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} runs no more until somebody lets it.',
    for: Duration.hours(1),
    runbook: 'CronJob',
    cases: forEach((of) => ({ expr: () => `${of('kube_cronjob_spec_suspend')} == 1` })),
  },
];

/** The age of a success that no run of the schedule leaves behind. */
export function staleAfter({ delay, longestGap, takes }: WatchedCronJob): Duration {
  return longestGap.plus(delay).plus(takes);
}
