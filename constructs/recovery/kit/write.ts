import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { KitFaultsError } from './fault';
import type { Kit } from './kit';

/**
 * Writes the kit, in place of the one that was there.
 * @throws KitFaultsError when the kit has faults: then nothing is written, and
 * the kit that was there stays
 */
export function writeKit(kit: Kit, directory: string): void {
  if (kit.faults.length > 0) throw new KitFaultsError(kit.faults);
  removeStale(directory, kit);
  const made = new Set<string>();
  const makeFolder = (folder: string): void => {
    if (made.has(folder)) return;
    mkdirSync(folder, { recursive: true });
    made.add(folder);
  };
  for (const file of kit.files) {
    const path = join(directory, file.path);
    makeFolder(dirname(path));
    writeFileSync(path, file.content);
    if (file.executable) chmodSync(path, 0o755);
  }
  for (const chart of kit.charts) {
    const path = join(directory, chart.to);
    makeFolder(dirname(path));
    cpSync(chart.from, path, { recursive: true, dereference: true });
  }
}

/**
 * Removes what an earlier kit had and this one has not, and nothing that is no
 * kit. What stays is overwritten: that is several times faster than making ten
 * thousand files anew.
 */
function removeStale(directory: string, kit: Kit): void {
  if (!existsSync(directory)) return;
  const found = readdirSync(directory, { withFileTypes: true, recursive: true });
  const isKit = ['apply', 'plan'].every((name) => existsSync(join(directory, name)));
  if (found.length > 0 && !isKit) {
    throw new Error(
      `${directory} holds files and is no kit; it was left alone. FIX: give writeKit an empty folder, or remove this one.`,
    );
  }
  const kept = new Set(kit.files.flatMap(({ path }) => [path, ...foldersOf(path)]));
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(directory, path).replaceAll('\\', '/');
    if (!kept.has(name)) rmSync(path, { recursive: true, force: true });
  }
}

/** `a/b/c` → `a`, `a/b`. */
function foldersOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(0, -1)
    .map((_, index, steps) => steps.slice(0, index + 1).join('/'));
}
