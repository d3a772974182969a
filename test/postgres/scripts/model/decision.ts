import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../../../constructs/postgres/scripts/decide.sh');

export interface Facts {
  readonly DATA: 'empty' | 'partial' | 'present';
  readonly MARKER: 'none' | 'complete' | 'other';
  readonly PROGRESS: 'none' | 'initialise' | 'restore' | 'catch-up';
  readonly MANIFEST: 'yes' | 'no';
  readonly CONTROL: 'readable' | 'unreadable';
  readonly MAJOR: 'same';
  readonly HISTORY: 'member' | 'absent' | 'none';
  readonly REPOSITORIES: 'backup' | 'empty' | 'deleted' | 'history' | 'unknown';
  readonly BACKUP: 'fits' | 'none' | 'too-big';
  readonly LEASE: 'own' | 'none' | 'superseded' | 'unknown';
  readonly INITIALIZE: 'true' | 'false';
  readonly RECOVER: 'none' | 'ordered';
  readonly ARCHIVE: 'level' | 'behind' | 'gap' | 'left' | 'unknown';
  readonly SNAPSHOT: 'yes' | 'no';
  readonly REACHES: 'yes' | 'no';
  readonly ROLE: 'primary' | 'standby' | 'unknown';
  /** Of a standby. */
  readonly LINEAGE?: 'follows' | 'pending' | 'left' | 'unknown';
  readonly REBUILD?: 'none' | 'ordered';
}

export type Decide = (facts: Facts) => string;

/** A change of decide.sh: one place of its text, and what stands there instead. */
export type Mutation = readonly [from: string, to: string];

const known = new Set<string>();

/**
 * decide.sh itself, or a mutant of it. Facts that were asked once are never asked again; a new script is asked
 * for all that any other was asked, by one shell.
 */
export function decision(mutation?: Mutation): Decide {
  const text = readFileSync(SCRIPT, 'utf8');
  if (mutation !== undefined && text.split(mutation[0]).length !== 2)
    throw new Error(`decide.sh has not exactly one place "${mutation[0]}"`);
  const script = mutation === undefined ? text : text.replace(mutation[0], () => mutation[1]);
  const answers = new Map<string, string>();
  const ask = (lines: readonly string[]) => {
    const said = runAll(script, lines);
    for (const [index, line] of lines.entries()) answers.set(line, said[index] ?? '');
  };
  ask([...known]);
  return (facts) => {
    const line = Object.entries(facts)
      .map(([name, value]) => `FACT_${name}=${value}`)
      .join(' ');
    if (!answers.has(line)) {
      known.add(line);
      ask([line]);
    }
    return answers.get(line) ?? '';
  };
}

/** One shell for all of them; the facts of a line are assigned, then decided upon. */
function runAll(script: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'decide-'));
  try {
    writeFileSync(join(folder, 'decide.sh'), script);
    const program = 'source "$1/decide.sh"; while read -r line; do declare $line; decide; done';
    const input = `${lines.join('\n')}\n`;
    return execFileSync('bash', ['-c', program, 'model', folder], { input, encoding: 'utf8' })
      .trimEnd()
      .split('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
