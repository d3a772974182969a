import type { Alerting } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import { Construct, type Size } from '../core';
import {
  type Container,
  type EnvironmentVariable,
  RESTRICTED_CONTAINER,
  type Resources,
  restrictedPod,
  type Volume,
} from '../workloads';
import {
  backupLabels,
  configVolume,
  type DatabaseContext,
  dataMounts,
  dumpLabels,
  headlessName,
  identity,
  MOUNTS,
  readiness,
  repositoryConfig,
  temporary,
} from './context';
import { declareExistingVolume, type ExistingVolume } from './existing-volume';
import { type ExportersProps, SERVER_METRICS_PORT, scraping } from './exporters';
import { Monitor } from './monitor';
import { PATHS, PGBACKREST_PORT, POSTGRES_PORT } from './paths';
import { antiAffinity, peers, Replicas, routing, routingAccount } from './replicas';
import { ROLE_LABEL } from './role-label';
import { serverExporter } from './server-exporter';
import type { PodFragment } from './sidecar';
import { snapshotLabels, toldSnapshotName } from './snapshots';

export interface ServerProps {
  readonly context: DatabaseContext;
  /** What the server itself is told. */
  readonly configMaps: { readonly server: string; readonly deploy: string };
  /** Changes whenever a setting of the server does. */
  readonly configHash: string;
  readonly storage: Size;
  readonly storageClass: string | undefined;
  readonly resources: Resources;
  readonly roleEnvironment: EnvironmentVariable[];
  /** Password files of the roles, by role. */
  readonly rolePasswords: Volume;
  readonly sidecar: PodFragment;
  /** Labels of pods in the namespace that may connect; `undefined` for every pod of it. */
  readonly clients: Readonly<Record<string, string>> | undefined;
  /** A volume for its claim, where one is there already. */
  readonly existingVolume: ExistingVolume | undefined;
  /** Major version whose data is upgraded. */
  readonly upgradeFrom: number | undefined;
  /** Whether dumps are made: their pods then may connect, too. */
  readonly dumped: boolean;
  /** Whether snapshots are taken of its volume: their pods then may connect, and the deploy may tell of one. */
  readonly snapshotted: boolean;
  /** Pods beside the primary. */
  readonly replicas: number;
  /** What exposes its metrics; `undefined` for nothing. */
  readonly exporters: ExportersProps | undefined;
  /** How it is watched. */
  readonly alerting: Alerting | undefined;
}

/** The PostgreSQL server: one pod on one claim, which restores itself before it starts; or several, one of them primary. */
export class Server extends Construct {
  constructor(scope: Construct, id: string, props: ServerProps) {
    super(scope, id);
    const { context } = props;
    const labels = { ...context.labels, 'app.kubernetes.io/component': 'server' };
    const metadata = { name: context.name, namespace: context.namespace, labels };

    const { existingVolume: volume, storage, storageClass } = props;
    new kubernetes.StatefulSetV1(this, 'stateful-set', {
      metadata,
      // A claim that finds no volume of its own is given a new one.
      ...(volume === undefined
        ? {}
        : { dependsOn: [declareExistingVolume(this, { ...metadata, volume, storage, storageClass })] }),
      // What cannot be changed in place would be replaced, and the database be away meanwhile.
      lifecycle: { preventDestroy: true },
      // A restore takes as long as it takes; the deploy command waits for it and tells how far it is.
      waitForRollout: false,
      spec: {
        replicas: String(1 + props.replicas),
        // Any of them may be the primary, for which the others wait.
        ...(props.replicas === 0 ? {} : { podManagementPolicy: 'Parallel' }),
        // Unset, the provider sends 0: nothing could be rolled back to.
        revisionHistoryLimit: 10,
        serviceName: headlessName(context),
        selector: { matchLabels: labels },
        persistentVolumeClaimRetentionPolicy: [{ whenDeleted: 'Retain', whenScaled: 'Retain' }],
        volumeClaimTemplate: [
          {
            metadata: { name: context.layout.dataVolume.name, labels },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: props.storage.kubernetes() } },
              ...(props.storageClass === undefined ? {} : { storageClassName: props.storageClass }),
            },
          },
        ],
        template: {
          metadata: {
            labels,
            annotations: {
              'cdktf-disaster-recovery/config': props.configHash,
              // Keys of the repository are read when the server starts: new ones need a new pod.
              ...(context.secretsRevision === undefined
                ? {}
                : { 'cdktf-disaster-recovery/secrets-revision': context.secretsRevision }),
            },
          },
          spec: podSpec(props, labels),
        },
      },
    });
    services(this, props, labels);
    if (props.replicas > 0) new Replicas(this, 'replicas', { context, labels, replicas: props.replicas });
    networkPolicy(this, props, labels);
    const { alerting, exporters } = props;
    if (exporters === undefined || alerting === undefined) return;
    new Monitor(this, 'monitor', {
      alerting,
      context,
      job: 'postgres',
      labels,
      ports: [{ name: 'metrics' }],
    });
  }
}

