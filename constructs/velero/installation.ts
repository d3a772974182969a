import type { SecretRef, Size } from '../core';
import type { OperatorProps } from '../operators';
import type { Resources } from '../workloads';
import type { VeleroSettings } from './settings';

/** How Velero gets onto the cluster. */
export type VeleroInstallation =
  | {
      readonly by: 'chart';
      /** Exact version of the chart: `12.1.0`. */
      readonly version: string;
      /** Chart name, `oci://` reference, or path of a local chart file. @default 'velero', of `repository` */
      readonly chart?: string;
      /** @default 'https://vmware-tanzu.github.io/helm-charts'; none where `chart` says it all */
      readonly repository?: string;
      /** Image of Velero with its tag. @default - the chart's */
      readonly image?: string;
      /** Image of the plugin for S3: 1.14 goes with Velero 1.18. @default 'velero/velero-plugin-for-aws:v1.14.3' */
      readonly pluginImage?: string;
      /**
       * Nothing may be pulled but what is named here: definitions are then not upgraded by the chart's hook, whose image is
       * another one; apply those of a new version before it.
       * @default false
       */
      readonly airGapped?: boolean;
      /** More of the chart's values; they win. @default none */
      readonly values?: Readonly<Record<string, unknown>>;
    }
  | {
      /** Somebody else installs it, into a namespace that is there; only its Secrets, location and schedules are declared. */
      readonly by: 'others';
    };

/** The agent on each node, which copies volumes. */
export interface NodeAgent {
  /** @default - the chart's, which has none */
  readonly resources?: Resources;
  /** Volumes that one node copies at once. @default 1 */
  readonly concurrency?: number;
  /** Of the pods that move the data of one volume. @default - none: kopia takes what there is */
  readonly copyResources?: { readonly cpu: string; readonly memory: Size };
  /** Where the kubelet has its pods. @default '/var/lib/kubelet/pods' */
  readonly podsPath?: string;
}

export const CHART_REPOSITORY = 'https://vmware-tanzu.github.io/helm-charts';
const PLUGIN_IMAGE = 'velero/velero-plugin-for-aws:v1.14.3';

/** Name of the config map by which node agents are told their limits. */
export const NODE_AGENT_CONFIG = 'velero-node-agent';

/** Velero's chart as an operator of the environment; `undefined` where others install it. */
export function veleroOperator(settings: VeleroSettings): OperatorProps | undefined {
  const { installation, namespace = 'velero' } = settings;
  if (installation.by !== 'chart') return undefined;
  const { chart, repository } = installation;
  return {
    // Maintenance of repositories looks for a Deployment of this name.
    name: 'velero',
    namespace,
    chart: chart ?? 'velero',
    ...(repository === undefined && chart !== undefined
      ? {}
      : { repository: repository ?? CHART_REPOSITORY }),
    version: installation.version,
    values: { ...values(settings, installation), ...installation.values },
  };
}

function values(
  { credentials, nodeAgent = {}, schedules }: VeleroSettings,
  { airGapped = false, image, pluginImage = PLUGIN_IMAGE }: Extract<VeleroInstallation, { by: 'chart' }>,
): Record<string, unknown> {
  const snapshots = Object.values(schedules).some(({ volumes }) => volumes?.startsWith('snapshot'));
  const role = 'roleArn' in credentials ? { 'eks.amazonaws.com/role-arn': credentials.roleArn } : undefined;
  const limited = limits(nodeAgent) !== undefined;
  return {
    ...(image === undefined ? {} : { image: splitImage(image) }),
    initContainers: [
      {
        name: 'velero-plugin-for-aws',
        image: pluginImage,
        imagePullPolicy: 'IfNotPresent',
        volumeMounts: [{ mountPath: '/target', name: 'plugins' }],
      },
    ],
    upgradeCRDs: !airGapped,
    // Location and schedules are declared beside it, so that they can be read-only and paused while a cluster comes back.
    backupsEnabled: false,
    snapshotsEnabled: false,
    // The location names its own Secret.
    credentials: { useSecret: false },
    ...(role === undefined ? {} : { serviceAccount: { server: { annotations: role } } }),
    configuration: snapshots ? { features: 'EnableCSI' } : {},
    deployNodeAgent: true,
    nodeAgent: {
      podVolumePath: nodeAgent.podsPath ?? '/var/lib/kubelet/pods',
      ...(nodeAgent.resources === undefined ? {} : { resources: nodeAgent.resources }),
      ...(limited ? { extraArgs: [`--node-agent-configmap=${NODE_AGENT_CONFIG}`] } : {}),
    },
    // Its monitors need the Prometheus operator's definitions, for which Velero must not wait.
    metrics: { enabled: true, serviceMonitor: { enabled: false }, nodeAgentPodMonitor: { enabled: false } },
    schedules: {},
  };
}

/** The content of the node agents' config map; `undefined` when nothing limits them. */
export function limits({ concurrency, copyResources }: NodeAgent = {}): object | undefined {
  if (concurrency === undefined && copyResources === undefined) return undefined;
  const memory = copyResources?.memory.kubernetes();
  return {
    ...(concurrency === undefined ? {} : { loadConcurrency: { globalConfig: concurrency } }),
    ...(copyResources === undefined
      ? {}
      : {
          podResources: {
            cpuRequest: copyResources.cpu,
            cpuLimit: copyResources.cpu,
            memoryRequest: memory,
            memoryLimit: memory,
          },
        }),
  };
}

function splitImage(image: string): object {
  const [, repository = image, tag] = /^(.*?)(?::([^:/]+))?$/.exec(image) ?? [];
  return { repository, ...(tag === undefined ? {} : { tag }), pullPolicy: 'IfNotPresent' };
}

/** Whether a value is where Velero looks for its repository key, so that nothing has to be made. */
export function isOwnKey(reference: SecretRef): boolean {
  return (
    reference.kind === 'existing' &&
    reference.name === REPOSITORY_KEY.name &&
    reference.key === REPOSITORY_KEY.key
  );
}

/** The only place in which Velero looks for it. */
export const REPOSITORY_KEY = { name: 'velero-repo-credentials', key: 'repository-password' } as const;
