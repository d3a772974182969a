import { type ChildProcess, spawn } from 'node:child_process';

// A builder that is told to end takes the commands it started with it.
const running = new Set<ChildProcess>();
process.on('exit', endCommands);

/** Ends every command that is running; each then fails for whoever waits for it. */
export function endCommands(): void {
  for (const child of running) child.kill('SIGKILL');
}

export interface RunProps {
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
  /** Text for standard input. @default none: the command reads an empty input */
  readonly input?: string;
  /** @default none: the command may take as long as it needs */
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end and returns what it said, whatever its exit code. */
export function tryRun(command: string, args: readonly string[], props: RunProps = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: props.directory,
      env: withSearchPath(props.environment ?? process.env),
      stdio: [props.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: props.timeoutMs,
      killSignal: 'SIGKILL',
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    // A command that does not read all of its input is judged by its exit code, not by the broken pipe.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(props.input);
    child.on('close', (code, killedBy) => {
      const said = Buffer.concat(stderr).toString();
      resolve({
        exitCode: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: killedBy === null ? said : `${said}\n(ended by ${killedBy})`,
      });
    });
  });
}

/** Where the system's own programs are; a user's search path need not lead there. */
export function withSearchPath(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = environment['PATH'] ?? process.env['PATH'];
  return { ...environment, PATH: [path, '/usr/sbin:/usr/bin:/sbin:/bin'].filter(Boolean).join(':') };
}

/** Runs a command that must succeed. @returns its standard output */
export async function run(command: string, args: readonly string[], props: RunProps = {}): Promise<string> {
  const result = await tryRun(command, args, props);
  if (result.exitCode !== 0) {
    const said = `${result.stderr.trim()}\n${result.stdout.trim()}`.trim().split('\n').slice(-30).join('\n');
    throw new Error(
      `\`${[command, ...args].join(' ').slice(0, 300)}\` ended with ${result.exitCode}:\n${said}`,
    );
  }
  return result.stdout;
}