function podSpec(props: ServerProps, labels: Record<string, string>) {
  const { context, configMaps, replicas } = props;
  const { layout } = context;
  const repository = repositoryConfig(context.configMaps.serverRepository);
  const vaultCa = context.configMaps.vaultCa;
  const vaultMounts = [repository.mount, ...(vaultCa === undefined ? [] : [MOUNTS.vaultCa])];
  const [prepareTmp, postgresTmp, rolesTmp] = ['prepare', 'postgres', 'set-roles'].map(temporary) as [
    ReturnType<typeof temporary>,
    ReturnType<typeof temporary>,
    ReturnType<typeof temporary>,
  ];
  const container = (name: string, script: string, rest: Partial<Container>): Container => ({
    name,
    image: context.image,
    imagePullPolicy: context.imagePullPolicy,
    command: [`${PATHS.scripts}/${script}`],
    env: identity(context),
    volumeMount: [MOUNTS.scripts],
    resources: props.resources,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...rest,
  });
  const told = [...identity(context), ...peers(context, replicas)];
  const withKeys = [...told, ...context.repositoryEnvironment];
  const route = replicas === 0 ? undefined : routing(context, replicas);
  return {
    ...(replicas === 0
      ? {}
      : { serviceAccountName: routingAccount(context), affinity: antiAffinity(labels) }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Long enough for a shutdown checkpoint and the last WAL to be pushed.
    terminationGracePeriodSeconds: 120,
    securityContext: restrictedPod(layout.uid),
    initContainer: [
      container('prepare', 'prepare.sh', {
        env:
          props.upgradeFrom === undefined
            ? withKeys
            : [...withKeys, { name: 'UPGRADE_FROM', value: String(props.upgradeFrom) }],
        volumeMount: [
          MOUNTS.scripts,
          ...dataMounts(layout),
          MOUNTS.serverConfig,
          MOUNTS.deploy,
          ...vaultMounts,
          prepareTmp.mount,
        ],
      }),
    ],
    container: [
      container('postgres', 'start.sh', {
        env: withKeys,
        port: [{ name: 'postgres', containerPort: POSTGRES_PORT, protocol: 'TCP' }],
        volumeMount: [
          MOUNTS.scripts,
          ...dataMounts(layout),
          MOUNTS.sharedMemory,
          MOUNTS.serverConfig,
          ...vaultMounts,
          postgresTmp.mount,
        ],
        // Otherwise a server waits for its last client, and is killed before it has pushed its last WAL.
        lifecycle: { preStop: [{ exec: { command: [`${PATHS.scripts}/stop.sh`] } }] },
        // No probe may kill it: replay after a restore takes as long as it takes.
        readinessProbe: readiness('ready.sh'),
      }),
      props.sidecar.container,
      container('roles', 'roles.sh', {
        env: [...told, ...props.roleEnvironment],
        volumeMount: [MOUNTS.scripts, layout.socketVolume, MOUNTS.roles, rolesTmp.mount],
        resources: { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '64Mi' } },
        // Until passwords are those of the Secret, clients would be turned away.
        readinessProbe: readiness('ready-file.sh', '/tmp/roles-set'),
      }),
      ...(route === undefined ? [] : [route.container]),
      // Last, for it may have an image of its own: the kubelet pulls one after the other.
      ...(props.exporters === undefined ? [] : [serverExporter(context, props.exporters)]),
    ],
    volume: [
      { name: layout.socketVolume.name, emptyDir: {} },
      { name: MOUNTS.sharedMemory.name, emptyDir: { medium: 'Memory' } },
      configVolume(MOUNTS.serverConfig.name, configMaps.server),
      props.snapshotted
        ? toldVolume(context.name, configMaps.deploy)
        : configVolume(MOUNTS.deploy.name, configMaps.deploy),
      ...(vaultCa === undefined ? [] : [configVolume(MOUNTS.vaultCa.name, vaultCa)]),
      repository.volume,
      props.rolePasswords,
      ...[prepareTmp, postgresTmp, rolesTmp].map(({ volume }) => volume),
      ...props.sidecar.volumes,
      ...(route?.volumes ?? []),
    ],
  };
}

