import { dnsName } from '../constructs/core/naming';
import { type RecoveryOrder, recoverJson } from '../constructs/postgres/recovery-order';
import type { Kubectl } from './kubectl';
import { type DatabasePod, databasePods, isPrimary } from './pods';
import { EnvironmentProblem, type Progress } from './progress';

interface Recoverable {
  readonly name: string;
  readonly recover?: RecoveryOrder;
}

export interface RecoveriesOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly databases: readonly Recoverable[];
  readonly progress: Progress;
}

/** An ordered recovery that a running database is still to carry out. */
export interface PendingRecovery {
  readonly database: string;
  readonly pod: string;
  /** Of the pod that was asked. */
  readonly uid: string;
  readonly order: RecoveryOrder;
}

/** What recoverable.sh answers. */
type Answer =
  | { readonly state: 'pending'; readonly label: string; readonly timeline: string }
  | { readonly state: 'done'; readonly here: boolean }
  | { readonly state: 'refused'; readonly message: string };

/**
 * Asks every running database that is to be recovered whether that can be done: before anything is applied, and
 * so before anything is stopped. One that does not run is asked by nobody; it decides when it starts.
 * @throws EnvironmentProblem with the reason of the first that cannot
 */
export async function pendingRecoveries(options: RecoveriesOptions): Promise<readonly PendingRecovery[]> {
  const pending: PendingRecovery[] = [];
  for (const { answer, order, pod } of await askAll(options)) {
    if (answer.state === 'refused') throw new EnvironmentProblem(answer.message.replace(/^ERROR /, ''));
    if (answer.state === 'done') continue;
    options.progress(
      `${pod.database}: recovery ${order.id} to ${order.to} can be carried out, from backup ${answer.label}`,
    );
    const { name, uid } = pod.metadata;
    pending.push({ database: pod.database, pod: name, uid, order });
  }
  return pending;
}

/** Restarts the pods that are to recover, unless the apply has replaced them already; how they start, they decide. */
export async function startRecoveries(
  { kubectl, namespace, progress }: RecoveriesOptions,
  pending: readonly PendingRecovery[],
): Promise<void> {
  const pods = await databasePods(
    kubectl,
    namespace,
    pending.map(({ database }) => database),
  );
  for (const { database, order, pod, uid } of pending) {
    const now = pods.find((seen) => seen.database === database && isPrimary(seen))?.pod;
    if (now?.metadata.uid !== uid || now.metadata.deletionTimestamp !== undefined) continue;
    progress(`${pod} stops, and recovers to ${order.to} (${order.id})`);
    await kubectl.run(['delete', 'pod', pod, `--namespace=${namespace}`, '--wait=true'], { seconds: 240 });
  }
}

/**
 * Starts a full backup of each database that was recovered in place, once: the first-backup job belongs to its
 * cluster's first start.
 * @throws EnvironmentProblem when a recovery that was pending is not done
 */
export async function backUpRecovered(
  options: RecoveriesOptions,
  pending: readonly PendingRecovery[],
): Promise<void> {
  const { kubectl, namespace, progress } = options;
  for (const { answer, order, pod } of await askAll(options)) {
    if (answer.state !== 'done') {
      const missed = pending.some(({ database }) => database === pod.database);
      const why = answer.state === 'refused' ? answer.message.replace(/^ERROR /, '') : '';
      if (missed)
        throw new EnvironmentProblem(
          why ||
            `recovery ${order.id} of ${pod.database} was not carried out — FIX: look at \`kubectl --namespace ${namespace} logs ${pod.metadata.name} -c prepare\``,
        );
      continue;
    }
    const job = dnsName([pod.database, 'recovered', order.id]);
    if (!answer.here || (await exists(kubectl, namespace, job))) continue;
    const template = `--from=cronjob/${pod.database}-backup-full`;
    await kubectl.run(['create', 'job', job, template, `--namespace=${namespace}`]);
    progress(
      `${pod.database}: recovered to ${order.to}; what it was is kept on its volume as pgdata.before-${order.id}; a full backup is under way (job ${job})`,
    );
  }
}

interface Asked {
  readonly pod: {
    readonly database: string;
    readonly metadata: { readonly name: string; readonly uid: string };
  };
  readonly order: RecoveryOrder;
  readonly answer: Answer;
}

async function askAll({ databases, kubectl, namespace, progress }: RecoveriesOptions): Promise<Asked[]> {
  const ordered = databases.flatMap(({ name, recover }) =>
    recover === undefined ? [] : [{ name, recover }],
  );
  if (ordered.length === 0) return [];
  const asked: Asked[] = [];
  const names = ordered.map(({ name }) => name);
  const pods = await databasePods(kubectl, namespace, names);
  for (const { name: database, recover: order } of ordered) {
    const pod = pods.find((seen) => seen.database === database && isPrimary(seen))?.pod;
    if (pod === undefined || !serverRuns(pod)) {
      progress(`${database}: its server does not run, so recovery ${order.id} is decided when it starts`);
      continue;
    }
    asked.push({
      pod: { database, metadata: pod.metadata },
      order,
      answer: await ask(kubectl, namespace, pod.metadata.name, order),
    });
  }
  return asked;
}

function serverRuns(pod: NonNullable<DatabasePod['pod']>): boolean {
  return (pod.status.containerStatuses ?? []).some(
    ({ name, state }) => name === 'postgres' && state.running !== undefined,
  );
}

async function ask(kubectl: Kubectl, namespace: string, pod: string, order: RecoveryOrder): Promise<Answer> {
  const command = ['exec', '--stdin', pod, `--namespace=${namespace}`, '--container=postgres', '--'];
  const answer = await kubectl.run([...command, '/scripts/recoverable.sh'], {
    input: recoverJson(order),
    seconds: 180,
  });
  return JSON.parse(answer) as Answer;
}

async function exists(kubectl: Kubectl, namespace: string, job: string): Promise<boolean> {
  const found = await kubectl.run([
    'get',
    'job',
    job,
    `--namespace=${namespace}`,
    '--ignore-not-found',
    '--output=name',
  ]);
  return found.trim() !== '';
}
