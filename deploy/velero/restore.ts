import { EnvironmentProblem, type Progress } from '../progress';
import { type BackupBucket, scheduleOf, type VolumeInfo } from './bucket';
import { pause, type VeleroInCluster } from './cluster';
import type { Backup, PodVolumeRestore, Restore } from './kinds';
import { missingSecrets } from './missing-secrets';
import type { PlannedRecovery } from './plan';

export interface RestoreOptions {
  readonly cluster: VeleroInCluster;
  readonly bucket: BackupBucket;
  /** Name of the environment, for what is to be typed. */
  readonly environment: string;
  readonly seconds: number;
  readonly progress: Progress;
}

/** Phases after which nothing changes any more. */
const ENDED = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation'];

/** What belongs to a cluster that is gone, or to Velero itself. */
const NEVER_RESTORED = [
  'backuprepositories.velero.io',
  'backups.velero.io',
  'backupstoragelocations.velero.io',
  'csinodes.storage.k8s.io',
  'events',
  'events.events.k8s.io',
  'nodes',
  'restores.velero.io',
  'schedules.velero.io',
  'volumeattachments.storage.k8s.io',
];

/**
 * Restores every backup of the plan, one after the other, and sees that each is complete. It may be repeated: what is under way
 * is waited for, what is complete is left alone, what failed is tried by a Restore of another name.
 * @throws EnvironmentProblem naming what did not come back
 */
export async function carryOut(plan: PlannedRecovery, options: RestoreOptions): Promise<void> {
  const { progress } = options;
  progress(`Velero restores ${plan.backups.map(({ metadata }) => metadata.name).join(', ')}: ${plan.why}`);
  for (const warning of plan.warnings) progress(`WARNING ${warning}`);
  for (const backup of plan.backups) await restoreOne(plan, backup, options);
}

async function restoreOne(plan: PlannedRecovery, backup: Backup, options: RestoreOptions): Promise<void> {
  const { bucket, cluster, progress } = options;
  const volumes = await bucket.podVolumeBackups(backup.metadata.name);
  await cluster.adopt(backup, volumes);
  const name = await attempt(cluster, `${plan.id}-${scheduleOf(backup) ?? backup.metadata.name}`);
  await cluster.create(restoreObject(name, backup, plan, cluster.namespace));
  const ended = await wait(name, options);
  for (const skipped of await bucket.skippedVolumes(backup.metadata.name))
    progress(`WARNING ${describeVolume(skipped)} was never in ${backup.metadata.name}: ${reasonOf(skipped)}`);
  for (const warning of await bucket.backupWarnings(backup.metadata.name))
    progress(`WARNING said when ${backup.metadata.name} was made: ${warning}`);
  await verify(name, ended, options);
}

/** The name of the Restore that is under way or complete; otherwise of the next one. */
async function attempt(cluster: VeleroInCluster, base: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    const phase = (await cluster.restore(name))?.status?.phase;
    if (phase === undefined || phase === 'Completed' || !ENDED.includes(phase)) return name;
  }
}

function restoreObject(name: string, backup: Backup, plan: PlannedRecovery, namespace: string): object {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Restore',
    metadata: { name, namespace },
    spec: {
      backupName: backup.metadata.name,
      includedNamespaces: [...(plan.namespaces ?? ['*'])],
      excludedResources: NEVER_RESTORED,
    },
  };
}

async function wait(name: string, options: RestoreOptions): Promise<Restore> {
  const { cluster, progress, seconds } = options;
  const deadline = Date.now() + seconds * 1000;
  const told = new Set<string>();
  const say = (words: string): void => {
    if (!told.has(words)) progress(words);
    told.add(words);
  };
  for (let round = 0; ; round += 1) {
    const restore = await cluster.restore(name);
    const phase = restore?.status?.phase ?? 'New';
    if (restore !== undefined && ENDED.includes(phase)) return restore;
    if (round % 5 === 0) {
      const volumes = await volumeRestores(cluster, name);
      say(`restore ${name}: ${phase}${describeProgress(restore, volumes)}`);
      for (const missing of await missingSecrets(cluster.kubectl, name)) say(`WARNING ${missing}`);
    }
    if (Date.now() > deadline)
      throw new EnvironmentProblem(
        `restore ${name} is still ${phase} after ${seconds} s; it goes on meanwhile — FIX: \`npm run velero -- ${options.environment} restore\` waits for it; \`kubectl --namespace ${cluster.namespace} get podvolumerestores\` tells of its volumes`,
      );
    await pause(1);
  }
}

