import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { deleteNamespace } from '../network/namespaces';
import { type ProcessIdentity, signal } from '../processes/identity';
import { CLUSTER_CGROUPS, type ClusterContext } from './context';

/**
 * The disaster: everything of the cluster is killed without warning and all it
 * had is removed. What runs outside its control groups is not touched.
 */
export async function destroyCluster(context: ClusterContext): Promise<void> {
  await killAll(context);
  await deleteNamespace(context.instance, 'node', context.addresses);
  await removeCgroups(context);
  await removeFiles(context);
}

/** Kills until nothing is left: a shim may start one more process while its container is being killed. */
async function killAll(context: ClusterContext): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = new Map<number, ProcessIdentity>();
    for (const found of [
      ...context.supervisor.records.alive(),
      ...context.cgroups.processes(CLUSTER_CGROUPS),
    ]) {
      left.set(found.pid, found);
    }
    if (left.size === 0) break;
    if (Date.now() > deadline) {
      throw new Error(
        `These processes of the cluster do not end, not even by SIGKILL: ${[...left.keys()].join(', ')}.`,
      );
    }
    for (const target of left.values()) signal(target, 'SIGKILL');
    await sleep(20);
  }
  for (const record of context.supervisor.records.all()) context.supervisor.records.remove(record.name);
}

/** A group can be removed a moment after its last process has gone, not at once. */
async function removeCgroups(context: ClusterContext): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      context.cgroups.remove(CLUSTER_CGROUPS);
      return;
    } catch (error) {
      if (attempt >= 100) throw error;
      await sleep(20);
    }
  }
}

async function removeFiles(context: ClusterContext): Promise<void> {
  const root = context.paths.root;
  // The node's mounts were in its own view and went with its last process. Should one be left in the machine's,
  // deleting through it would delete what lies behind it.
  const mounts = mountsBelow(root, readFileSync('/proc/self/mounts', 'utf8'));
  if (mounts.length > 0) {
    throw new Error(
      `Still mounted: ${mounts.join(', ')}. Unmount with \`umount\` and run the command again.`,
    );
  }
  await rm(root, { recursive: true, force: true });
}

/** Mount points in a folder. @param mounts text of /proc/self/mounts, in which blanks are written \040 */
export function mountsBelow(folder: string, mounts: string): string[] {
  return mounts
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((path) => path === folder || path.startsWith(`${folder}/`));
}
