import { join } from 'node:path';
import { kubernetes } from '../bindings/kubernetes';
import {
  addCheck,
  Construct,
  Duration,
  type Finding,
  literals,
  type Schedule,
  SecretRef,
  scriptFiles,
} from '../core';
import { isPushTarget } from '../pushgateway';
import { type CheckProps, checkJob, sixHourly } from '../pushgateway/check-job';
import type { CheckedLicense } from '../workload-alerts';
import { type Resources, Secrets } from '../workloads';

export interface LicenseCheckProps extends CheckProps {
  /** Of the license: label `license` of its metrics, and in names of objects. */
  readonly name: string;
  /** The license: a JSON Web Token whose claim `exp` is its end. */
  readonly token: SecretRef;
  /** The Job fails when it ends within this time. @default Duration.days(30), as its alert */
  readonly warnBefore?: Duration;
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
    const schedule = props.schedule ?? sixHourly(`${namespace}/${name}/license-check`);
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
    const { key, name: secretName } = secrets.selector('token');
    const days = Math.ceil((props.warnBefore ?? Duration.days(30)).toSeconds() / 86_400);
    new kubernetes.CronJobV1(this, 'check', {
      metadata,
      spec: checkJob(props, {
        labels,
        schedule,
        limit: RUN_LIMIT,
        configMap: metadata.name,
        // The file is named by the license: its result is, too.
        command: ['/config/license.sh', '--days', String(days), `${LICENSES}/${name}`],
        mounted: {
          path: LICENSES,
          volume: {
            name: 'license',
            // Optional: what is not there is told as such, where the pod would otherwise wait for it, silently.
            secret: { secretName, optional: true, defaultMode: '0440', items: [{ key, path: name }] },
          },
        },
        resources: props.resources ?? RESOURCES,
      }),
    });
  }
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
