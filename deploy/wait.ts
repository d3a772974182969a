import type { Kubectl } from './kubectl';
import { type DatabasePod, databasePods, isPrimary, type PodStory, tell } from './pods';
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

/** So the last words of a standby begin that refuses: nobody waits for it, for its primary answers without it. */
const STANDBY = /^ERROR [^:]*, standby /;

/**
 * Waits until the pod that was declared last answers, for every database, telling
 * each change of state once. Of one with replicas that is the primary.
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
      const key = seen.name ?? seen.database;
      say(key, story.words);
      if (story.failure === undefined) continue;
      say(`${key}/${story.failure.container}`, lastLine(story.failure.message));
      if (STANDBY.test(lastLine(story.failure.message))) continue;
      if (failures.tooMany(seen, story.failure)) {
        throw new EnvironmentProblem(`${seen.database} does not start: ${lastLine(story.failure.message)}`);
      }
    }
    const answers = new Set(
      stories.flatMap(({ seen, story }) => (story.ready && isPrimary(seen) ? [seen.database] : [])),
    );
    const unready = stories.filter(({ story }) => !story.ready);
    if (databases.every((database) => answers.has(database))) {
      for (const { seen } of unready)
        progress(`${seen.name} is no replica yet; see its log (prepare); a deploy does not wait for it`);
      return;
    }
    if (Date.now() > deadline) {
      const waiting = unready.map(({ seen, story }) => `${seen.name ?? seen.database}: ${story.words}`);
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
