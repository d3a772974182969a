import { kubernetes } from '../bindings/kubernetes';
import { Construct, Duration, type Size } from '../core';
import { type Container, jobOnDemand, jobPod, RESTRICTED_CONTAINER, type Resources } from '../workloads';
import {
  configVolume,
  type DatabaseContext,
  dataMounts,
  identity,
  MOUNTS,
  readiness,
  repositoryConfig,
  temporary,
} from './context';
import { PATHS } from './paths';

export const DEFAULT_CLONE_LIFETIME = Duration.hours(8);

/** A restore may take this long before the life time begins; one that hangs does not stay for ever. */
const RESTORE_ALLOWANCE = Duration.days(2);

export interface CloneTemplateProps {
  readonly context: DatabaseContext;
  /** Config map of the live server: a clone needs its limits, and may be read as it may. */
  readonly serverConfig: string;
  readonly storage: Size;
  readonly storageClass: string | undefined;
  readonly resources: Resources;
  readonly lifetime: Duration;
}

/**
 * Template of a clone: a CronJob that never runs by itself, from which Jobs
 * `<name>-clone-<clone>` are made, by `npm run clone` or by kubectl. It is in the
 * cluster, so that a clone needs neither Terraform nor a synth. Data lies on a
 * claim that comes and goes with the pod.
 */
export class CloneTemplate extends Construct {
  constructor(scope: Construct, id: string, props: CloneTemplateProps) {
    super(scope, id);
    const { context, lifetime } = props;
    const { name, namespace } = context;
    // Of its own: neither Services nor the network policy of the live one select it.
    const labels = { ...context.labels, 'app.kubernetes.io/component': 'clone' };
    const metadata = { name: `${name}-clone`, namespace, labels };
    new kubernetes.CronJobV1(this, 'cron-job', {
      metadata,
      spec: jobOnDemand({
        labels,
        // Its last words stay to be read; whoever wants another attempt asks for it.
        backoffLimit: 0,
        limit: lifetime.plus(RESTORE_ALLOWANCE),
        template: { metadata: { labels }, spec: podSpec(props, labels) },
        keepSeconds: 3600,
      }),
    });
    // Everything goes through its socket: nobody has to reach it.
    new kubernetes.NetworkPolicyV1(this, 'network-policy', {
      metadata,
      spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'] },
    });
  }
}

function podSpec(props: CloneTemplateProps, labels: Record<string, string>) {
  const { context, lifetime, storageClass } = props;
  const { layout } = context;
  const repository = repositoryConfig(context.configMaps.serverRepository);
  const vaultCa = context.configMaps.vaultCa;
  const tmp = temporary('clone');
  const container: Container = {
    // As in the live pod, so that the same kubectl lines reach either.
    name: 'postgres',
    image: context.image,
    imagePullPolicy: context.imagePullPolicy,
    command: [`${PATHS.scripts}/clone.sh`],
    env: [
      ...identity(context),
      { name: 'CLONE_TO', value: 'latest' },
      { name: 'CLONE_SECONDS', value: String(lifetime.wholeSeconds()) },
      ...context.readerEnvironment,
    ],
    volumeMount: [
      MOUNTS.scripts,
      ...dataMounts(layout),
      MOUNTS.sharedMemory,
      MOUNTS.serverConfig,
      repository.mount,
      ...(vaultCa === undefined ? [] : [MOUNTS.vaultCa]),
      tmp.mount,
    ],
    readinessProbe: readiness('ready-file.sh', '/tmp/ready'),
    resources: props.resources,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  return {
    ...jobPod(layout.uid),
    // Nothing of it is kept.
    terminationGracePeriodSeconds: 10,
    container: [container],
    volume: [
      {
        name: layout.dataVolume.name,
        ephemeral: {
          volumeClaimTemplate: {
            metadata: { labels },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: props.storage.kubernetes() } },
              ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
            },
          },
        },
      },
      { name: layout.socketVolume.name, emptyDir: {} },
      { name: MOUNTS.sharedMemory.name, emptyDir: { medium: 'Memory' } },
      configVolume(MOUNTS.scripts.name, context.configMaps.scripts, '0555'),
      configVolume(MOUNTS.serverConfig.name, props.serverConfig),
      ...(vaultCa === undefined ? [] : [configVolume(MOUNTS.vaultCa.name, vaultCa)]),
      repository.volume,
      tmp.volume,
    ],
  };
}
