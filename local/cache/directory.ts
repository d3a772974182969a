import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where everything built is kept: outside the checkout, so that a fresh clone
 * builds nothing twice. `DISASTER_RECOVERY_CACHE` names another place.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment['DISASTER_RECOVERY_CACHE'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  const base = environment['XDG_CACHE_HOME'];
  return join(
    base !== undefined && base !== '' ? base : join(homedir(), '.cache'),
    'cdktf-disaster-recovery',
  );
}

/** Where running instances keep their records, logs and data. */
export function instancesDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDirectory(environment), 'instances');
}
