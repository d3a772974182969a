import { readFileSync } from 'node:fs';
import { type Identity, readIdentities } from '../constructs/escrow/client';
import { EnvironmentProblem } from '../deploy/progress';

/** The identities in a file, or on standard input (`-`). */
export async function readIdentityFile(file: string): Promise<Identity[]> {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new EnvironmentProblem(
      `the identity file cannot be read: ${error instanceof Error ? error.message : String(error)} — FIX: name the file that age-keygen has written, or - for standard input`,
    );
  }
  return readIdentities(text);
}
