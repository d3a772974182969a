import { execa } from 'execa';
import type { Progress } from '../instance';

/** A command that an operator would type did not succeed; the message is its last line. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Runs one of the project's own commands as an operator would, its lines as progress. */
export async function npmRun(
  script: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<string> {
  const child = execa('npm', ['run', '--silent', script, '--', ...args], {
    env: variables,
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  for await (const line of child.iterable({ from: 'all' })) progress(`         ${line}`);
  const { exitCode, all } = await child;
  if (exitCode !== 0) {
    throw new CommandFailed(`npm run ${script} -- ${args.join(' ')}: ${all.trim().split('\n').at(-1) ?? ''}`);
  }
  return all;
}
