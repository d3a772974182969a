import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Everything that goes into an artefact. Two builds with equal inputs are the
 * same artefact; whatever changes the result has to be named here.
 */
export interface CacheInputs {
  /** Values such as build flags and tool versions. */
  readonly values?: Readonly<Record<string, string>>;
  /** Files and folders, whose paths inside and contents count. */
  readonly paths?: readonly string[];
}

/** The hash that names an artefact: 16 hexadecimal digits. */
export function cacheKey(inputs: CacheInputs): string {
  const hash = createHash('sha256');
  // Every part carries its length, so that no two different lists of parts read the same.
  const add = (part: string | Buffer): void => {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  };
  for (const name of Object.keys(inputs.values ?? {}).sort()) {
    add('value');
    add(name);
    add(inputs.values?.[name] ?? '');
  }
  for (const path of inputs.paths ?? []) {
    add('path');
    addPath(path, '.', add);
  }
  return hash.digest('hex').slice(0, 16);
}

function addPath(path: string, name: string, add: (part: string | Buffer) => void): void {
  const stat = lstatSync(path);
  add(name);
  if (stat.isDirectory()) {
    for (const entry of readdirSync(path).sort()) addPath(join(path, entry), `${name}/${entry}`, add);
    return;
  }
  // Of the mode only the executable bit counts: the rest depends on the umask of the checkout.
  add(stat.isSymbolicLink() ? 'link' : (stat.mode & 0o100) !== 0 ? 'executable' : 'file');
  add(stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path));
}
