import { stripVTControlCharacters } from 'node:util';
import { type ApplyOptions, apply, type Engine } from './engine';
import { EnvironmentProblem, NotWatched } from './progress';

/**
 * Applies what watches the platform. Whatever is wrong with it is returned, never thrown: it is told when all else is done,
 * and keeps nothing from coming back.
 */
export async function applyMonitoring(
  engine: Engine,
  { progress, ...options }: ApplyOptions,
): Promise<NotWatched | undefined> {
  const lines: string[] = [];
  try {
    await apply(engine, 'monitoring', {
      ...options,
      progress: (line) => {
        lines.push(stripVTControlCharacters(line));
        // It is said among what others say meanwhile.
        progress(`monitoring: ${line}`);
      },
    });
    return undefined;
  } catch (error) {
    const fix =
      'install the Prometheus operator with its definitions, then deploy again; where nothing is to watch, MONITORING=none';
    const problem = new NotWatched(causeOfFailure({ lines, error, prefix: 'monitoring', fix }));
    progress(`WARNING what watches ${options.environment} could not be applied; why is told at the end`);
    return problem;
  }
}

/** How kubectl and Terraform name a kind that the cluster does not know; the last where kubectl remembers another cluster's. */
const UNKNOWN = [
  /no matches for kind "([^"]+)" in (?:version|group) "([^"/]+)/g,
  /could not find the requested resource \(patch ([a-z0-9]+)\.([^ ]+) /g,
];

export interface Failure {
  /** What the engine said. */
  readonly lines: readonly string[];
  readonly error: unknown;
  /** Of those lines, where they were told. */
  readonly prefix: string;
  /** For a cluster without the operator. */
  readonly fix: string;
}

/** What both engines say in words of their own of a cluster without the operator in ours; anything else in theirs. */
export function causeOfFailure({ error, fix, lines, prefix }: Failure): string {
  const unknown = new Map(
    lines.flatMap((line) =>
      UNKNOWN.flatMap((words) =>
        [...line.matchAll(words)].map(([, kind = '', group = '']) => [kind, group] as const),
      ),
    ),
  );
  if (unknown.size > 0)
    return `the cluster does not know ${[...unknown.keys()].sort().join(', ')} (${[...new Set(unknown.values())].join(', ')}) — FIX: ${fix}`;
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof EnvironmentProblem && reason.includes(' — FIX: ')) return reason;
  return `${reason} — FIX: read what was said above in the lines that begin with "${prefix}:", put it right, then deploy again`;
}
