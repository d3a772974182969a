import { readFileSync } from 'node:fs';
import { join } from 'node:path';

let text: string | undefined;

/** The kit's `apply`, which stands beside this file as a script of its own, linted and tested as one. */
export function applyScript(): string {
  text ??= readFileSync(join(__dirname, 'scripts', 'apply.sh'), 'utf8');
  return text;
}
