import { execute, type Subject } from '../clone/access';
import { ROLE_LABEL } from '../constructs/postgres/role-label';
import { EnvironmentProblem, type Progress } from '../deploy/progress';
import { archivedUpTo } from './archive';
import { type Standing, standings } from './standing';

export interface PromoteOptions {
  readonly subject: Subject;
  /** The pod that is to be the primary. @default - the replica that is furthest */
  readonly pod?: string;
  /** Goes on where something that was acknowledged may be lost. */
  readonly acceptLoss: boolean;
  /** How long the new primary may take to have all that the old one wrote. */
  readonly seconds: number;
  readonly progress: Progress;
}

/** What is about to happen. */
export interface Plan {
  readonly target: Standing;
  /** The primary, which is stopped first; `undefined` when none answers. */
  readonly primary: Standing | undefined;
  /** Pods that may hold what an old primary wrote last. */
  readonly silent: readonly Standing[];
}

/**
 * What a promotion would do.
 * @throws EnvironmentProblem when it cannot be done, or when it would lose what another pod has
 */
export function plan(all: readonly Standing[], options: Pick<PromoteOptions, 'pod' | 'acceptLoss'>): Plan {
  const primaries = all.filter(({ role, superseded }) => role === 'primary' && !superseded);
  const replicas = all.filter(({ role }) => role === 'replica');
  if (primaries.length > 1) {
    throw new EnvironmentProblem(
      `${primaries.map(({ pod }) => pod).join(' and ')} both accept writes; one of them is superseded and archives nothing — FIX: its log says so (kubectl logs POD -c postgres); delete that pod, and it will refuse to start`,
    );
  }
  const [furthest] = [...replicas].sort((a, b) => b.position - a.position);
  const target = options.pod === undefined ? furthest : all.find(({ pod }) => pod === options.pod);
  if (target === undefined) {
    throw new EnvironmentProblem(
      options.pod === undefined
        ? 'no replica answers — FIX: see why by `kubectl logs POD -c prepare`; without one, a deploy brings the primary back'
        : `there is no pod ${options.pod} — FIX: choose one of ${all.map(({ pod }) => pod).join(', ')}`,
    );
  }
  if (target.role === 'primary') {
    throw new EnvironmentProblem(`${target.pod} is the primary already — FIX: choose a replica`);
  }
  if (target.role === 'down') {
    throw new EnvironmentProblem(
      `${target.pod} does not answer (${target.words}) — FIX: choose a replica that does, or rebuild it first: --rebuild ${target.pod}`,
    );
  }
  if (
    furthest !== undefined &&
    furthest.position > target.position &&
    primaries.length === 0 &&
    !options.acceptLoss
  ) {
    throw new EnvironmentProblem(
      `${furthest.pod} has more than ${target.pod} — FIX: promote that one; or say --accept-loss`,
    );
  }
  const [primary] = primaries;
  return { target, primary, silent: all.filter((one) => one.role === 'down' || one.superseded) };
}

/**
 * Makes a replica the primary. One that runs is stopped in good order first: everything that it acknowledged is then in
 * the new one, and it goes on as a replica. Of one that is gone, what it neither sent nor archived is lost.
 * @throws EnvironmentProblem when something may be lost and nobody accepted that; how it stands then is in the message
 */
export async function promote(options: PromoteOptions, { primary, silent, target }: Plan): Promise<void> {
  const { progress, subject } = options;
  if (primary !== undefined) await handOver(options, primary, target);
  else await catchUpWithArchive(options, target);

  // Before somebody else is the primary, nobody is led to an old one any more, should it come back.
  for (const { exists, pod } of silent) {
    if (!exists || primary !== undefined) continue;
    const label = [`${ROLE_LABEL}=superseded`, '--overwrite', `--namespace=${subject.namespace}`];
    await subject.kubectl.run(['label', 'pod', pod, ...label]).catch(() => '');
  }
  const told = await execute(subject, { name: target.pod, pod: target.pod }, ['/scripts/promote.sh'], 300);
  const { lease, timeline } = JSON.parse(told) as { lease: number; timeline: number };
  progress(`${target.pod} is the primary: lease ${lease}, timeline ${timeline}`);
  if (primary === undefined) await restart(subject, silent, progress);
  await routed(options, target.pod);
}

