import { existsSync, readFileSync } from 'node:fs';
import { POSTGRES_ROOT_FILE, UPGRADE_ROOT_FILE } from './postgres-root';

/** Once before all tests: pod scripts run in the image that pods run, where it was prepared. */
export default function setup(): void {
  tell('TEST_POSTGRES_ROOT', POSTGRES_ROOT_FILE);
  tell('TEST_UPGRADE_ROOT', UPGRADE_ROOT_FILE);
}

function tell(variable: string, file: string): void {
  if (process.env[variable] !== undefined || !existsSync(file)) return;
  const root = readFileSync(file, 'utf8');
  if (existsSync(root)) process.env[variable] = root;
}
