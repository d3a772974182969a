import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

export const PODS_IN_MEMORY = '/dev/shm/pods';

/** Where pods have their folders: in memory, where there is enough of it, since these tests write and sync whole databases. */
export function podsDirectory(): string {
  if (!existsSync('/dev/shm')) return tmpdir();
  const { bavail, bsize } = statfsSync('/dev/shm');
  if (bavail * bsize < 4e9) return tmpdir();
  mkdirSync(PODS_IN_MEMORY, { recursive: true });
  return PODS_IN_MEMORY;
}
