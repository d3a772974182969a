import { join } from 'node:path';
import { scriptFiles, specHash } from '../core';
import { storeScripts } from '../object-storage';
import { shellScripts } from '../workloads';

let scripts: Readonly<Record<string, string>> | undefined;

/** What pods run: shell and SQL, by file name, with what they share with other pods. Frozen, being everybody's. */
export function podScripts(): Readonly<Record<string, string>> {
  scripts ??= Object.freeze({
    ...shellScripts(),
    ...storeScripts(),
    ...scriptFiles(join(__dirname, 'scripts')),
  });
  return scripts;
}

let hash: string | undefined;

/** Changes whenever a script does. */
export function podScriptsHash(): string {
  hash ??= specHash(podScripts());
  return hash;
}