async function handOver(options: PromoteOptions, primary: Standing, target: Standing): Promise<void> {
  const { acceptLoss, progress, seconds, subject } = options;
  if (!target.streaming && !acceptLoss) {
    throw new EnvironmentProblem(
      `${target.pod} does not stream from ${primary.pod} now; nothing was changed — FIX: see its log, or rebuild it: --rebuild ${target.pod}`,
    );
  }
  progress(`${primary.pod} stops in good order, and goes on as a replica`);
  // Its container ends with the server, and this connection with it.
  await execute(subject, { name: primary.pod, pod: primary.pod }, ['/scripts/demote.sh'], 60).catch(() => '');
  const stopped = await eventually(seconds, async () => {
    const now = (await standings(subject)).find(({ pod }) => pod === primary.pod);
    return now?.role === 'replica' ? now : undefined;
  });
  const undo = `to undo this, promote ${primary.pod}: it has everything`;
  if (stopped === undefined) {
    throw new EnvironmentProblem(
      `${primary.pod} did not become a replica within ${seconds} s; nothing was promoted — FIX: look at its log; a new pod (kubectl delete pod ${primary.pod}) goes on as the primary`,
    );
  }
  const caughtUp = await eventually(seconds, async () => {
    const now = await standings(subject);
    const [old, next] = [primary.pod, target.pod].map((name) => now.find(({ pod }) => pod === name));
    return (next?.position ?? 0) >= Math.max(stopped.position, old?.position ?? 0) ? true : undefined;
  });
  if (caughtUp === undefined && !acceptLoss) {
    throw new EnvironmentProblem(
      `${target.pod} has not all that ${primary.pod} wrote after ${seconds} s; nothing was promoted — FIX: ${undo}`,
    );
  }
  if (caughtUp !== undefined) progress(`${target.pod} has everything that ${primary.pod} acknowledged`);
}

async function catchUpWithArchive(options: PromoteOptions, target: Standing): Promise<void> {
  const { acceptLoss, progress, seconds, subject } = options;
  const end = await archivedUpTo(subject, target.pod).catch(() => undefined);
  if (end === undefined && !acceptLoss) {
    throw new EnvironmentProblem(
      `whether ${target.pod} has all that is in the archive cannot be told: the vault could not be read — FIX: see that it answers; a promotion needs it for its lease as well`,
    );
  }
  const reached = await eventually(seconds, async () => {
    const now = (await standings(subject)).find(({ pod }) => pod === target.pod);
    return now !== undefined && now.position >= (end ?? 0) ? true : undefined;
  });
  if (reached === undefined && !acceptLoss) {
    throw new EnvironmentProblem(
      `${target.pod} has not all that is in the archive, and does not get it; nothing was changed — FIX: see its log; rebuild it by --rebuild ${target.pod}, or accept that by --accept-loss`,
    );
  }
  progress(
    `no primary answers: ${target.pod} ${reached === undefined ? 'does not have' : 'has'} all that was archived; what the old primary neither sent nor archived is lost`,
  );
}

/** Pods that may be old primaries start anew, and then refuse: their data went on where the database does not. */
async function restart(
  { kubectl, namespace }: Subject,
  pods: readonly Standing[],
  progress: Progress,
): Promise<void> {
  for (const { exists, pod } of pods) {
    if (!exists) continue;
    await kubectl.run(['delete', 'pod', pod, `--namespace=${namespace}`, '--wait=false']);
    progress(`${pod} starts anew; if it refuses, because it was the primary, rebuild it: --rebuild ${pod}`);
  }
}

/** Waits until clients are led to it. */
async function routed({ progress, seconds, subject }: PromoteOptions, pod: string): Promise<void> {
  const { kubectl, namespace } = subject;
  const label = ROLE_LABEL.replaceAll('.', '\\.');
  const led = await eventually(seconds, async () => {
    const role = await kubectl.run([
      'get',
      'pod',
      pod,
      `--namespace=${namespace}`,
      `--output=jsonpath={.metadata.labels.${label}}`,
    ]);
    return role.trim() === 'primary' ? true : undefined;
  });
  progress(
    led === undefined
      ? `WARNING ${pod} is not labelled as the primary yet: see \`kubectl logs ${pod} -c routing\``
      : `clients are led to ${pod}`,
  );
}

/** Asks once a second; `undefined` when the time is over. */
export async function eventually<T>(
  seconds: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
