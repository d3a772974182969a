import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PODS_IN_MEMORY } from './postgres/scripts/pods-directory';
import { POSTGRES_ROOT_FILE, UPGRADE_ROOT_FILE } from './postgres-root';

/** Once before all tests: pod scripts run in the image that pods run, where it was prepared. */
export default function setup(): void {
  tell('TEST_POSTGRES_ROOT', POSTGRES_ROOT_FILE);
  tell('TEST_UPGRADE_ROOT', UPGRADE_ROOT_FILE);
  forgetPods();
}

/** What runs that were killed have left in memory; no run takes a day. */
function forgetPods(): void {
  if (!existsSync(PODS_IN_MEMORY)) return;
  for (const name of readdirSync(PODS_IN_MEMORY)) {
    const folder = join(PODS_IN_MEMORY, name);
    const { mtimeMs = Date.now() } = statSync(folder, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs < Date.now() - 86_400_000) rmSync(folder, { recursive: true, force: true });
  }
}

function tell(variable: string, file: string): void {
  if (process.env[variable] !== undefined || !existsSync(file)) return;
  const root = readFileSync(file, 'utf8');
  if (existsSync(root)) process.env[variable] = root;
}
