import { type Alerting, AlertRules } from '../alerts';
import { addCheck, Construct, Duration, type Finding, type Schedule } from '../core';
import type { Asset } from '../recovery';
import { WORKLOAD_ALERTS } from './catalogue';
import type { PodSet } from './pod-set';
import type { CheckedLicense, ServiceMetrics, WorkloadSubject } from './subject';

export interface ScheduledCronJob {
  readonly name: string;
  readonly schedule: Schedule;
  /** From the tick to the start of the work, at most. @default Duration.ZERO */
  readonly delay?: Duration;
  /** What one run may take. @default Duration.hours(1) - one that takes longer is told of when it is that late */
  readonly takes?: Duration;
}

/** What there is to watch. What is left out has no rules. */
export interface WorkloadFacts {
  /** Of the workload: names the alerts' label `workload`, and their object. */
  readonly name: string;
  readonly namespace: string;
  /** Pods that run all the time. @default - none */
  readonly pods?: PodSet;
  /** How long a pod may take until it is ready. @default Duration.minutes(15) */
  readonly readyWithin?: Duration;
  /** Whether any of their containers has a limit of CPU. @default true */
  readonly cpuLimit?: boolean;
  /** Names of its claims. @default - none */
  readonly claims?: readonly string[];
  /** Not those that are suspended for good, as templates. @default - none */
  readonly cronJobs?: readonly ScheduledCronJob[];
  /** @default - none: nobody is told when it answers slowly, or with errors */
  readonly service?: ServiceMetrics;
  /**
   * A `LicenseCheck`, or the label `license` of a series `license_expiry_timestamp_seconds` that somebody else tells (0: it
   * never ends).
   * @default - none
   */
  readonly license?: CheckedLicense | string;
}

export interface WorkloadAlertsProps extends WorkloadFacts {
  readonly alerting: Alerting;
  /** The state that it holds; the report names the alerts. @default - none */
  readonly asset?: Asset;
}

/** Alerts on anything that runs in the cluster, yours as well as this library's. */
export class WorkloadAlerts extends Construct {
  constructor(scope: Construct, id: string, { alerting, asset, ...facts }: WorkloadAlertsProps) {
    super(scope, id);
    addCheck(this, () => checkWorkload(facts));
    new AlertRules(this, 'rules', {
      alerting,
      catalogue: WORKLOAD_ALERTS,
      subject: workloadSubject(facts),
      ...(asset === undefined ? {} : { asset }),
    });
  }
}

/** The facts as the rules read them. */
export function workloadSubject({
  claims,
  cpuLimit,
  cronJobs,
  license,
  readyWithin,
  ...facts
}: WorkloadFacts): WorkloadSubject {
  return {
    ...facts,
    ...(license === undefined ? {} : { license: typeof license === 'string' ? license : license.license }),
    ...(license === undefined || typeof license === 'string' ? {} : { licenseCheck: license }),
    readyWithin: Duration.minutes(Math.ceil((readyWithin ?? Duration.minutes(15)).toSeconds() / 60)),
    cpuLimit: cpuLimit ?? true,
    claims: claims ?? [],
    cronJobs: (cronJobs ?? [])
      // A fault of its own.
      .filter(({ schedule }) => schedule.faults().length === 0)
      .map(({ delay, name, schedule, takes }) => ({
        name,
        longestGap: schedule.longestGap(),
        delay: delay ?? Duration.ZERO,
        takes: takes ?? Duration.hours(1),
      })),
  };
}

function checkWorkload({
  claims,
  cronJobs,
  license,
  name,
  namespace,
  pods,
  service,
}: WorkloadFacts): Finding[] {
  const found: Finding[] = [];
  const fault = (message: string, fix: string): void => {
    found.push({ rule: 'alerts/workload', message, fix });
  };
  const things = [...(claims ?? []), ...(cronJobs ?? []), pods, service, license];
  if (things.every((thing) => thing === undefined))
    fault(`${name} has nothing that could be watched`, 'give its pods, claims, cronJobs, service or license');
  for (const reason of pods?.faults() ?? [])
    fault(`pods ${reason}`, 'for example PodSet.statefulSet(name, replicas)');
  for (const [index, { name, schedule }] of (cronJobs ?? []).entries()) {
    found.push(...schedule.faults(`cronJobs[${index}].schedule`));
    if (cronJobs?.findIndex((other) => other.name === name) !== index)
      fault(`cronJobs names ${name} twice`, 'name each once');
  }
  if (typeof license === 'object' && license.namespace !== namespace)
    fault(
      `license is looked at in namespace ${license.namespace}, and ${name} is in ${namespace}`,
      'declare both in one namespace: their metrics are known by it',
    );
  if (typeof license === 'object' && !license.pushes)
    fault(
      `license is a check that pushes its result nowhere: the alerts of ${name} would read metrics that nobody has`,
      'give the check a pushgateway',
    );
  if (service !== undefined) found.push(...checkService(service));
  return found;
}

function checkService({ errors, labels, latency, minimumRate }: ServiceMetrics): Finding[] {
  const found: Finding[] = [];
  const wrong = (property: string, value: unknown, expected: string, fix: string): void => {
    found.push({
      rule: 'alerts/service',
      message: `service.${property} is ${JSON.stringify(value)}; ${expected}`,
      fix,
    });
  };
  if (errors === undefined && latency === undefined)
    wrong('latency', undefined, 'and so is errors: there is nothing to judge it by', 'give one of the two');
  if (Object.keys(labels).length === 0)
    wrong(
      'labels',
      labels,
      'every service of the namespace would be taken for it',
      "for example { job: 'backend' }",
    );
  const metrics = { 'errors.counter': errors?.counter, 'latency.histogram': latency?.histogram };
  for (const [property, metric] of Object.entries(metrics))
    if (metric !== undefined && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric))
      wrong(property, metric, 'that is no name of a metric', 'as its /metrics shows it');
  if (latency?.histogram.endsWith('_bucket'))
    wrong('latency.histogram', latency.histogram, '_bucket is added to it', 'leave it out');
  const share = (property: string, value: number | undefined): void => {
    if (value !== undefined && !(value > 0 && value < 1))
      wrong(property, value, 'it must be between 0 and 1', 'for example 0.05 for 5 %');
  };
  share('errors.ratio', errors?.ratio);
  share('latency.quantile', latency?.quantile);
  if (minimumRate !== undefined && !(minimumRate > 0))
    wrong('minimumRate', minimumRate, 'it must be requests per second, more than 0', 'leave it out for 0.1');
  return found;
}
