import type { Subject } from '../alerts';
import type { Duration } from '../core';
import type { PodSet } from './pod-set';

/** What the rules of a workload read. What it does not have, has no rules. */
export interface WorkloadSubject extends Subject {
  /** Pods that run all the time. */
  readonly pods?: PodSet;
  /** How long one of them may take until it is ready. */
  readonly readyWithin: Duration;
  /** Whether any of their containers has a limit of CPU: without, there is nothing to be throttled by, and no series. */
  readonly cpuLimit: boolean;
  /** Names of claims. */
  readonly claims: readonly string[];
  readonly cronJobs: readonly WatchedCronJob[];
  readonly service?: ServiceMetrics;
  /** Label `license` of its series `license_expiry_timestamp_seconds`. */
  readonly license?: string;
  /** The job that looks at it, where one does. */
  readonly licenseCheck?: CheckedLicense;
}

/** A license that a job looks at, and when it does. */
export interface CheckedLicense {
  /** Label `license` of its series. */
  readonly license: string;
  readonly namespace: string;
  readonly cronJob: string;
  /** The longest time from one result to the next. */
  readonly gap: Duration;
  /** Whether Prometheus can know the result. */
  readonly pushes: boolean;
}

/** When a CronJob's last success is too old. */
export interface WatchedCronJob {
  readonly name: string;
  /** The longest between two ticks. */
  readonly longestGap: Duration;
  /** From the tick to the start of the work. */
  readonly delay: Duration;
  /** What one run may take. */
  readonly takes: Duration;
}

/** What a service tells of its requests, under names of its own. */
export interface ServiceMetrics {
  /** Labels that tell its series from others of the namespace: `{ job: 'backend' }`. */
  readonly labels: Readonly<Record<string, string>>;
  /** @default - none: nobody is told when it is slow */
  readonly latency?: {
    /** Name of the histogram of seconds, without `_bucket`: `http_request_duration_seconds`. */
    readonly histogram: string;
    /** @default 0.95 */
    readonly quantile?: number;
    /**
     * What the quantile must stay under. The histogram needs a finite bucket above it: a quantile is never told as more
     * than the largest one, and the alert would never fire.
     * @default Duration.seconds(2)
     */
    readonly limit?: Duration;
  };
  /** @default - none: nobody is told when it fails */
  readonly errors?: {
    /** Name of the counter of requests: `http_requests_total`. */
    readonly counter: string;
    /** Label with the status, of which 500 to 599 are errors: `code`, `status`. @default 'code' */
    readonly label?: string;
    /** Share of the requests that may fail. @default 0.02 */
    readonly ratio?: number;
  };
  /**
   * Requests per second under which nothing is judged: one slow request of three says nothing.
   * @default 0.1
   */
  readonly minimumRate?: number;
}
