import type { Kubectl } from '../deploy/kubectl';
import { lastLine, run } from '../deploy/process';

export interface OpensRepositoryProps {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly database: string;
  /** From 1 upwards. */
  readonly repository: number;
  readonly passphrase: string;
}

/** Undefined when pgBackRest in the database's pod opens the repository with this passphrase; else why not. */
export async function opensRepository(props: OpensRepositoryProps): Promise<string | undefined> {
  const { database, kubectl, namespace, passphrase, repository } = props;
  const { args, env, program } = kubectl.commandLine([
    'exec',
    '--stdin',
    `--namespace=${namespace}`,
    `${database}-0`,
    '--container=postgres',
    '--',
    '/scripts/opens.sh',
    String(repository),
  ]);
  const { exitCode, stderr } = await run(program, args, { env, input: passphrase, seconds: 120 });
  if (exitCode === 0) return undefined;
  const told = stderr.split('\n').findLast((line) => line.startsWith('ERROR '));
  return told ?? `pgBackRest in the pod of ${database} could not be asked: ${lastLine(stderr)}`;
}
