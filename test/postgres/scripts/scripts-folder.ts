import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podScripts } from '../../../constructs/postgres/scripts';

/** A pod's scripts, as its config map puts them into one folder. */
export function writeScripts(folder: string, scripts: Readonly<Record<string, string>> = podScripts()): void {
  for (const [name, text] of Object.entries(scripts))
    writeFileSync(join(folder, name), text, { mode: 0o755 });
}

/** A new folder with them, which goes when the tests of the file are over. */
export function podScriptsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
  writeScripts(folder);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
