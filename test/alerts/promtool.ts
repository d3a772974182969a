import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { Rule } from '../../constructs/alerts';
import type { PromtoolTest } from '../../constructs/alerts/rule-tests';
import { findPromtool } from '../promtool';

/** Where promtool is; `undefined` where there is none. */
export const PROMTOOL = process.env['PROMTOOL'] ?? findPromtool();

/** Tests that need promtool: skipped, and counted as such, without. */
export const describeWithPromtool = PROMTOOL === undefined ? describe.skip : describe;

/** What promtool says against these tests of these rules; empty when they pass. */
export async function testRules(rules: readonly Rule[], tests: readonly PromtoolTest[]): Promise<string> {
  return inFolder(async (folder) => {
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'tested', rules }] }));
    const file = { rule_files: ['rules.yaml'], evaluation_interval: '1m', tests };
    writeFileSync(join(folder, 'rules.test.yaml'), stringify(file, { aliasDuplicateObjects: false }));
    return promtool('test', 'rules', join(folder, 'rules.test.yaml'));
  });
}

/** What promtool says against them; empty when they pass. */
export async function promtool(...args: string[]): Promise<string> {
  try {
    await promisify(execFile)(PROMTOOL ?? 'promtool', args, { timeout: 120_000 });
    return '';
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    return `${stdout ?? ''}${stderr ?? ''}` || String(error);
  }
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
