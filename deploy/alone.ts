import { statSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { EnvironmentProblem, type Progress } from './progress';

/** A folder, so that whoever makes it first has it. */
const LOCK = '.deploy.lock';
/** Its holder touches it all the time: one so old was left by a deploy that was killed. */
const STALE_MILLISECONDS = 30_000;

/**
 * Does something that no other process may do in this checkout meanwhile: a deploy writes `cdktf.out` anew, from which
 * another would still apply.
 * @throws EnvironmentProblem when another is at it
 */
export async function alone<T>(directory: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  const lockfilePath = join(directory, LOCK);
  const release = await lock(directory, {
    lockfilePath,
    stale: STALE_MILLISECONDS,
    // It has been stopped for a while, as on a laptop that slept. Half a deploy is worse than two.
    onCompromised: (error) =>
      progress(`WARNING another deploy may have begun in this folder: ${error.message}`),
  }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    throw new EnvironmentProblem(
      `another deploy runs in this folder since ${since(lockfilePath)}: each would apply what the other writes — FIX: wait for it, or deploy from a checkout of its own; if it was killed, ${afterDeath(lockfilePath)}`,
    );
  });
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}

/** When it began; touching the folder does not change that. */
function since(path: string): string {
  const began = statSync(path, { throwIfNoEntry: false })?.birthtime;
  return began === undefined ? 'a moment ago' : began.toISOString();
}

/** A lock grows stale by the clock, which may have been set back since. */
function afterDeath(path: string): string {
  const { mtimeMs = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs > Date.now() + STALE_MILLISECONDS
    ? `remove ${path}: it is from the future, since the clock was set back`
    : `try again in ${STALE_MILLISECONDS / 1000} s`;
}
