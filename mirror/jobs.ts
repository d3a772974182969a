import type { Subject } from '../clone/access';
import type { Progress } from '../deploy/progress';
import { runJob } from '../dump/jobs';
import type { MirrorRun } from './runs';

export interface RunOptions {
  readonly subject: Subject;
  /** Whether so many deletions as there are are meant. */
  readonly acceptLoss: boolean;
  /** Whether everything is read back, byte for byte. */
  readonly readBack: boolean;
  readonly seconds: number;
  readonly progress: Progress;
}

/**
 * Lets the mirror run now.
 * @throws EnvironmentProblem with the Job's last words
 */
export async function runMirror({ acceptLoss, readBack, ...job }: RunOptions): Promise<MirrorRun> {
  const printed = await runJob({
    ...job,
    template: 'mirror',
    environment: {
      DELAY_SECONDS: '0',
      ACCEPT_LOSS: String(acceptLoss),
      ...(readBack ? { READ_BACK_RUNS: '1' } : {}),
    },
  });
  return result<MirrorRun>(printed);
}

export interface RestoreOptions {
  readonly subject: Subject;
  /** `latest`, `current`, or an instant with its zone. */
  readonly at: string;
  readonly prefix: string;
  /** Another bucket of the same store. @default - the one that is mirrored */
  readonly into?: string;
  readonly apply: boolean;
  readonly deleteOthers: boolean;
  readonly seconds: number;
  readonly progress: Progress;
}

/** What a restore has found and done; without `applied` nothing was changed. */
export interface Restored {
  readonly run: string | null;
  /** When that run ended. */
  readonly asOf: string | null;
  readonly target: string;
  readonly objects: number;
  readonly missing: number;
  readonly different: number;
  /** There, and not then. */
  readonly extra: number;
  readonly bytes: number;
  readonly applied: boolean;
  readonly written: number;
  readonly deleted: number;
}

/**
 * Restores from the mirror by a Job in the cluster, or tells what that would do.
 * @throws EnvironmentProblem with the Job's last words
 */
export async function restoreMirror(options: RestoreOptions): Promise<Restored> {
  const { apply, at, deleteOthers, into, prefix, progress, ...job } = options;
  const printed = await runJob({
    ...job,
    progress,
    template: 'mirror-restore',
    environment: {
      RESTORE_AT: at,
      RESTORE_PREFIX: prefix,
      RESTORE_APPLY: String(apply),
      RESTORE_DELETE: String(deleteOthers),
      ...(into === undefined ? {} : { TARGET_BUCKET: into }),
    },
  });
  for (const line of printed.split('\n'))
    if (/restore\.sh: \d+ objects /.test(line)) progress(line.replace(/^.*?restore\.sh: /, ''));
  return result<Restored>(printed);
}

/** The one line of JSON among what a Job has said. */
function result<T>(printed: string): T {
  const line = printed.split('\n').findLast((one) => one.startsWith('{'));
  return JSON.parse(line ?? '{}') as T;
}
