import { EnvironmentProblem, type Progress } from '../progress';
import { type BackupBucket, scheduleOf, type VolumeInfo } from './bucket';
import { pause, type VeleroInCluster } from './cluster';
import type { Backup, PodVolumeRestore, Restore } from './kinds';
import { missingSecrets } from './missing-secrets';
import type { PlannedRecovery } from './plan';
import { isWhole, verify } from './verify';

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
 * is waited for, what is whole is left alone, anything else is tried by a Restore of another name.
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
  await cluster.forgetBrokenRepositories();
  const base = `${plan.id}-${scheduleOf(backup) ?? backup.metadata.name}`;
  const attempts = await attemptsOf(cluster, base);
  const wanted = volumes.filter(
    ({ spec, status }) =>
      status?.phase === 'Completed' && (plan.namespaces ?? [spec.pod.namespace]).includes(spec.pod.namespace),
  );
  const outcome = { ...options, attempts, volumes: wanted, newCluster: plan.newCluster };
  const last = await lastOf(cluster, attempts);
  if (last !== undefined && (await isWhole({ ...outcome, restore: last })))
    return verify({ ...outcome, restore: last });
  if (last === undefined || hasEnded(last))
    attempts.push(attempts.length === 0 ? base : `${base}-${attempts.length + 1}`);
  const name = attempts.at(-1) ?? base;
  await cluster.create(restoreObject(name, backup, plan, cluster.namespace));
  const ended = await wait(name, options);
  for (const skipped of await bucket.skippedVolumes(backup.metadata.name))
    progress(`WARNING ${describeVolume(skipped)} was never in ${backup.metadata.name}: ${reasonOf(skipped)}`);
  for (const warning of await bucket.backupWarnings(backup.metadata.name))
    progress(`WARNING said when ${backup.metadata.name} was made: ${warning}`);
  await verify({ ...outcome, restore: ended });
}

/** Names of the Restores that were made of it, the first one first. */
async function attemptsOf(cluster: VeleroInCluster, base: string): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const name = names.length === 0 ? base : `${base}-${names.length + 1}`;
    if ((await cluster.restore(name)) === undefined) return names;
    names.push(name);
  }
}

async function lastOf(cluster: VeleroInCluster, attempts: readonly string[]): Promise<Restore | undefined> {
  const name = attempts.at(-1);
  return name === undefined ? undefined : cluster.restore(name);
}

function hasEnded({ status }: Restore): boolean {
  return ENDED.includes(status?.phase ?? 'New');
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
    if (restore !== undefined && hasEnded(restore)) return restore;
    if (round % 5 === 0) {
      const volumes = await cluster.volumeRestores([name]);
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

function describeVolume({ pvName, pvcName, pvcNamespace }: VolumeInfo): string {
  return pvcName === undefined || pvcName === ''
    ? `volume ${pvName ?? '(without a name)'}`
    : `the volume of claim ${pvcNamespace}/${pvcName}`;
}

function reasonOf({ skippedReason }: VolumeInfo): string {
  return skippedReason === undefined || skippedReason === '' ? 'Velero does not say why' : skippedReason;
}
