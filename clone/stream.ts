import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type { CommandLine } from '../deploy/kubectl';
import { ProgramFailed } from '../deploy/process';

/** A piece of a script: words, or what another program prints. */
export type Part = string | CommandLine;

const start = ({ program, args, env }: CommandLine, stdin: 'pipe' | 'ignore') =>
  spawn(program, args, { env: { ...process.env, ...env }, stdio: [stdin, 'pipe', 'pipe'] });

/**
 * Runs a program on a script made of parts, which are never whole in memory;
 * returns what it prints. When a part fails, the program gets no more: a script
 * whose last part is `commit` then ends without it.
 * @throws ProgramFailed with what the program, or the one that failed, said
 */
export async function feed(target: CommandLine, parts: readonly Part[]): Promise<string> {
  const child = start(target, 'pipe');
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes');
  let [said, complained] = ['', ''];
  stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  stderr.on('data', (chunk: Buffer) => {
    complained += chunk.toString();
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  // Whoever ends before it has read everything says why by its exit code.
  stdin.on('error', () => {});
  let problem: unknown;
  try {
    for (const part of parts) {
      if (stdin.destroyed || !stdin.writable) break;
      if (typeof part === 'string') {
        if (!stdin.write(part)) await Promise.race([once(stdin, 'drain'), ended]);
      } else await pour(part, stdin, ended);
    }
  } catch (error) {
    problem = error;
  }
  // Without the rest: an open transaction is rolled back.
  stdin.end();
  const exitCode = await ended;
  if (exitCode !== 0) throw new ProgramFailed(complained.trim() || said.trim());
  if (problem !== undefined) throw problem;
  return said;
}

async function pour(source: CommandLine, into: NodeJS.WritableStream, end: Promise<number>): Promise<void> {
  const child = start(source, 'ignore');
  let complained = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complained += chunk.toString();
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const poured = child.stdout === null ? Promise.resolve() : pipeline(child.stdout, into, { end: false });
  // Nobody reads any more: what is left would wait for ever.
  const stopped = end.then(() => child.kill());
  await Promise.race([poured.catch(() => {}), stopped]);
  const exitCode = await ended;
  if (exitCode !== 0)
    throw new ProgramFailed(complained.trim() || `${source.program} ended with ${exitCode}`);
}
