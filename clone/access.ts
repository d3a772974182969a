import type { CommandLine, Kubectl } from '../deploy/kubectl';
import { ProgramFailed } from '../deploy/process';
import { EnvironmentProblem } from '../deploy/progress';
import { findClone } from './clones';

/** The database whose clones these are, and how its cluster is reached. */
export interface Subject {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** Name of the database. */
  readonly database: string;
}

/** A running server: the live one, or a clone by its name. */
export interface Instance {
  readonly name: string;
  readonly pod: string;
}

export const LIVE = 'live';

/**
 * The instance of a name.
 * @throws EnvironmentProblem when it cannot be asked
 */
export async function findInstance(subject: Subject, name: string): Promise<Instance> {
  return name === LIVE ? findLive(subject) : findReadyClone(subject, name);
}

/** @throws EnvironmentProblem when no pod of the live database accepts writes */
export async function findLive(subject: Subject): Promise<Instance> {
  const { kubectl, database, namespace } = subject;
  const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>([
    'get',
    'pods',
    `--namespace=${namespace}`,
    `--selector=app.kubernetes.io/name=postgres,app.kubernetes.io/instance=${database},app.kubernetes.io/component=server`,
    '--field-selector=status.phase=Running',
  ]);
  for (const { metadata } of items) {
    const live = { name: LIVE, pod: metadata.name };
    const answer = await ask(subject, live, 'postgres', 'select pg_is_in_recovery()').catch(() => '');
    if (answer === 'f') return live;
  }
  throw new EnvironmentProblem(
    `the live database ${database} accepts no writes now — FIX: look at \`kubectl --namespace ${namespace} get pods\`; bring it back first by npm run deploy`,
  );
}

async function findReadyClone(subject: Subject, name: string): Promise<Instance> {
  const clone = await findClone(subject, name);
  if (clone?.state === 'ready' && clone.pod !== undefined) return { name, pod: clone.pod };
  const { database } = subject;
  throw new EnvironmentProblem(
    clone === undefined
      ? `${database} has no clone "${name}" — FIX: make it by \`create ${name} --to …\`, or choose one of \`list\``
      : `the clone "${name}" of ${database} is ${clone.state} — FIX: \`create ${name} --to ${clone.to}\` waits until it can be read, and tells why if it cannot`,
  );
}

/** `kubectl exec` of a program in the container that runs the server. */
export function inPod(
  { kubectl, namespace }: Subject,
  { pod }: Instance,
  command: readonly string[],
  options: readonly string[] = [],
): CommandLine {
  return kubectl.commandLine(execution(namespace, pod, command, options));
}

function execution(
  namespace: string,
  pod: string,
  command: readonly string[],
  options: readonly string[],
): readonly string[] {
  return ['exec', ...options, `--namespace=${namespace}`, pod, '--container=postgres', '--', ...command];
}

/** psql as the superuser by its socket: peer authentication, so no password is needed. */
export function psql(database: string, ...more: readonly string[]): readonly string[] {
  return ['psql', '--no-psqlrc', '-qAt', '-v', 'ON_ERROR_STOP=1', `--dbname=${database}`, ...more];
}

/** What a script of SQL prints. */
export async function ask(
  subject: Subject,
  instance: Instance,
  database: string,
  script: string,
  seconds = 3600,
): Promise<string> {
  const command = execution(subject.namespace, instance.pod, psql(database, '--file=-'), ['--stdin']);
  return (await subject.kubectl.run(command, { input: script, seconds })).trim();
}

/** A program's output in the pod of an instance. */
export async function execute(
  subject: Subject,
  instance: Instance,
  command: readonly string[],
  seconds = 3600,
): Promise<string> {
  return subject.kubectl.run(execution(subject.namespace, instance.pod, command, []), { seconds });
}

/** One value of SQL, which is JSON. */
export async function askJson<T>(
  subject: Subject,
  instance: Instance,
  database: string,
  query: string,
): Promise<T> {
  return JSON.parse(await ask(subject, instance, database, query)) as T;
}

/** Says which database there is not, instead of what a program said about it. */
export async function inDatabase<T>(
  subject: Subject,
  instance: Instance,
  database: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProgramFailed && /database ".*" does not exist/.test(error.message)) {
      throw new EnvironmentProblem(
        `${instance.name} has no database "${database}" in ${subject.database} — FIX: name one of it by --database`,
      );
    }
    throw error;
  }
}
