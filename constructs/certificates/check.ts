import { type Alerting, AlertRules } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import { addCheck, Construct, Duration, deterministicDelay, literals, Schedule } from '../core';
import { type PushFragment, type PushTarget, pushFragment } from '../pushgateway';
import { type Container, jobPod, RESTRICTED_CONTAINER, type Resources, scheduledJob } from '../workloads';
import { CERTIFICATE_CHECK_ALERTS } from './alerts/check/catalogue';
import { checkCheck } from './check-faults';
import { checkScripts } from './scripts';
import {
  CERTIFICATES,
  DEFAULT_WARN_BEFORE,
  type EndpointTarget,
  type MountedFile,
  RUN_LIMIT,
  resolveTargets,
  type SecretTarget,
  servedByOf,
} from './targets';

export interface CertificateCheckProps {
  readonly name: string;
  readonly namespace: string;
  /** Image with bash, openssl 3, jq and curl: images/postgres has them. */
  readonly image: string;
  /** @default IfNotPresent */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User of the pod. @default 999, that of images/postgres */
  readonly uid?: number;
  /** Servers to connect to; they have to let this pod in. @default none */
  readonly endpoints?: readonly EndpointTarget[];
  /** Secrets of this namespace. @default none */
  readonly secrets?: readonly SecretTarget[];
  /** @default - every six hours, at a minute of its own */
  readonly schedule?: Schedule;
  /** What ends within this time is told. @default Duration.days(30) */
  readonly warnBefore?: Duration;
  /**
   * Where the result is pushed: a `Pushgateway`, or the URL of one that Prometheus scrapes with `honorLabels`.
   * @default - nowhere: the Job's status, termination message and log tell it, and nobody is alerted
   */
  readonly pushgateway?: PushTarget;
  /** How its result is watched; needs `pushgateway`. @default - not at all */
  readonly alerting?: Alerting;
  /** @default 20m CPU, 32Mi; at most 128Mi */
  readonly resources?: Resources;
}

const RESOURCES: Resources = { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '128Mi' } };

/**
 * Looks at certificates without trusting who made them: a CronJob connects to servers as a client does and reads
 * Secrets, tells days left, chain, host names, issuer and serial, and fails when one of them is not well. Its pod has
 * no key and no access to the API.
 */
export class CertificateCheck extends Construct {
  constructor(scope: Construct, id: string, props: CertificateCheckProps) {
    super(scope, id);
    const {
      alerting,
      endpoints = [],
      name,
      namespace,
      secrets = [],
      warnBefore = DEFAULT_WARN_BEFORE,
    } = props;
    const schedule = props.schedule ?? defaultSchedule(namespace, name);
    addCheck(this, () => checkCheck(props, schedule));
    const { files, targets, texts } = resolveTargets(endpoints, secrets, warnBefore);
    const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': 'certificate-check' };
    const metadata = { name: `${name}-certificate-check`, namespace, labels };
    const data = { ...checkScripts(), ...texts, 'targets.json': JSON.stringify(targets, undefined, 1) };
    new kubernetes.ConfigMapV1(this, 'config', {
      metadata,
      data: literals(data),
    });
    // A fault of its own.
    if (schedule.faults().length > 0) return;
    const push = pushFragment(props.pushgateway);
    new kubernetes.CronJobV1(this, 'check', {
      metadata,
      spec: scheduledJob(schedule, {
        labels,
        // It has tried again by itself; a certificate that is not well is the same a minute later.
        backoffLimit: 0,
        limit: RUN_LIMIT,
        template: {
          metadata: { labels: { ...labels, ...push.labels } },
          spec: podSpec(props, metadata.name, files, push),
        },
        keep: 1,
      }),
    });
    if (alerting === undefined) return;
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: CERTIFICATE_CHECK_ALERTS,
      subject: {
        namespace,
        name,
        cronJob: metadata.name,
        gap: schedule.longestGap().plus(RUN_LIMIT),
        targets: targets.map((target) => ({
          name: target.name,
          kind: target.kind,
          warnSeconds: target.warnSeconds,
          namesHosts:
            target.kind === 'endpoint' ? target.hostNames?.length !== 0 : (target.hostNames ?? []).length > 0,
        })),
        pairs: endpoints.flatMap(({ name: endpoint, servedBy, serves }) =>
          serves === undefined
            ? []
            : [{ endpoint, secret: serves, servedBy: servedByOf(servedBy, namespace) }],
        ),
      },
    });
  }
}

function defaultSchedule(namespace: string, name: string): Schedule {
  const delay = deterministicDelay(`${namespace}/${name}/certificate-check`, Duration.hours(1));
  return Schedule.cron(`${Math.floor(delay.toSeconds() / 60)} */6 * * *`);
}

function podSpec(
  props: CertificateCheckProps,
  configMap: string,
  files: readonly MountedFile[],
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
  const container: Container = {
    name: 'check',
    image,
    imagePullPolicy,
    command: ['/config/check.sh', '/config/targets.json'],
    env: [{ name: 'NAMESPACE', value: namespace }, { name: 'CHECK_NAME', value: name }, ...push.env],
    volumeMount: [
      { name: 'config', mountPath: '/config', readOnly: true },
      ...(files.length === 0 ? [] : [{ name: 'certificates', mountPath: CERTIFICATES, readOnly: true }]),
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
      ...(files.length === 0
        ? []
        : [{ name: 'certificates', projected: [{ defaultMode: '0444', sources: files.map(source) }] }]),
      { name: 'tmp', emptyDir: {} },
    ],
  };
}

function source({ configMap, key, path, secret }: MountedFile) {
  const items = [{ key, path }];
  return secret === undefined
    ? { configMap: [{ name: configMap ?? '', optional: true, items }] }
    : { secret: [{ name: secret, optional: true, items }] };
}
