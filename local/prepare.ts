import { buildBinaries } from './binaries/build';
import { buildImages } from './images/build';
import { ensurePrerequisites } from './prerequisites';
import type { Progress } from './processes/progress';

/** Installs and builds whatever is still missing. With everything in the cache it takes a moment. */
export async function prepare(progress: Progress): Promise<void> {
  await ensurePrerequisites(progress);
  await buildBinaries(progress);
  await buildImages(progress);
}
