/** Takes one line that tells how far the work is. */
export type Progress = (message: string) => void;

/** Something outside the declaration is not as it must be; its message names cause and fix. */
export class EnvironmentProblem extends Error {
  override readonly name = 'EnvironmentProblem';
}

/** All is up but what watches it; its message names cause and fix. */
export class NotWatched extends Error {
  override readonly name = 'NotWatched';

  constructor(cause: string) {
    super(`the platform is up; what watches it is not: ${cause}`);
  }
}

/** The declaration has faults; the message lists them all. */
export class DeclarationFaulty extends Error {
  override readonly name = 'DeclarationFaulty';
}
