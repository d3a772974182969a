import { checkInstanceName, createState, instanceLockPath, readState } from './instance-state';
import { prepare } from './prepare';
import { isLock, type Lock, tryLock } from './processes/lock';
import type { Progress } from './processes/progress';
import { type Instance, RunningInstance } from './running-instance';

export type { Progress } from './processes/progress';
export type { Cluster, Instance } from './running-instance';
export type { VaultServer } from './vault-server/vault-server';

/**
 * Opens a new instance, held by this process until `down` or `leaveRunning`.
 * Builds whatever is not built yet.
 * What a crashed holder of this name left behind is removed first.
 */
export async function openInstance(name: string, progress: Progress): Promise<Instance> {
  checkInstanceName(name);
  await prepare(progress);
  const held = takeLock(name);
  try {
    const old = readState(name);
    if (old?.leftRunning === true) {
      throw new Error(
        `Instance ${name} has been running since ${old.since}. ` +
          `End it with \`npm run local -- down --name ${name}\`, or choose another name.`,
      );
    }
    if (old !== undefined) {
      progress(`removing what an interrupted run left of instance ${name}`);
      await (await RunningInstance.create(old, held, progress)).discard();
    }
    await createState(name);
    const state = readState(name);
    if (state === undefined) throw new Error(`The record of instance ${name} has vanished.`);
    return await RunningInstance.create(state, held, progress);
  } catch (error) {
    held.release();
    throw error;
  }
}

/** Takes over an instance that was left running, or what a crashed run left behind, in order to end it. */
export async function attachInstance(
  name: string,
  progress: Progress,
): Promise<Pick<Instance, 'down'> | undefined> {
  checkInstanceName(name);
  const held = takeLock(name);
  const state = readState(name);
  if (state !== undefined) return RunningInstance.create(state, held, progress);
  held.release();
  return undefined;
}

function takeLock(name: string): Lock {
  const result = tryLock(instanceLockPath(name), `instance ${name}`);
  if (isLock(result)) return result;
  throw new Error(
    `Instance ${name} is held by process ${result.pid}. Wait for it, end it with \`kill ${result.pid}\`, or choose another name.`,
  );
}
