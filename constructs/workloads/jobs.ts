import type { Duration, Schedule } from '../core';

/** What a Job does, and how often and how long it tries. */
export interface JobFragment<Template> {
  readonly labels: Readonly<Record<string, string>>;
  /** Pods that may fail before the Job has failed. */
  readonly backoffLimit: number;
  /** For all attempts. One that hangs would keep the next ones from starting. @default - as long as it takes */
  readonly limit?: Duration;
  /** Of the pod. */
  readonly template: Template;
}

export interface ScheduledJob<Template> extends JobFragment<Template> {
  /** How many that succeeded stay to be looked at. @default 3, as of those that failed */
  readonly keep?: number;
}

export interface JobOnDemand<Template> extends JobFragment<Template> {
  /** How long one stays when it has ended. @default - a day */
  readonly keepSeconds?: number;
}

/**
 * The spec of a CronJob whose runs never overlap. It has no `startingDeadlineSeconds`: a short one silently leaves runs out
 * while the controller is busy.
 */
export function scheduledJob<Template>(schedule: Schedule, job: ScheduledJob<Template>) {
  const { schedule: cron, timeZone } = schedule.kubernetes();
  return {
    schedule: cron,
    timezone: timeZone,
    concurrencyPolicy: 'Forbid',
    successfulJobsHistoryLimit: job.keep ?? 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: jobTemplate(job),
  };
}

/** The spec of a CronJob that never runs by itself: `kubectl create job --from=cronjob/…` makes a Job of it. */
export function jobOnDemand<Template>(job: JobOnDemand<Template>) {
  return {
    suspend: true,
    // A schedule has to be given; suspended, it is only a template.
    schedule: '0 0 1 1 *',
    jobTemplate: jobTemplate(job, { ttlSecondsAfterFinished: String(job.keepSeconds ?? 86_400) }),
  };
}

function jobTemplate<Template>(
  { backoffLimit, labels, limit, template }: JobFragment<Template>,
  more: { readonly ttlSecondsAfterFinished?: string } = {},
) {
  return {
    metadata: { labels: { ...labels } },
    spec: {
      backoffLimit,
      ...(limit === undefined ? {} : { activeDeadlineSeconds: limit.wholeSeconds() }),
      ...more,
      template,
    },
  };
}
