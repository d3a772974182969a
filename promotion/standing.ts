import { ask, type Subject } from '../clone/access';
import { ROLE_LABEL } from '../constructs/postgres/role-label';
import { lastLine } from '../deploy/process';
import { EnvironmentProblem } from '../deploy/progress';

/** How one pod of a database stands. */
export interface Standing {
  readonly pod: string;
  /** What its server says it is; `down` when it says nothing. */
  readonly role: 'primary' | 'replica' | 'down';
  /** Led away from by hand, after another was promoted. */
  readonly superseded: boolean;
  /** Whether the pod is there at all. */
  readonly exists: boolean;
  readonly timeline: number;
  /** Bytes of WAL from its beginning: what a primary has written, what a replica has replayed. */
  readonly position: number;
  /** A replica: whether WAL comes from a primary right now. */
  readonly streaming: boolean;
  /** When the last transaction that a replica replayed was committed. */
  readonly lastReplay: string | null;
  /** Why it says nothing. */
  readonly words: string;
}

interface Answer {
  readonly recovery: boolean;
  readonly timeline: number;
  readonly position: number;
  readonly streaming: boolean;
  readonly lastReplay: string | null;
}

const QUESTION = `select json_build_object(
  'recovery', pg_is_in_recovery(),
  'timeline', case when pg_is_in_recovery()
    then (select greatest(min_recovery_end_timeline, (select timeline_id from pg_control_checkpoint())) from pg_control_recovery())
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
  'position', coalesce(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, '0/0') - '0/0',
  'streaming', exists (select from pg_stat_wal_receiver where status = 'streaming'),
  'lastReplay', to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`;

interface StatefulSet {
  readonly spec: { readonly replicas: number };
}
interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
    readonly status: {
      readonly phase?: string;
      readonly initContainerStatuses?: readonly Container[];
      readonly containerStatuses?: readonly Container[];
    };
  }[];
}
interface Container {
  readonly state: State;
  readonly lastState?: State;
}
interface State {
  readonly terminated?: { readonly exitCode: number; readonly message?: string };
}

/**
 * Every declared pod of the database, in the order of their ordinals.
 * @throws EnvironmentProblem when it has no replicas
 */
export async function standings(subject: Subject): Promise<readonly Standing[]> {
  const { database, kubectl, namespace } = subject;
  const of = `--namespace=${namespace}`;
  const { spec } = await kubectl.json<StatefulSet>(['get', 'statefulset', database, of]);
  if (spec.replicas < 2) {
    throw new EnvironmentProblem(
      `${database} has no replicas — FIX: declare \`replicas: 1\` and \`replicationPassword\`, and deploy`,
    );
  }
  const selector = `--selector=app.kubernetes.io/name=postgres,app.kubernetes.io/instance=${database},app.kubernetes.io/component=server`;
  const { items } = await kubectl.json<Pods>(['get', 'pods', of, selector]);
  const names = Array.from({ length: spec.replicas }, (_, ordinal) => `${database}-${ordinal}`);
  return Promise.all(
    names.map((name) =>
      standing(
        subject,
        name,
        items.find(({ metadata }) => metadata.name === name),
      ),
    ),
  );
}

async function standing(
  subject: Subject,
  name: string,
  pod: Pods['items'][number] | undefined,
): Promise<Standing> {
  const nothing = {
    pod: name,
    role: 'down',
    exists: pod !== undefined,
    superseded: pod?.metadata.labels?.[ROLE_LABEL] === 'superseded',
    timeline: 0,
    position: 0,
    streaming: false,
    lastReplay: null,
    words: '',
  } as const;
  if (pod === undefined) return { ...nothing, words: 'there is no such pod' };
  try {
    const answer = JSON.parse(await ask(subject, { name, pod: name }, 'postgres', QUESTION, 15)) as Answer;
    const { recovery, ...rest } = answer;
    return { ...nothing, ...rest, role: recovery ? 'replica' : 'primary' };
  } catch (error) {
    return { ...nothing, words: lastWords(pod) ?? lastLine(error instanceof Error ? error.message : '') };
  }
}

/** What a container that failed said last. */
function lastWords({ status }: Pods['items'][number]): string | undefined {
  for (const { lastState, state } of [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
  ]) {
    const ended = state.terminated ?? lastState?.terminated;
    if (ended !== undefined && ended.exitCode !== 0 && ended.message !== undefined)
      return lastLine(ended.message);
  }
  return undefined;
}

const MEGABYTE = 1_048_576;

/** One line for each pod. */
export function render(all: readonly Standing[]): string {
  const furthest = Math.max(...all.map(({ position }) => position));
  return all
    .map((one) => {
      if (one.role === 'down') return `${one.pod}  down  ${one.words}`;
      const where = `timeline ${one.timeline}`;
      if (one.role === 'primary') return `${one.pod}  ${one.superseded ? 'superseded' : 'primary'}  ${where}`;
      const behind = furthest - one.position;
      const lag = behind === 0 ? 'has all' : `${(behind / MEGABYTE).toFixed(2)} MB behind`;
      const last = one.lastReplay === null ? '' : `  last transaction of ${one.lastReplay}`;
      return `${one.pod}  replica  ${where}  ${one.streaming ? 'streams' : 'does not stream'}  ${lag}${last}`;
    })
    .join('\n');
}
