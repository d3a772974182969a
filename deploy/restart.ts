import type { Kubectl } from './kubectl';
import { type DatabasePod, databasePods, HOPELESS } from './pods';
import type { Progress } from './progress';

/** Of a script that refused; `start.sh` does so before there is a server. */
const REFUSED = 78;

/**
 * Starts pods anew whose preparation had failed before this deploy, or could not
 * begin for want of an image or a Secret, or whose start was refused. A StatefulSet leaves such a pod as it is
 * when its template is corrected, and the kubelet would go on waiting for longer
 * and longer; nothing runs in it that could be lost.
 */
export async function restartFailed(
  kubectl: Kubectl,
  namespace: string,
  databases: readonly string[],
  progress: Progress,
): Promise<void> {
  for (const { pod } of await databasePods(kubectl, namespace, databases)) {
    if (pod === undefined || !isStuck(pod)) continue;
    progress(`${pod.metadata.name} had failed; it starts anew with what was applied`);
    await kubectl.run(['delete', 'pod', pod.metadata.name, `--namespace=${namespace}`, '--wait=true'], {
      seconds: 180,
    });
  }
}

/**
 * Its preparation has failed at least once or could not begin, and the server has not been started by it; or the
 * start itself was refused, and is not being tried just now.
 */
function isStuck(pod: NonNullable<DatabasePod['pod']>): boolean {
  const server = (pod.status.containerStatuses ?? []).find(({ name }) => name === 'postgres');
  if (server?.state.running === undefined && server?.lastState?.terminated?.exitCode === REFUSED) return true;
  const preparation = pod.status.initContainerStatuses ?? [];
  const restoring = preparation.some(({ state }) => state.running !== undefined);
  const started = (pod.status.containerStatuses ?? []).some(
    ({ lastState, state }) => state.running !== undefined || lastState?.terminated !== undefined,
  );
  const failed = preparation.some(
    ({ lastState, state }) => ((state.terminated ?? lastState?.terminated)?.exitCode ?? 0) !== 0,
  );
  const hopeless = preparation.some(({ state }) => HOPELESS.includes(state.waiting?.reason ?? ''));
  return (failed || hopeless) && !started && !restoring;
}
