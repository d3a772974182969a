import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..');

/** Gives a folder to write to, and removes it afterwards. */
export async function withScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a program to its end and returns what it printed; it has to succeed. */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${code ?? signal}\n${output}`));
    });
  });
}

/** Runs a module that prints one line of JSON, in a process of its own. */
export async function measureIn<T>(module: string, args: readonly string[]): Promise<T> {
  return JSON.parse(await run(process.execPath, [module, ...args])) as T;
}

export interface ProcessMeasurement {
  readonly seconds: number;
  /** Of all processes that the command started. */
  readonly cpuSeconds: number;
  /** Of the largest of them. */
  readonly peakBytes: number;
}

/** Time and peak memory of a command that runs Node, its start included. */
export async function timeCommand(
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<ProcessMeasurement> {
  return withScratch(async (directory) => {
    const usage = join(directory, 'usage');
    const begin = performance.now();
    await run('sh', ['-c', command], {
      ...env,
      BENCH_USAGE: usage,
      NODE_OPTIONS: `--require=${join(ROOT, 'bench/process/usage.cjs')}`,
      PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
    });
    const seconds = (performance.now() - begin) / 1000;
    const processes = readFileSync(usage, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Omit<ProcessMeasurement, 'seconds'>);
    return {
      seconds,
      cpuSeconds: processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      peakBytes: Math.max(...processes.map(({ peakBytes }) => peakBytes)),
    };
  });
}
