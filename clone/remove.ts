import type { Subject } from './access';
import { findClone, jobName } from './clones';

/**
 * Ends a clone: its Job, its pod, its volume. Returns whether there was one.
 */
export async function remove(subject: Subject, name: string): Promise<boolean> {
  const { kubectl, namespace, database } = subject;
  if ((await findClone(subject, name)) === undefined) return false;
  await kubectl.run(
    [
      'delete',
      'job',
      jobName(database, name),
      `--namespace=${namespace}`,
      '--ignore-not-found',
      // Returns when the pod, and with it the claim, is gone.
      '--cascade=foreground',
      '--wait=true',
    ],
    { seconds: 180 },
  );
  return true;
}
