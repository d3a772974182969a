import type { Subject } from '../clone/access';
import { EnvironmentProblem, type Progress } from '../deploy/progress';
import { eventually } from './promote';
import { standings } from './standing';

export interface RebuildOptions {
  readonly subject: Subject;
  readonly pod: string;
  /** How long its restore may take. */
  readonly seconds: number;
  readonly progress: Progress;
}

/**
 * Makes a pod a replica anew, from the repository; what its volume held is kept beside. The order is a key of the
 * config map `<database>-deploy`, and is carried out once.
 * @throws EnvironmentProblem when the pod is the primary, or is no replica in time
 */
export async function rebuild({ pod, progress, seconds, subject }: RebuildOptions): Promise<void> {
  const { database, kubectl, namespace } = subject;
  const of = `--namespace=${namespace}`;
  const all = await standings(subject);
  const now = all.find((one) => one.pod === pod);
  if (now === undefined) {
    throw new EnvironmentProblem(
      `there is no pod ${pod} — FIX: choose one of ${all.map((one) => one.pod).join(', ')}`,
    );
  }
  if (!all.some((one) => one.role === 'primary' && one.pod !== pod)) {
    throw new EnvironmentProblem(
      `${pod} ${now.role === 'primary' ? 'is the primary' : 'cannot be rebuilt while there is no primary'} — FIX: promote another first`,
    );
  }
  const id = `rebuild-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const patch = JSON.stringify({ data: { [`rebuild-${pod}`]: id } });
  await kubectl.run([
    'patch',
    'configmap',
    `${database}-deploy`,
    of,
    '--field-manager=Terraform',
    '--type=merge',
    `--patch=${patch}`,
  ]);
  progress(`${pod} stops; its data is kept as pgdata.before-${id} on its volume`);
  await kubectl.run(['delete', 'pod', pod, of, '--ignore-not-found', '--wait=true'], { seconds: 240 });
  const words = new Set<string>();
  const replica = await eventually(seconds, async () => {
    const seen = (await standings(subject)).find((one) => one.pod === pod);
    if (seen?.role === 'replica' && seen.streaming) return true;
    if (seen?.words.includes('FIX:') && !words.has(seen.words)) {
      words.add(seen.words);
      progress(`${pod}: ${seen.words}`);
    }
    return undefined;
  });
  if (replica === undefined) {
    throw new EnvironmentProblem(
      `${pod} is no replica after ${seconds} s — FIX: it goes on; see \`kubectl ${of} logs ${pod} -c prepare\``,
    );
  }
  progress(`${pod} is a replica, and streams`);
}
