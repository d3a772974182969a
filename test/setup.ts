import { existsSync, readFileSync } from 'node:fs';
import { POSTGRES_ROOT_FILE } from './postgres-root';

/** Once before all tests: pod scripts run in the image that pods run, where it was prepared. */
export default function setup(): void {
  if (process.env['TEST_POSTGRES_ROOT'] !== undefined || !existsSync(POSTGRES_ROOT_FILE)) return;
  const root = readFileSync(POSTGRES_ROOT_FILE, 'utf8');
  if (existsSync(root)) process.env['TEST_POSTGRES_ROOT'] = root;
}
