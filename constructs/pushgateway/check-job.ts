import { Duration, deterministicDelay, Schedule } from '../core';
import {
  type Container,
  jobPod,
  RESTRICTED_CONTAINER,
  type Resources,
  scheduledJob,
  type Volume,
} from '../workloads';
import { type PushTarget, pushFragment } from './push-target';

/** What every check is given: a CronJob that looks at something, tells what it found, and fails when that is not well. */
export interface CheckProps {
  readonly namespace: string;
  /** Image with bash, openssl 3, jq and curl: images/postgres has them. */
  readonly image: string;
  /** @default IfNotPresent */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User of the pod. @default 999, that of images/postgres */
  readonly uid?: number;
  /** @default - every six hours, at a minute of its own */
  readonly schedule?: Schedule;
  /**
   * Where the result is pushed: a `Pushgateway`, or the URL of one that Prometheus scrapes with `honorLabels`.
   * @default - nowhere: the Job's status, termination message and log tell it, and nobody is alerted
   */
  readonly pushgateway?: PushTarget;
}

/** What one check runs. */
export interface Check {
  readonly labels: Readonly<Record<string, string>>;
  readonly schedule: Schedule;
  /** A run that takes longer is ended; the next one is due. */
  readonly limit: Duration;
  /** With its scripts, mounted at `/config`. */
  readonly configMap: string;
  readonly command: readonly string[];
  /** Beside `NAMESPACE` and what a push needs. @default none */
  readonly env?: NonNullable<Container['env']>;
  /** What it looks at, and where. @default - nothing is mounted */
  readonly mounted?: { readonly volume: Volume; readonly path: string };
  readonly resources: Resources;
}

/** Every six hours, at a minute that follows from the name. */
export function sixHourly(name: string): Schedule {
  const delay = deterministicDelay(name, Duration.hours(1));
  return Schedule.cron(`${Math.floor(delay.toSeconds() / 60)} */6 * * *`);
}

/**
 * The spec of a check's CronJob. It is not tried again when it fails: what it looks at is the same a minute later. Its pod has
 * no access to the API.
 */
export function checkJob(props: CheckProps, check: Check) {
  const { image, imagePullPolicy = 'IfNotPresent', namespace, pushgateway, uid = 999 } = props;
  const { command, configMap, env = [], labels, limit, mounted, resources, schedule } = check;
  const push = pushFragment(pushgateway);
  const container: Container = {
    name: 'check',
    image,
    imagePullPolicy,
    command: [...command],
    env: [{ name: 'NAMESPACE', value: namespace }, ...env, ...push.env],
    volumeMount: [
      { name: 'config', mountPath: '/config', readOnly: true },
      ...(mounted === undefined
        ? []
        : [{ name: mounted.volume.name, mountPath: mounted.path, readOnly: true }]),
      { name: 'tmp', mountPath: '/tmp' },
    ],
    resources,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  const volume: Volume[] = [
    { name: 'config', configMap: { name: configMap, defaultMode: '0555' } },
    ...(mounted === undefined ? [] : [mounted.volume]),
    { name: 'tmp', emptyDir: {} },
  ];
  return scheduledJob(schedule, {
    labels,
    backoffLimit: 0,
    limit,
    template: {
      metadata: { labels: { ...labels, ...push.labels } },
      spec: { ...jobPod(uid), container: [container], volume },
    },
    keep: 1,
  });
}
