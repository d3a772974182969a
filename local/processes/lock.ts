import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './identity';

/** Who holds a lock. */
export interface LockHolder extends ProcessIdentity {
  readonly purpose: string;
}

export interface Lock {
  release(): void;
}

/**
 * Takes a lock file for this process. A lock whose holder has died is taken over.
 * @returns the lock, or who holds it
 */
export function tryLock(path: string, purpose: string): Lock | LockHolder {
  mkdirSync(dirname(path), { recursive: true });
  const me = identify(process.pid);
  if (me === undefined) throw new Error('/proc is not mounted: processes cannot be told apart.');
  const mine = JSON.stringify({ ...me, purpose });
  // The file appears under its name complete or not at all, so a reader never sees half a holder.
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, mine);
  try {
    for (;;) {
      if (linked(draft, path)) return { release: () => releaseIfMine(path, mine) };
      const text = read(path);
      if (text === undefined) continue;
      const holder = parse(text);
      if (holder !== undefined && isAlive(holder)) return holder;
      removeStale(path, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

export function isLock(result: Lock | LockHolder): result is Lock {
  return 'release' in result;
}

/** Waits for its turn; used where two builders want the same artefact. */
export async function lock(
  path: string,
  purpose: string,
  onWait: (holder: LockHolder) => void,
): Promise<Lock> {
  let told = false;
  for (;;) {
    const result = tryLock(path, purpose);
    if (isLock(result)) return result;
    if (!told) onWait(result);
    told = true;
    await sleep(300);
  }
}

/** Who holds this lock now, if anybody alive does. */
export function lockHolder(path: string): LockHolder | undefined {
  const holder = parse(read(path) ?? '');
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): LockHolder | undefined {
  try {
    return JSON.parse(text) as LockHolder;
  } catch {
    return undefined;
  }
}

/** Two processes may find the same stale lock: whoever catches a fresh one by mistake puts it back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== stale) linked(aside, path);
  rmSync(aside, { force: true });
}

function releaseIfMine(path: string, mine: string): void {
  if (read(path) === mine) rmSync(path, { force: true });
}
