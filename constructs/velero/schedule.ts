import type { Duration, Schedule, Size } from '../core';
import type { Asset, Criticality, DegradedMode, Objectives } from '../recovery';
import type { ExclusionSelector } from './owned';

/** A command that runs in a container of each matching pod before or after its volumes are copied. */
export interface VeleroHook {
  readonly name: string;
  /** Namespaces of the pods. @default - all of the schedule's */
  readonly namespaces?: readonly string[];
  /** Labels of the pods. @default - all pods */
  readonly labels?: Readonly<Record<string, string>>;
  readonly when: 'before' | 'after';
  /** Program and arguments; no shell is between. */
  readonly command: readonly string[];
  /** @default - the pod's first container */
  readonly container?: string;
  /** `fail`: the backup is partially failed. @default 'fail' */
  readonly onError?: 'fail' | 'continue';
  /** @default 30 seconds */
  readonly timeout?: Duration;
}

/** How the contents of volumes get into the backup. */
export type VolumeCopies =
  /** by the node agent, from the pod's mount, deduplicated and encrypted; not of hostPath volumes, nor of claims that no pod mounts */
  | 'file-system'
  /** as CSI snapshots, which stay where the volume is */
  | 'snapshot'
  /** as CSI snapshots whose data is moved into the location */
  | 'snapshot-moved'
  /** only of volumes that pods name by the annotation `backup.velero.io/backup-volumes` */
  | 'opt-in';

/** What is backed up together, when, and for how long it is kept. */
export interface VeleroSchedule {
  readonly schedule: Schedule;
  /** How long a backup is kept, in whole seconds; more than two of the schedule's longest gaps. */
  readonly keep: Duration;
  /** @default - all namespaces */
  readonly includedNamespaces?: readonly string[];
  /**
   * Besides those of Kubernetes, of Velero and of the environment's charts, which never are in a backup of all namespaces.
   * @default none
   */
  readonly excludedNamespaces?: readonly string[];
  /** Kinds of namespaces, as `deployments.apps`. @default - all */
  readonly includedResources?: readonly string[];
  /** Besides events and leases. @default none */
  readonly excludedResources?: readonly string[];
  /**
   * Kinds without a namespace that are backed up as such: `clusterroles.rbac.authorization.k8s.io`.
   * @default - only what an object in the backup needs: its volume, its definition, its namespace
   */
  readonly clusterResources?: readonly string[];
  /** Only objects that have all of these labels. @default - whatever their labels */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Whether Secrets are in the archive, which is not encrypted: who can read the location's bucket reads them. Those
   * that Terraform owns or the escrow holds never are.
   * @default false - whatever needs a Secret of yours waits for it after a restore: bring them back by External Secrets
   * or by hand first
   */
  readonly archiveSecrets?: boolean;
  /** @default 'file-system' */
  readonly volumes?: VolumeCopies;
  /** @default none */
  readonly hooks?: readonly VeleroHook[];
  /** Rules on single volumes, as Velero's resource policies have them: the first that fits counts. @default none */
  readonly volumePolicies?: readonly VolumePolicy[];
  /** @default 'moderate' */
  readonly criticality?: Criticality;
  /** @default - none declared */
  readonly objectives?: Objectives;
  /** Of the volumes in it. @default - unknown: the estimate of the RTO is of its fixed part alone */
  readonly expectedSize?: Size;
  /** @default - none: the degraded-mode table shows a gap */
  readonly degradedMode?: DegradedMode;
  /** Assets that others declared, and whose state is in this backup. @default none */
  readonly protects?: readonly Asset[];
}

/** What is done with volumes that fit all its conditions. */
export interface VolumePolicy {
  /** Names of storage classes. @default - any */
  readonly storageClasses?: readonly string[];
  /** Labels of the claim. @default - any */
  readonly claimLabels?: Readonly<Record<string, string>>;
  /** `0,100Gi`: at most 100 GiB. @default - any */
  readonly capacity?: string;
  readonly action: 'skip' | 'file-system' | 'snapshot';
}

const SYSTEM_NAMESPACES = ['kube-node-lease', 'kube-public', 'kube-system'];

/** They say what was going on, and are nobody's configuration. */
const PASSING_RESOURCES = ['events', 'events.events.k8s.io', 'leases.coordination.k8s.io'];

export interface ScheduleSpecContext {
  /** Where Velero is. */
  readonly namespace: string;
  readonly location: string;
  readonly exclusions: readonly ExclusionSelector[];
  /** Namespaces that charts of the environment fill. */
  readonly ownedNamespaces: readonly string[];
  /** Name of the config map with the schedule's volume policies, if it has any. */
  readonly policies: string | undefined;
}

