import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { specHash } from '../core';

const FOLDER = join(__dirname, 'scripts');

let scripts: Readonly<Record<string, string>> | undefined;

/** What pods run: shell and SQL, by file name, as they are on disk. Read once; frozen, being everybody's. */
export function podScripts(): Readonly<Record<string, string>> {
  scripts ??= Object.freeze(readScripts());
  return scripts;
}

let hash: string | undefined;

/** Changes whenever a script does. */
export function podScriptsHash(): string {
  hash ??= specHash(podScripts());
  return hash;
}

function readScripts(): Record<string, string> {
  const names = readdirSync(FOLDER)
    .filter((name) => !name.endsWith('.md'))
    .sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
}
