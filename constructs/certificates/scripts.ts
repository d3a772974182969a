import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, 'scripts');

let scripts: Readonly<Record<string, string>> | undefined;

/** What the check's pod runs, by file name, as it is on disk. Read once. */
export function checkScripts(): Readonly<Record<string, string>> {
  scripts ??= Object.freeze(
    Object.fromEntries(
      readdirSync(FOLDER)
        .sort()
        .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
    ),
  );
  return scripts;
}
