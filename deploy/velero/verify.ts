import { EnvironmentProblem, type Progress } from '../progress';
import type { BackupBucket } from './bucket';
import type { VeleroInCluster } from './cluster';
import type { PodVolumeBackup, PodVolumeRestore, Restore } from './kinds';

export interface VerifyOptions {
  readonly cluster: VeleroInCluster;
  readonly bucket: BackupBucket;
  readonly environment: string;
  /** Names of all Restores by which this recovery was tried of this backup, the last one last. */
  readonly attempts: readonly string[];
  /** The last one, which has ended. */
  readonly restore: Restore;
  /** Volumes in the backup, of namespaces that are restored. */
  readonly volumes: readonly PodVolumeBackup[];
  /** Nothing was there before: whatever is not restored is missing. */
  readonly newCluster: boolean;
  readonly progress: Progress;
}

/** Whether a Restore and those before it have brought back everything. */
export async function isWhole(options: VerifyOptions): Promise<boolean> {
  if (options.restore.status?.phase !== 'Completed') return false;
  const restored = await options.cluster.volumeRestores(options.attempts);
  return (await missingVolumes(options, restored)).lost.length === 0;
}

interface LostVolume {
  readonly pod: string;
  readonly volume: string;
  readonly why: string;
}

/**
 * Sees that all came back: what Velero calls complete, and the data of every volume that the backup has. Velero skips what
 * exists, so a second attempt is complete by its own words although a volume of the first is empty.
 * @throws EnvironmentProblem naming what did not come back
 */
export async function verify(options: VerifyOptions): Promise<void> {
  const { attempts, bucket, progress, restore, volumes } = options;
  const name = restore.metadata.name;
  const restored = await options.cluster.volumeRestores(attempts);
  const { there, lost } = await missingVolumes(options, restored);
  for (const { pod, volume } of there)
    progress(`WARNING ${pod} was there already, so its volume ${volume} was left as it is`);
  const { phase, progress: counted, warnings = 0 } = restore.status ?? {};
  if (phase === 'Completed' && lost.length === 0) {
    progress(
      `restore ${name} is complete: ${counted?.itemsRestored ?? 0} objects, ${volumes.length - there.length} volumes${warnings === 0 ? '' : `, ${warnings} warnings (objects that were there already)`}`,
    );
    return;
  }
  const errors = [
    ...(restore.status?.validationErrors ?? []),
    ...(restore.status?.failureReason === undefined ? [] : [restore.status.failureReason]),
    ...(await bucket.restoreErrors(name)),
  ];
  for (const { pod, volume, why } of lost) progress(`FAILED volume ${volume} of pod ${pod}: ${why}`);
  for (const error of errors) progress(`FAILED ${error}`);
  throw new EnvironmentProblem(summary(options, lost, errors));
}

async function missingVolumes(
  { cluster, newCluster, attempts, volumes }: VerifyOptions,
  restored: readonly PodVolumeRestore[],
): Promise<{ readonly there: readonly LostVolume[]; readonly lost: readonly LostVolume[] }> {
  const there: LostVolume[] = [];
  const lost: LostVolume[] = [];
  for (const { spec } of volumes) {
    const own = restored.filter(
      (one) =>
        one.spec.pod.namespace === spec.pod.namespace &&
        one.spec.pod.name === spec.pod.name &&
        one.spec.volume === spec.volume,
    );
    if (own.some(({ status }) => status?.phase === 'Completed')) continue;
    const [last] = own.slice(-1);
    const why = `${last?.status?.phase ?? 'not begun'} ${last?.status?.message ?? ''}`.trim();
    const found = { pod: `${spec.pod.namespace}/${spec.pod.name}`, volume: spec.volume, why };
    const by = newCluster ? attempts[0] : await cluster.restoredBy(spec.pod.namespace, spec.pod.name);
    (by !== undefined && !attempts.includes(by) ? there : lost).push(found);
  }
  return { there, lost };
}

function summary(
  { cluster, environment, restore }: VerifyOptions,
  lost: readonly LostVolume[],
  errors: readonly string[],
): string {
  const what = [
    ...lost.map(({ pod, volume }) => `volume ${volume} of ${pod}`),
    ...errors.map(
      (
        error, // The cause stands at the end.
      ) => (error.length > 160 ? `…${error.slice(-160)}` : error),
    ),
  ];
  const shown = what.slice(0, 6).join('; ');
  const more = what.length > 6 ? `; and ${what.length - 6} more, above` : '';
  const pods = [...new Set(lost.map(({ pod }) => pod))];
  const remove =
    pods.length === 0
      ? 'delete what came back halfway'
      : `delete what runs ${pods.slice(0, 4).join(', ')} with its claims (or its namespace, if nothing else is in it), for Velero skips what exists`;
  return `restore ${restore.metadata.name} is ${restore.status?.phase}, and these did not come back: ${shown || 'it says no more'}${more}; the location stays read-only and the schedules paused — FIX: put right what is named (\`kubectl --namespace ${cluster.namespace} logs deployment/velero\`), ${remove}, then \`npm run velero -- ${environment} restore\`; to go on without them, \`npm run velero -- ${environment} resume --without-restore\``;
}
