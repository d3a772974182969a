import type { Kubectl } from './kubectl';
import type { Pod } from './pods';
import { lastLine } from './process';
import type { Progress } from './progress';

/**
 * Tells what has failed so far of the jobs that come with a database: its
 * certificates, its first backup, its dumps. Databases answer without them, so the
 * deploy does not wait; but one that is not backed up must not go unsaid.
 */
export async function tellOfFailedJobs(
  kubectl: Kubectl,
  namespace: string,
  progress: Progress,
): Promise<void> {
  const { items } = await kubectl.json<{ items: Pod[] }>([
    'get',
    'pods',
    `--namespace=${namespace}`,
    '--selector=app.kubernetes.io/name=postgres,app.kubernetes.io/component in (backup,dump,tls)',
  ]);
  for (const { metadata, status } of items) {
    for (const { state } of status.containerStatuses ?? []) {
      const ended = state.terminated;
      if (ended === undefined || ended.exitCode === 0) continue;
      progress(
        `WARNING ${metadata.name} failed: ${lastLine(ended.message ?? `exit code ${ended.exitCode}`)}`,
      );
    }
  }
}
