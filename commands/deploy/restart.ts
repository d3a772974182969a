import type { Kubectl } from './kubectl';
import { databasePods, tell } from './pods';
import type { Progress } from './progress';

/**
 * Starts pods anew whose preparation had failed before this deploy. A StatefulSet
 * leaves such a pod as it is when its template is corrected, and the kubelet
 * would go on waiting for longer and longer; nothing runs in it that could be lost.
 */
export async function restartFailed(kubectl: Kubectl, namespace: string, progress: Progress): Promise<void> {
  for (const pod of await databasePods(kubectl, namespace)) {
    const { failure } = tell(pod);
    if (failure === undefined || !isPreparing(pod)) continue;
    progress(`${pod.metadata.name} had failed in ${failure.container}; it starts anew with what was applied`);
    await kubectl.run(['delete', 'pod', pod.metadata.name, `--namespace=${namespace}`, '--wait=true']);
  }
}

function isPreparing(pod: Parameters<typeof tell>[0]): boolean {
  const running = (pod.status.containerStatuses ?? []).some(({ state }) => state.running !== undefined);
  const preparing = (pod.status.initContainerStatuses ?? []).some(({ state }) => state.running !== undefined);
  return !running && !preparing;
}
