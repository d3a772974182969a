import { stripVTControlCharacters } from 'node:util';
import type { S3Store } from '../../constructs/object-storage/client';
import { LOCATION } from '../../constructs/velero/location';
import { locationPrefix } from '../../constructs/velero/settings';
import type { Environment } from '../../environments';
import { type ApplyOptions, apply, type Engine } from '../engine';
import type { Kubectl } from '../kubectl';
import { causeOfFailure } from '../monitoring';
import { ProgramFailed } from '../process';
import { EnvironmentProblem, type Progress } from '../progress';
import { BackupBucket } from './bucket';
import { VeleroInCluster } from './cluster';
import { type PlannedRecovery, planRecovery } from './plan';
import { carryOut } from './restore';

export { BackupBucket } from './bucket';
export { VeleroInCluster } from './cluster';
export { planRecovery } from './plan';
export { carryOut } from './restore';

/** How long a restore may take that goes on by itself afterwards. */
export const RESTORE_SECONDS = 4 * 3600;

/** Velero gets so long to start, with its images, and its location to be looked at. */
const START_SECONDS = 240;
const LOCATION_SECONDS = 90;

export interface VeleroOptions {
  readonly environment: Pick<Environment, 'name' | 'vault' | 'velero'>;
  readonly incarnation: string;
  readonly kubectl: Kubectl;
  /** Of the location's bucket. */
  readonly store: S3Store;
  readonly progress: Progress;
}

/** Velero of an environment that has it, from both sides. */
export function veleroOf({ environment, kubectl, store }: Omit<VeleroOptions, 'incarnation'>): {
  readonly bucket: BackupBucket;
  readonly cluster: VeleroInCluster;
} {
  const { name, velero } = environment;
  return {
    bucket: new BackupBucket(store, locationPrefix(name, velero?.location)),
    cluster: new VeleroInCluster(kubectl, velero?.namespace ?? 'velero', LOCATION),
  };
}

/** What is to be restored now. @throws EnvironmentProblem when that is somebody else's to decide */
export async function plannedRecovery(options: VeleroOptions): Promise<PlannedRecovery | undefined> {
  const { environment, incarnation } = options;
  const { bucket, cluster } = veleroOf(options);
  return planRecovery({
    environment: environment.name,
    schedules: Object.keys(environment.velero?.schedules ?? {}),
    order: environment.velero?.recover,
    incarnation,
    done: await cluster.done(),
    backups: await bucket.backups(),
    clusterSince: await cluster.clusterSince(),
    now: new Date(),
  });
}

/**
 * Applies Velero's location and schedules, restores what is to be restored, and only then lets backups be made and expire
 * again. Whatever is wrong is returned, never thrown: no database waits for Velero.
 */
export async function bringBackByVelero(
  engine: Engine,
  how: ApplyOptions,
  options: VeleroOptions,
): Promise<Error | undefined> {
  const { environment, progress } = options;
  try {
    if (environment.velero === undefined) {
      // It takes away what was there before it was switched off.
      if (engine === 'terraform') await applyVelero(engine, how, progress, false);
      return undefined;
    }
    const { bucket, cluster } = veleroOf(options);
    const decided = await plannedRecovery(options).then(
      (plan) => ({ plan, undecided: undefined }),
      (undecided: unknown) => ({ plan: undefined, undecided }),
    );
    const { plan, undecided } = decided;
    const held = plan !== undefined || undecided !== undefined;
    await applyVelero(engine, how, progress, held);
    if (undecided !== undefined) throw undecided;
    await cluster.runs(START_SECONDS);
    await cluster.locationIsAvailable(LOCATION_SECONDS);
    if (plan === undefined) {
      if ((await cluster.done()).length === 0) await cluster.markDone('none-needed', new Date());
      return undefined;
    }
    await carryOut(plan, {
      cluster,
      bucket,
      environment: environment.name,
      seconds: RESTORE_SECONDS,
      progress,
    });
    await finish(cluster, plan.id, progress);
    return undefined;
  } catch (error) {
    progress('WARNING Velero is not done; why is told at the end');
    if (error instanceof ProgramFailed)
      return new EnvironmentProblem(
        `Velero is not done: ${error.message} — FIX: see that the cluster and Velero answer, then deploy again; what was begun is gone on with`,
      );
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A recovery is remembered before backups begin again: nothing may restore over what is made from now on. */
export async function finish(cluster: VeleroInCluster, id: string, progress: Progress): Promise<void> {
  await cluster.markDone(id, new Date());
  await cluster.resume();
  progress(`recovery ${id} is done: the location is read-write again, the schedules run`);
}

async function applyVelero(
  engine: Engine,
  how: ApplyOptions,
  progress: Progress,
  held: boolean,
): Promise<void> {
  const lines: string[] = [];
  if (held) progress('velero: the location is read-only and the schedules are paused until all is restored');
  try {
    await apply(engine, 'velero', {
      ...how,
      variables: {
        ...how.variables,
        TF_VAR_velero_access_mode: held ? 'ReadOnly' : 'ReadWrite',
        TF_VAR_velero_paused: String(held),
      },
      progress: (line) => {
        lines.push(stripVTControlCharacters(line));
        progress(`velero: ${line}`);
      },
    });
  } catch (error) {
    const fix = 'install Velero with its definitions, then deploy again';
    throw new EnvironmentProblem(
      `Velero's location and schedules could not be applied: ${causeOfFailure({ lines, error, prefix: 'velero', fix })}`,
    );
  }
}
