import { lastLine, ProgramFailed, run } from '../../deploy/process';
import type { Progress } from '../instance';

/** Runs one of the project's own commands as an operator would, its lines as progress. */
export async function npmRun(
  script: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<string> {
  const lines: string[] = [];
  const { exitCode } = await run('npm', ['run', '--silent', script, '--', ...args], {
    env: variables,
    onLine: (line) => {
      lines.push(line);
      progress(`         ${line}`);
    },
  });
  const all = lines.join('\n');
  if (exitCode !== 0) throw new ProgramFailed(`npm run ${script} -- ${args.join(' ')}: ${lastLine(all)}`);
  return all;
}