function describeProgress(restore: Restore | undefined, volumes: readonly PodVolumeRestore[]): string {
  const { itemsRestored, totalItems } = restore?.status?.progress ?? {};
  const items = totalItems === undefined ? '' : `, ${itemsRestored ?? 0} of ${totalItems} objects`;
  if (volumes.length === 0) return items;
  const done = volumes.filter(({ status }) => status?.phase === 'Completed').length;
  const bytes = (which: 'bytesDone' | 'totalBytes'): number =>
    volumes.reduce((sum, { status }) => sum + (status?.progress?.[which] ?? 0), 0);
  const megabytes = (value: number): string => (value / 1e6).toFixed(0);
  return `${items}, ${done} of ${volumes.length} volumes (${megabytes(bytes('bytesDone'))} of ${megabytes(bytes('totalBytes'))} MB)`;
}

async function volumeRestores(cluster: VeleroInCluster, restore: string): Promise<PodVolumeRestore[]> {
  const { items } = await cluster.kubectl.json<{ items: PodVolumeRestore[] }>([
    'get',
    'podvolumerestores.velero.io',
    `--namespace=${cluster.namespace}`,
    `--selector=velero.io/restore-name=${restore}`,
  ]);
  return items;
}

/** Complete is what Velero calls so, with every volume that it began. */
async function verify(name: string, restore: Restore, options: RestoreOptions): Promise<void> {
  const { bucket, cluster, environment, progress } = options;
  const volumes = await volumeRestores(cluster, name);
  const lost = volumes.filter(({ status }) => status?.phase !== 'Completed');
  const { phase, progress: counted, warnings = 0 } = restore.status ?? {};
  if (phase === 'Completed' && lost.length === 0) {
    progress(
      `restore ${name} is complete: ${counted?.itemsRestored ?? 0} objects, ${volumes.length} volumes${warnings === 0 ? '' : `, ${warnings} warnings (objects that were there already)`}`,
    );
    return;
  }
  const errors = [
    ...(restore.status?.validationErrors ?? []),
    ...(restore.status?.failureReason === undefined ? [] : [restore.status.failureReason]),
    ...(await bucket.restoreErrors(name)),
  ];
  for (const { spec, status } of lost)
    progress(
      `FAILED volume ${spec.volume} of pod ${spec.pod.namespace}/${spec.pod.name}: ${status?.phase ?? 'New'} ${status?.message ?? ''}`.trim(),
    );
  for (const error of errors) progress(`FAILED ${error}`);
  const pods = [...new Set(lost.map(({ spec }) => `${spec.pod.namespace}/${spec.pod.name}`))];
  const what = [
    ...lost.map(({ spec }) => `volume ${spec.volume} of ${spec.pod.namespace}/${spec.pod.name}`),
    ...errors.map((error) => (error.length > 160 ? `${error.slice(0, 160)}…` : error)),
  ];
  const shown = what.slice(0, 6).join('; ');
  const more = what.length > 6 ? `; and ${what.length - 6} more, above` : '';
  const remove =
    pods.length === 0
      ? 'delete what came back halfway'
      : `delete these pods with the claims they mount (${pods.join(', ')}), which came back halfway`;
  throw new EnvironmentProblem(
    `restore ${name} is ${phase}, and these did not come back: ${shown || 'it says no more'}${more}; the location stays read-only and the schedules paused — FIX: put right what is named, ${remove}, then \`npm run velero -- ${environment} restore\`; to go on without them, \`npm run velero -- ${environment} resume --without-restore\``,
  );
}

function describeVolume({ pvName, pvcName, pvcNamespace }: VolumeInfo): string {
  return pvcName === undefined || pvcName === ''
    ? `volume ${pvName ?? '(without a name)'}`
    : `the volume of claim ${pvcNamespace}/${pvcName}`;
}

function reasonOf({ skippedReason }: VolumeInfo): string {
  return skippedReason === undefined || skippedReason === '' ? 'Velero does not say why' : skippedReason;
}
