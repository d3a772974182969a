import type { Kubectl } from './kubectl';
import { databasePods, tell } from './pods';
import { EnvironmentProblem, type Progress } from './progress';

export interface WaitOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** Names of the databases that must answer. */
  readonly databases: readonly string[];
  readonly seconds: number;
  readonly progress: Progress;
}

/** A container that was restarted this often in vain will not succeed by itself: about half a minute. */
const PATIENCE = 2;

/**
 * Waits until every database answers, telling each change of state once.
 * @throws EnvironmentProblem with the last words of the container that keeps failing
 */
export async function waitForDatabases(options: WaitOptions): Promise<void> {
  const deadline = Date.now() + options.seconds * 1000;
  const told = new Map<string, string>();
  const say = (key: string, words: string): void => {
    if (told.get(key) === words) return;
    told.set(key, words);
    options.progress(`${key}: ${words}`);
  };
  for (;;) {
    const stories = await look(options);
    for (const [name, story] of stories) {
      say(name, story?.words ?? 'no pod yet');
      if (story?.failure === undefined) continue;
      say(`${name}/${story.failure.container}`, lastLine(story.failure.message));
      if (story.failure.times >= PATIENCE) {
        throw new EnvironmentProblem(`${name} does not start: ${lastLine(story.failure.message)}`);
      }
    }
    if (stories.every(([, story]) => story?.ready)) return;
    if (Date.now() > deadline) {
      const waiting = stories
        .filter(([, story]) => !story?.ready)
        .map(([name, story]) => `${name}: ${story?.words}`);
      throw new EnvironmentProblem(
        `not ready after ${options.seconds} s: ${waiting.join('; ')} — FIX: look at \`kubectl --namespace ${options.namespace} describe pods\`; a long restore may go on, \`--timeout\` waits longer`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function look({ kubectl, namespace, databases }: WaitOptions) {
  const pods = await databasePods(kubectl, namespace).catch(() => []);
  return databases.map((name) => {
    const pod = pods.find(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] === name);
    return [name, pod === undefined ? undefined : tell(pod)] as const;
  });
}

function lastLine(message: string): string {
  return message.trim().split('\n').at(-1) ?? message;
}
