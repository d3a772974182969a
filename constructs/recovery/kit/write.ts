import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KitFaultsError } from './fault';
import type { Kit } from './kit';

/**
 * Writes the kit, in place of the one that was there.
 * @throws KitFaultsError when the kit has faults: then nothing is written, and
 * the kit that was there stays
 */
export function writeKit(kit: Kit, directory: string): void {
  if (kit.faults.length > 0) throw new KitFaultsError(kit.faults);
  clear(directory);
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

/** Removes the kit of an earlier synth, and nothing that is no kit. */
function clear(directory: string): void {
  if (!existsSync(directory)) return;
  const isKit = existsSync(join(directory, 'plan')) && existsSync(join(directory, 'apply'));
  if (!isKit && readdirSync(directory).length > 0) {
    throw new Error(
      `${directory} holds files and is no kit; it was left alone. FIX: give writeKit an empty folder, or remove this one.`,
    );
  }
  rmSync(directory, { recursive: true });
}
