import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { asPodUser } from './tools';

// Whole databases are made, lost and restored here, on machines that do other things too.
jest.setTimeout(90_000);

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line on stderr: a script that failed says there what, why and what to do. */
  readonly lastLine: string;
}

export interface RunProps {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** @default 60000; then its whole process group is killed */
  readonly timeoutMs?: number;
}

const environment = (env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  ...env,
});

/** Kills a process group that this test started. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** A library that is preloaded is the pod's: what enters it must not have it. */
function inPod(command: readonly string[], props: RunProps): [string, string[], RunProps] {
  const { LD_PRELOAD, ...env } = props.env;
  const preload = LD_PRELOAD === undefined ? [] : ['env', `LD_PRELOAD=${LD_PRELOAD}`];
  return [...asPodUser([...preload, ...command]), { ...props, env }];
}

export async function run(command: readonly string[], given: RunProps): Promise<Result> {
  const [program, args, props] = inPod(command, given);
  const child = spawn(program, args, { cwd: props.cwd, env: environment(props.env), detached: true });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(props.input ?? '');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), props.timeoutMs ?? 60_000);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(timer);
  return { status, stdout, stderr, lastLine: stderr.trimEnd().split('\n').at(-1) ?? '' };
}

/** A process that goes on running; its output is in a file. */
export class Background {
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;
  private over = false;

  /** As the user of these tests, on this machine. */
  static direct(
    [program = 'true', ...args]: readonly string[],
    props: RunProps,
    logFile: string,
  ): Background {
    return new Background(program, args, props, logFile);
  }

  /** As the user of the pod. */
  static inPod(command: readonly string[], props: RunProps, logFile: string): Background {
    const [program, args, inside] = inPod(command, props);
    return new Background(program, args, inside, logFile);
  }

  private constructor(
    program: string,
    args: readonly string[],
    props: RunProps,
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    this.child = spawn(program, args, {
      cwd: props.cwd,
      env: environment(props.env),
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.on('error', () => resolve(null));
      this.child.on('exit', (code) => {
        this.over = true;
        resolve(code);
      });
    });
  }

  get running(): boolean {
    return !this.over;
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** To the process itself, as a container runtime does. */
  signal(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined && !this.over) this.child.kill(signal);
  }

  kill(): void {
    killGroup(this.child, 'SIGKILL');
  }

  /** Its exit status; after `timeoutMs` it is killed and the status is null. */
  async exit(timeoutMs = 20_000): Promise<number | null> {
    const timer = setTimeout(() => this.kill(), timeoutMs);
    const code = await this.ended;
    clearTimeout(timer);
    return code;
  }
}

/** Tries until it is true, at most so long. @param pauseMs in between */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
  pauseMs = 20,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
