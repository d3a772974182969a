import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Hands on `TF_VAR_*` of this process. @default false - only what applies them may see them */
  readonly withSecrets?: boolean;
  /** @default - as long as it takes */
  readonly seconds?: number;
  /** Told every line of output and error output as it comes. @default - nobody */
  readonly onLine?: (line: string) => void;
}

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program did not succeed; its last words are the message. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

/** Runs a program to its end and tells how it ended; a program that cannot be started is an error. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...inherited(options.withSecrets ?? false), ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const timer =
      options.seconds === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), options.seconds * 1000);
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
      const lines: string[] = [];
      if (stream === null) return lines;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        options.onLine?.(line);
      });
      return lines;
    }) as [string[], string[]];
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal !== null) stderr.push(`${program} was ended by ${signal}`);
      resolve({ exitCode: code ?? 1, stdout: stdout.join('\n'), stderr: stderr.join('\n') });
    });
    // A program that ends before it has read everything says why by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

function inherited(withSecrets: boolean): NodeJS.ProcessEnv {
  if (withSecrets) return process.env;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TF_VAR_')));
}

/**
 * Standard output of a program that has to succeed.
 * @throws ProgramFailed with its last line otherwise
 */
export async function output(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, options);
  if (exitCode === 0) return stdout;
  throw new ProgramFailed(
    `${program} ${args.slice(0, 3).join(' ')}: ${lastLine(stderr) || lastLine(stdout)}`,
  );
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
