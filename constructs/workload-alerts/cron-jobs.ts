import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { kubeState, series } from './series';
import type { WatchedCronJob, WorkloadSubject } from './subject';

/** A CronJob may start so much later than it says, while the controller is busy. */
const LATE = Duration.minutes(30);

/** What is known of a CronJob: the age of a success that no run of its schedule leaves behind. */
const FACT = 'disaster_recovery_cron_job_age_limit_seconds';
const SAME = 'on (namespace, cronjob)';
/** Facts know whose it is. */
const WHOSE = 'group_left (workload)';

interface CronJobs {
  /** Of all CronJobs of the namespace, one number for each. */
  readonly of: (metric: string) => string;
  /** One for each CronJob: one that was declared twice would be in the way of all others. */
  readonly fact: string;
  readonly facts: string;
  readonly namespace: string;
}

/** One case for each CronJob. @param rule for all of a namespace */
const forEach =
  (rule: (all: CronJobs, threshold: number) => string, limit?: (cronJob: WatchedCronJob) => number) =>
  ({ cronJobs, namespace }: WorkloadSubject): AlertCase[] =>
    cronJobs.map((cronJob) => ({
      ...(limit === undefined ? {} : { threshold: limit(cronJob) }),
      fact: limit === staleSeconds ? { name: FACT, value: 'threshold' } : { name: FACT },
      labels: { cronjob: cronJob.name },
      variables: { cronjob: cronJob.name },
      expr: (threshold, selected) => {
        const of = (metric: string) =>
          `max by (namespace, cronjob) (${series(metric, kubeState(namespace))})`;
        const fact = `topk by (namespace, cronjob) (1, ${selected})`;
        return rule({ of, fact, facts: selected, namespace }, threshold);
      },
    }));

/** Those of a vector that are watched, with the label of whose they are. */
const watched = (vector: string, fact: string): string =>
  `${vector} * ${SAME} ${WHOSE} group by (namespace, cronjob, workload) (${fact})`;

/** One that never succeeded counts from when it was made. */
const lastSuccess = ({ of }: CronJobs): string =>
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
    cases: forEach((all) => {
      // As the controller names them: who starts a run by hand sees it fail, and it ends with any success.
      const runs = (metric: string, labels: Record<string, string>) =>
        series(metric, { ...kubeState(all.namespace), ...labels }, { job_name: '.+-[0-9]{8,}' });
      const failed = `max by (namespace, job_name) (${runs('kube_job_failed', { condition: 'true' })}) == 1`;
      const owner = `max by (namespace, job_name, owner_name) (${runs('kube_job_owner', { owner_kind: 'CronJob' })})`;
      const started = `max by (namespace, job_name) (${runs('kube_job_status_start_time', {})})`;
      const latest = `max by (namespace, owner_name) ((${started} and on (namespace, job_name) ${failed}) * on (namespace, job_name) group_left (owner_name) ${owner})`;
      const named = `max by (namespace, cronjob) (label_replace(${latest}, "cronjob", "$1", "owner_name", "(.+)"))`;
      return watched(`(${named} > ${SAME} ${lastSuccess(all)})`, all.fact);
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
    cases: forEach((all) => {
      const old = `time() - ${lastSuccess(all)} > ${SAME} ${WHOSE} ${all.fact}`;
      const suspended = `${all.of('kube_cronjob_spec_suspend')} == 1`;
      const missing = `max by (namespace, cronjob, workload) (${all.facts}) unless ${SAME} ${all.of('kube_cronjob_created')}`;
      return `${old} unless ${SAME} ${suspended} or ${missing}`;
    }, staleSeconds),
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
    // Its earlier run still being at work counts, too: with `Forbid` it keeps the next one from starting.
    cases: forEach(
      ({ fact, of }, threshold) =>
        `time() - ${watched(of('kube_cronjob_next_schedule_time'), fact)} > ${threshold}`,
      () => LATE.toSeconds(),
    ),
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
    cases: forEach(({ fact, of }) => `${watched(of('kube_cronjob_spec_suspend'), fact)} == 1`),
  },
];

function staleSeconds(cronJob: WatchedCronJob): number {
  return staleAfter(cronJob).toSeconds();
}

/** The age of a success that no run of the schedule leaves behind. */
export function staleAfter({ delay, longestGap, takes }: WatchedCronJob): Duration {
  return longestGap.plus(delay).plus(takes);
}
