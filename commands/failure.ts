import { StoreProblem } from '../constructs/object-storage/client';
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
