import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = new Map<string, Readonly<Record<string, string>>>();

/** What a folder of pod scripts holds, by file name, as it is on disk. Read once; frozen, being everybody's. */
export function scriptFiles(folder: string): Readonly<Record<string, string>> {
  const known = folders.get(folder);
  if (known !== undefined) return known;
  const names = readdirSync(folder).filter((name) => !name.endsWith('.md'));
  const files = Object.freeze(
    Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
  );
  folders.set(folder, files);
  return files;
}
