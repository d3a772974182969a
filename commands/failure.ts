import { StoreProblem } from '../constructs/object-storage/client';
import { ProgramFailed } from '../deploy/process';
import { DeclarationFaulty, EnvironmentProblem, NotWatched } from '../deploy/progress';

/** Exit codes of the commands that act on an environment. */
export const EXIT = { faultyDeclaration: 1, environmentProblem: 2, notWatched: 3 } as const;

/** Ends a command that failed: its last line is cause and fix; a stack only for what nobody foresaw. */
export function fail(error: unknown): void {
  if (error instanceof DeclarationFaulty) {
    console.error(error.message);
    process.exitCode = EXIT.faultyDeclaration;
    return;
  }
  if (error instanceof NotWatched) {
    console.error(`ERROR ${error.message}`);
    process.exitCode = EXIT.notWatched;
    return;
  }
  const known = error instanceof StoreProblem || error instanceof EnvironmentProblem;
  console.error(`ERROR ${known ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = EXIT.environmentProblem;
}

/** Ends a command that works in a cluster. Its own words name the cause; what is wrong is the cluster, or the way to it. */
export function failOnCluster(error: unknown, rightThere = 'its pods run'): void {
  if (error instanceof ProgramFailed) {
    const fix = `see that KUBECONFIG leads to the cluster, and that ${rightThere}`;
    fail(new EnvironmentProblem(`${error.message} — FIX: ${fix}`));
  } else fail(error);
}
