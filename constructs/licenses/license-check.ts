import { join } from 'node:path';
import { kubernetes } from '../bindings/kubernetes';
import {
  addCheck,
  Construct,
  Duration,
  deterministicDelay,
  type Finding,
  literals,
  Schedule,
  SecretRef,
  scriptFiles,
} from '../core';
import { isPushTarget, type PushFragment, type PushTarget, pushFragment } from '../pushgateway';
import type { CheckedLicense } from '../workload-alerts';
import {
  type Container,
  jobPod,
  RESTRICTED_CONTAINER,
  type Resources,
  Secrets,
  scheduledJob,
} from '../workloads';

export interface LicenseCheckProps {
  /** Of the license: label `license` of its metrics, and in names of objects. */
  readonly name: string;
  readonly namespace: string;
  /** The license: a JSON Web Token whose claim `exp` is its end. */
  readonly token: SecretRef;
  /** Image with bash, jq and curl: images/postgres has them. */
  readonly image: string;
  /** @default IfNotPresent */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User of the pod. @default 999, that of images/postgres */
  readonly uid?: number;
  /** @default - every six hours, at a minute of its own */
  readonly schedule?: Schedule;
  /** The Job fails when it ends within this time. @default Duration.days(30), as its alert */
  readonly warnBefore?: Duration;
  /**
   * Where the result is pushed: a `Pushgateway`, or the URL of one that Prometheus scrapes with `honorLabels`.
   * @default - nowhere: the Job's status, termination message and log tell it, and nobody is alerted
   */
  readonly pushgateway?: PushTarget;
  /** @default 10m CPU, 16Mi; at most 64Mi */
  readonly resources?: Resources;
}

/** A run that takes longer is ended; the next one is due. */
const RUN_LIMIT = Duration.minutes(5);
const RESOURCES: Resources = { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } };
const LICENSES = '/licenses';
/** Critical alerts come so long before the end: by then a result must have been there twice. */
const LAST_WARNING = Duration.days(7);

/**
 * Reads the end of a license: a CronJob decodes the token, tells days left, and fails when it ends soon. The signature is
 * not looked at, since who made a license is for the program to judge. Its pod has this one key of a Secret, and no access to
 * the API. Handed to `WorkloadAlerts` as `license`, it is watched.
 */
export class LicenseCheck extends Construct implements CheckedLicense {
  readonly license: string;
  readonly namespace: string;
  readonly cronJob: string;
  readonly gap: Duration;
  readonly pushes: boolean;

  constructor(scope: Construct, id: string, props: LicenseCheckProps) {
    super(scope, id);
    const { name, namespace, pushgateway, token } = props;
    const schedule = props.schedule ?? defaultSchedule(namespace, name);
    const valid = schedule.faults().length === 0;
    const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': 'license-check' };
    const metadata = { name: `${name}-license-check`, namespace, labels };
    this.license = name;
    this.namespace = namespace;
    this.cronJob = metadata.name;
    this.gap = (valid ? schedule.longestGap() : Duration.ZERO).plus(RUN_LIMIT);
    this.pushes = pushgateway !== undefined;
    addCheck(this, () => faults(props, schedule, this.gap));
    const secrets = new Secrets(this, 'secrets', {
      name: metadata.name,
      namespace,
      labels,
      entries: { token },
    });
    const scripts = scriptFiles(join(__dirname, 'scripts'));
    new kubernetes.ConfigMapV1(this, 'config', {
      metadata,
      data: literals(scripts),
    });
    // A fault of its own.
    if (!valid) return;
    const push = pushFragment(pushgateway);
    new kubernetes.CronJobV1(this, 'check', {
      metadata,
      spec: scheduledJob(schedule, {
        labels,
        // A license that ends soon does so a minute later, too.
        backoffLimit: 0,
        limit: RUN_LIMIT,
        template: {
          metadata: { labels: { ...labels, ...push.labels } },
          spec: podSpec(props, metadata.name, secrets.selector('token'), push),
        },
        keep: 1,
      }),
    });
  }
}

function defaultSchedule(namespace: string, name: string): Schedule {
  const delay = deterministicDelay(`${namespace}/${name}/license-check`, Duration.hours(1));
  return Schedule.cron(`${Math.floor(delay.toSeconds() / 60)} */6 * * *`);
}

function podSpec(
  props: LicenseCheckProps,
  configMap: string,
  token: { readonly name: string; readonly key: string },
  push: PushFragment,
) {
  const {
    image,
    imagePullPolicy = 'IfNotPresent',
    name,
    namespace,
    resources = RESOURCES,
    uid = 999,
  } = props;
  const days = Math.ceil((props.warnBefore ?? Duration.days(30)).toSeconds() / 86_400);
  const container: Container = {
    name: 'check',
    image,
    imagePullPolicy,
    // The file is named by the license: its result is, too.
    command: ['/config/license.sh', '--days', String(days), `${LICENSES}/${name}`],
    env: [{ name: 'NAMESPACE', value: namespace }, ...push.env],
    volumeMount: [
      { name: 'config', mountPath: '/config', readOnly: true },
      { name: 'license', mountPath: LICENSES, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
    resources,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  return {
    ...jobPod(uid),
    container: [container],
    volume: [
      { name: 'config', configMap: { name: configMap, defaultMode: '0555' } },
      // Optional: what is not there is told as such, where the pod would otherwise wait for it, silently.
      {
        name: 'license',
        secret: {
          secretName: token.name,
          optional: true,
          defaultMode: '0440',
          items: [{ key: token.key, path: name }],
        },
      },
      { name: 'tmp', emptyDir: {} },
    ],
  };
}

function faults(props: LicenseCheckProps, schedule: Schedule, gap: Duration): Finding[] {
  const { name, pushgateway, token, warnBefore } = props;
  const found: Finding[] = [...schedule.faults('schedule'), ...SecretRef.faults(token, 'token')];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    found.push({ rule: 'licenses/check', message: `${property} is ${JSON.stringify(value)}; ${why}`, fix });
  };
  if (!/^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$/.test(name))
    wrong('name', name, 'it is part of the names of objects', 'lower case letters, digits and -, at most 30');
  if (pushgateway !== undefined && !isPushTarget(pushgateway))
    wrong('pushgateway', pushgateway, 'it is no URL', 'for example http://pushgateway.monitoring:9091');
  if (warnBefore !== undefined && warnBefore.toSeconds() < 86_400)
    wrong('warnBefore', warnBefore.human(), 'it must be a day or more', 'leave it out for 30 days');
  if (LAST_WARNING.toSeconds() < 2 * gap.toSeconds())
    wrong(
      'schedule',
      schedule.kubernetes().schedule,
      `it runs every ${gap.human()}, and a license may end between two results`,
      'at least every three days; leave it out for every six hours',
    );
  return found;
}
