import type { Kubectl } from './kubectl';
import { type DatabasePod, databasePods, type PodStory, tell } from './pods';
import { lastLine } from './process';
import { EnvironmentProblem, type Progress } from './progress';

export interface WaitOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** Names of the databases that must answer. */
  readonly databases: readonly string[];
  readonly seconds: number;
  readonly progress: Progress;
}

/** A container that was restarted this often in vain while we waited will not succeed by itself: about half a minute. */
const PATIENCE = 2;
/** One that is not even started, as its image or a Secret is missing, is given this long. */
const PATIENCE_SECONDS = 60;

/**
 * Waits until the pod that was declared last answers, for every database, telling
 * each change of state once.
 * @throws EnvironmentProblem with the last words of the container that keeps failing
 */
export async function waitForDatabases(options: WaitOptions): Promise<void> {
  const { databases, kubectl, namespace, progress, seconds } = options;
  const deadline = Date.now() + seconds * 1000;
  const told = new Map<string, string>();
  const say = (key: string, words: string): void => {
    if (told.get(key) === words) return;
    told.set(key, words);
    progress(`${key}: ${words}`);
  };
  const failures = new Failures();
  for (;;) {
    const stories = await look(kubectl, namespace, databases, (reason) => say(namespace, reason));
    for (const { seen, story } of stories) {
      say(seen.database, story.words);
      if (story.failure === undefined) continue;
      say(`${seen.database}/${story.failure.container}`, lastLine(story.failure.message));
      if (failures.tooMany(seen, story.failure)) {
        throw new EnvironmentProblem(`${seen.database} does not start: ${lastLine(story.failure.message)}`);
      }
    }
    if (stories.length > 0 && stories.every(({ story }) => story.ready)) return;
    if (databases.length === 0) return;
    if (Date.now() > deadline) {
      const waiting = stories
        .filter(({ story }) => !story.ready)
        .map(({ seen, story }) => `${seen.database}: ${story.words}`);
      throw new EnvironmentProblem(
        `not ready after ${seconds} s: ${waiting.join('; ')} — FIX: look at \`kubectl --namespace ${namespace} describe pods\`; a long restore goes on meanwhile, \`--timeout\` waits longer`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Counts from the first look: what a pod failed at last month is no news. */
class Failures {
  readonly #first = new Map<string, { readonly restarts: number; readonly at: number }>();

  tooMany({ pod }: DatabasePod, failure: NonNullable<PodStory['failure']>): boolean {
    const key = `${pod?.metadata.uid}/${failure.container}`;
    const first = this.#first.get(key) ?? { restarts: failure.restarts, at: Date.now() };
    this.#first.set(key, first);
    const restarts = failure.restarts - first.restarts;
    return restarts >= PATIENCE || (restarts === 0 && Date.now() - first.at > PATIENCE_SECONDS * 1000);
  }
}

async function look(
  kubectl: Kubectl,
  namespace: string,
  databases: readonly string[],
  complain: (reason: string) => void,
): Promise<readonly { readonly seen: DatabasePod; readonly story: PodStory }[]> {
  try {
    const pods = await databasePods(kubectl, namespace, databases);
    return pods.map((seen) => ({ seen, story: tell(seen) }));
  } catch (error) {
    complain(`the cluster did not answer: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