/** What the deploy tells, and the snapshot from which it has made the volume, where it has. */
function toldVolume(database: string, deploy: string): Volume {
  return {
    name: MOUNTS.deploy.name,
    projected: [
      {
        defaultMode: '0444',
        sources: [
          { configMap: [{ name: deploy }] },
          { configMap: [{ name: toldSnapshotName(database), optional: true }] },
        ],
      },
    ],
  };
}

function services(
  scope: Construct,
  { context, replicas }: ServerProps,
  labels: Record<string, string>,
): void {
  const port = [{ name: 'postgres', port: POSTGRES_PORT, targetPort: 'postgres', protocol: 'TCP' }];
  new kubernetes.ServiceV1(scope, 'service', {
    metadata: { name: context.name, namespace: context.namespace, labels },
    spec: { selector: replicas === 0 ? labels : { ...labels, [ROLE_LABEL]: 'primary' }, port },
  });
  new kubernetes.ServiceV1(scope, 'pods', {
    metadata: { name: headlessName(context), namespace: context.namespace, labels },
    spec: {
      clusterIp: 'None',
      // A backup job must find the sidecar by name even while the server is not ready.
      publishNotReadyAddresses: true,
      selector: labels,
      port: [
        ...port,
        { name: 'pgbackrest', port: PGBACKREST_PORT, targetPort: 'pgbackrest', protocol: 'TCP' },
      ],
    },
  });
}

function networkPolicy(scope: Construct, props: ServerProps, labels: Record<string, string>): void {
  const { context } = props;
  new kubernetes.NetworkPolicyV1(scope, 'network-policy', {
    metadata: { name: context.name, namespace: context.namespace, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: props.clients === undefined ? {} : { matchLabels: { ...props.clients } } }],
          ports: [{ port: String(POSTGRES_PORT), protocol: 'TCP' }],
        },
        ...(props.clients === undefined || !props.dumped
          ? []
          : [
              {
                from: [{ podSelector: { matchLabels: dumpLabels(context) } }],
                ports: [{ port: String(POSTGRES_PORT), protocol: 'TCP' }],
              },
            ]),
        ...(props.clients === undefined || !props.snapshotted
          ? []
          : [
              {
                from: [{ podSelector: { matchLabels: snapshotLabels(context) } }],
                ports: [{ port: String(POSTGRES_PORT), protocol: 'TCP' }],
              },
            ]),
        ...(props.clients === undefined || props.replicas === 0
          ? []
          : [
              {
                from: [{ podSelector: { matchLabels: labels } }],
                ports: [{ port: String(POSTGRES_PORT), protocol: 'TCP' }],
              },
            ]),
        {
          from: [{ podSelector: { matchLabels: backupLabels(context) } }],
          ports: [{ port: String(PGBACKREST_PORT), protocol: 'TCP' }],
        },
        ...(props.exporters === undefined ? [] : [scraping(props.exporters, [SERVER_METRICS_PORT])]),
      ],
    },
  });
}
