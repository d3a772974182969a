import { type Alerting, AlertRules } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import { addCheck, Construct, type Duration, literals } from '../core';
import { type CheckProps, checkJob, sixHourly } from '../pushgateway/check-job';
import type { Resources, Volume } from '../workloads';
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

export interface CertificateCheckProps extends CheckProps {
  readonly name: string;
  /** Servers to connect to; they have to let this pod in. @default none */
  readonly endpoints?: readonly EndpointTarget[];
  /** Secrets of this namespace. @default none */
  readonly secrets?: readonly SecretTarget[];
  /** What ends within this time is told. @default Duration.days(30) */
  readonly warnBefore?: Duration;
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
    const schedule = props.schedule ?? sixHourly(`${namespace}/${name}/certificate-check`);
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
    new kubernetes.CronJobV1(this, 'check', {
      metadata,
      spec: checkJob(props, {
        labels,
        schedule,
        limit: RUN_LIMIT,
        configMap: metadata.name,
        command: ['/config/check.sh', '/config/targets.json'],
        env: [{ name: 'CHECK_NAME', value: name }],
        // Optional: what is not there is told as such, where the pod would otherwise wait for it, silently.
        ...(files.length === 0 ? {} : { mounted: { path: CERTIFICATES, volume: volumeOf(files) } }),
        resources: props.resources ?? RESOURCES,
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

function volumeOf(files: readonly MountedFile[]): Volume {
  return { name: 'certificates', projected: [{ defaultMode: '0444', sources: files.map(source) }] };
}

function source({ configMap, key, path, secret }: MountedFile) {
  const items = [{ key, path }];
  return secret === undefined
    ? { configMap: [{ name: configMap ?? '', optional: true, items }] }
    : { secret: [{ name: secret, optional: true, items }] };
}