/** The spec of Velero's Schedule, without whether it is paused. */
export function scheduleSpec(schedule: VeleroSchedule, context: ScheduleSpecContext): object {
  const { schedule: cron, timeZone } = schedule.schedule.kubernetes();
  return {
    // Velero reads cron by UTC, unless the expression says otherwise.
    schedule: timeZone === 'Etc/UTC' ? cron : `CRON_TZ=${timeZone} ${cron}`,
    useOwnerReferencesInBackup: false,
    template: backupSpec(schedule, context),
  };
}

function backupSpec(schedule: VeleroSchedule, context: ScheduleSpecContext): object {
  const { archiveSecrets = false, excludedNamespaces = [], excludedResources = [], hooks = [] } = schedule;
  const all = schedule.includedNamespaces === undefined;
  const secrets = archiveSecrets ? [] : ['secrets'];
  return {
    ttl: schedule.keep.golang(),
    storageLocation: context.location,
    includedNamespaces: [...(schedule.includedNamespaces ?? ['*'])],
    excludedNamespaces: all
      ? unique([...SYSTEM_NAMESPACES, context.namespace, ...context.ownedNamespaces, ...excludedNamespaces])
      : [...excludedNamespaces],
    includedNamespaceScopedResources: [...(schedule.includedResources ?? ['*'])],
    excludedNamespaceScopedResources: unique([...PASSING_RESOURCES, ...secrets, ...excludedResources]),
    includedClusterScopedResources: [...(schedule.clusterResources ?? [])],
    ...selectors(schedule.labels, context.exclusions),
    ...volumeFields(schedule.volumes ?? 'file-system'),
    ...(context.policies === undefined
      ? {}
      : { resourcePolicy: { kind: 'configmap', name: context.policies } }),
    ...(hooks.length === 0 ? {} : { hooks: { resources: hooks.map(hookSpec) } }),
  };
}

/** What is selected has the labels, and differs from what is owned by others in one of its labels at least. */
function selectors(
  labels: Readonly<Record<string, string>> | undefined,
  exclusions: readonly ExclusionSelector[],
): object {
  const matchLabels = labels === undefined ? {} : { matchLabels: { ...labels } };
  if (exclusions.length === 0) return labels === undefined ? {} : { labelSelector: matchLabels };
  return {
    orLabelSelectors: exclusions.map((exclusion) => ({
      ...matchLabels,
      matchExpressions: exclusion.map(({ key, values }) => ({ key, operator: 'NotIn', values: [...values] })),
    })),
  };
}

function volumeFields(volumes: VolumeCopies): object {
  switch (volumes) {
    case 'file-system':
      return { defaultVolumesToFsBackup: true, snapshotVolumes: false };
    case 'snapshot':
      return { defaultVolumesToFsBackup: false, snapshotVolumes: true, snapshotMoveData: false };
    case 'snapshot-moved':
      return { defaultVolumesToFsBackup: false, snapshotVolumes: true, snapshotMoveData: true };
    case 'opt-in':
      return { defaultVolumesToFsBackup: false, snapshotVolumes: false };
  }
}

function hookSpec({
  command,
  container,
  labels,
  name,
  namespaces,
  onError,
  timeout,
  when,
}: VeleroHook): object {
  const exec = {
    command: [...command],
    ...(container === undefined ? {} : { container }),
    onError: onError === 'continue' ? 'Continue' : 'Fail',
    timeout: timeout?.golang() ?? '30s',
  };
  return {
    name,
    ...(namespaces === undefined ? {} : { includedNamespaces: [...namespaces] }),
    ...(labels === undefined ? {} : { labelSelector: { matchLabels: { ...labels } } }),
    [when === 'before' ? 'pre' : 'post']: [{ exec }],
  };
}

/** The file that Velero reads its volume policies from. */
export function policiesDocument(policies: readonly VolumePolicy[]): object {
  const actions = { skip: 'skip', 'file-system': 'fs-backup', snapshot: 'snapshot' } as const;
  return {
    version: 'v1',
    volumePolicies: policies.map(({ action, capacity, claimLabels, storageClasses }) => ({
      conditions: {
        ...(storageClasses === undefined ? {} : { storageClass: [...storageClasses] }),
        ...(claimLabels === undefined ? {} : { pvcLabels: { ...claimLabels } }),
        ...(capacity === undefined ? {} : { capacity }),
      },
      action: { type: actions[action] },
    })),
  };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
