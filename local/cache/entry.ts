import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isLock, lock, tryLock } from '../processes/lock';
import { cacheDirectory } from './directory';
import { type CacheInputs, cacheKey } from './key';

/** Entries that nobody has used for this long make room when their successor is built. */
const KEPT_UNUSED_MS = 14 * 24 * 3_600_000;

export interface CacheEntryProps {
  /** What it is, e.g. `binary-kubernetes`: the readable half of the folder's name. */
  readonly name: string;
  readonly inputs: CacheInputs;
  /** Fills an empty folder. Called only when no entry with these inputs exists. */
  readonly build: (directory: string) => Promise<void>;
  /** Told once when another process is building the same thing. */
  readonly onWait?: (message: string) => void;
}

/** The folder of an entry, whether or not it exists yet. */
export function entryPath(name: string, inputs: CacheInputs): string {
  return join(cacheDirectory(), 'artefacts', `${name}-${cacheKey(inputs)}`);
}

/**
 * The folder of a built artefact. It appears by a rename once it is whole, so
 * a build that was killed leaves nothing that could be mistaken for a result.
 */
export async function cached(props: CacheEntryProps): Promise<string> {
  const path = entryPath(props.name, props.inputs);
  if (existsSync(path)) {
    utimesSync(path, new Date(), new Date());
    return path;
  }
  const held = await lock(`${path}.lock`, `building ${props.name}`, (holder) => {
    props.onWait?.(`waiting for process ${holder.pid}, which is building ${props.name}`);
  });
  const draft = `${path}.draft`;
  try {
    if (existsSync(path)) return path;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await props.build(draft);
    renameSync(draft, path);
    removeUnused(props.name, path);
    return path;
  } finally {
    rmSync(draft, { recursive: true, force: true });
    held.release();
  }
}

/** Removes older versions of the same artefact that no checkout has asked for lately. */
function removeUnused(name: string, newest: string): void {
  const parent = join(newest, '..');
  const pattern = new RegExp(`^${name.replace(/[^\w-]/g, '\\$&')}-[0-9a-f]{16}$`);
  for (const entry of readdirSync(parent)) {
    const path = join(parent, entry);
    if (!pattern.test(entry) || entry === basename(newest)) continue;
    if (Date.now() - statSync(path).mtimeMs < KEPT_UNUSED_MS) continue;
    const turn = tryLock(`${path}.lock`, `removing ${entry}`);
    if (!isLock(turn)) continue;
    rmSync(path, { recursive: true, force: true });
    turn.release();
  }
}
