import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Progress } from '../deploy/progress';
import type { Subject } from './access';

/** Our own scripts, pgBackRest's begin and end, and how far the replay is; not every segment. */
const TELLING = /(?:clone|prepare|wal-get)\.sh: |P00 +(?:WARN(?!: --delta)|ERROR): |redo in progress/;

/** Tells the lines of a clone's log that say how far it is; returns what ends that. */
export function follow({ kubectl, namespace }: Subject, pod: string, progress: Progress): () => void {
  const { program, args, env } = kubectl.commandLine(['logs', '--follow', `--namespace=${namespace}`, pod]);
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Without it there is only less to see.
  child.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (TELLING.test(line)) progress(line.replace(/^\S+Z /, '').replace(/^\S+ \S+ GMT \[\d+\] LOG: +/, ''));
  });
  return () => child.kill();
}
