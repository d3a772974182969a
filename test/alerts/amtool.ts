import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where amtool, Alertmanager's client, is (Debian: prometheus-alertmanager); `undefined` where there is none. */
export const AMTOOL =
  process.env['AMTOOL'] ?? (existsSync('/usr/bin/amtool') ? '/usr/bin/amtool' : undefined);

/** Tests that need it: skipped, and counted as such, without. */
export const describeWithAmtool = AMTOOL === undefined ? describe.skip : describe;

export function amtool(...args: string[]): string {
  return execFileSync(AMTOOL ?? 'amtool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Whether it reads configurations of Alertmanager 0.28, the first with Teams' workflows. */
export function knowsTeams(): boolean {
  if (AMTOOL === undefined) return false;
  const folder = mkdtempSync(join(tmpdir(), 'amtool-'));
  try {
    const teams = { name: 'a', msteamsv2_configs: [{ webhook_url: 'https://teams.example.com' }] };
    const file = join(folder, 'alertmanager.yml');
    writeFileSync(file, JSON.stringify({ route: { receiver: 'a' }, receivers: [teams] }));
    amtool('check-config', file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
