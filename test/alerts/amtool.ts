import { execFileSync } from 'node:child_process';
import { builtProgram } from '../built-program';

/**
 * Where amtool is, Alertmanager's client: as `npm run pretest` built it, unless `AMTOOL` names another one, of Alertmanager
 * 0.28 or later; `undefined` where there is none.
 */
export const AMTOOL = process.env['AMTOOL'] ?? builtProgram('amtool');

/** Tests that need it: skipped, and counted as such, without. */
export const describeWithAmtool = AMTOOL === undefined ? describe.skip : describe;

export function amtool(...args: string[]): string {
  return execFileSync(AMTOOL ?? 'amtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
