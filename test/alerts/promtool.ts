import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { Rule } from '../../constructs/alerts';
import type { RecordingRule } from '../../constructs/alerts/fact';
import type { PromtoolTest } from '../../constructs/alerts/rule-tests';
import { findPromtool } from '../promtool';

/** Where promtool is; `undefined` where there is none. */
export const PROMTOOL = process.env['PROMTOOL'] ?? findPromtool();

/** Tests that need promtool: skipped, and counted as such, without. */
export const describeWithPromtool = PROMTOOL === undefined ? describe.skip : describe;

/** Rules, and tests of them. */
export interface RuleSuite {
  readonly rules: readonly (RecordingRule | Rule)[];
  readonly tests: readonly PromtoolTest[];
  /** How often the rules are evaluated. @default '1m', as in the files that an environment ships */
  readonly interval?: string;
}

/** What promtool says against these tests of these rules; empty when they pass. */
export async function testRules(suite: RuleSuite): Promise<string> {
  return inFolder(async (folder) => promtool('test', 'rules', write(suite, folder, 'rules')));
}

/** Suites that one process tests, since its start takes longer than a test. */
const BATCH = 50;

/** Which of many suites pass, each by itself. */
export async function passing<T extends RuleSuite>(suites: readonly T[]): Promise<T[]> {
  const passed: T[] = [];
  for (let from = 0; from < suites.length; from += BATCH)
    passed.push(...(await passingOf(suites.slice(from, from + BATCH))));
  return passed;
}

function passingOf<T extends RuleSuite>(suites: readonly T[]): Promise<T[]> {
  return inFolder(async (folder) => {
    const files = suites.map((suite, index) => write(suite, folder, String(index)));
    const said = await inOrder(join(folder, 'output'), 'test', 'rules', ...files);
    // It names no file, but goes through them in order.
    const verdicts = [...said.matchAll(/^ {2}(SUCCESS|FAILED:)$/gm)].map(([, verdict]) => verdict);
    if (verdicts.length !== suites.length)
      throw new Error(`promtool told of ${verdicts.length} of ${suites.length} suites:\n${said}`);
    return suites.filter((_, index) => verdicts[index] === 'SUCCESS');
  });
}

/**
 * The tests of a suite whose series have samples equally often, as suites that are evaluated no more often than that: a test
 * of two days does in a fifth of the time what it does every minute. Not every rule passes its tests so.
 */
export function byInterval<T extends RuleSuite>(suite: T): (T & { readonly interval: string })[] {
  const intervals = [...new Set(suite.tests.map(({ interval }) => interval))];
  return intervals.map((interval) => ({
    ...suite,
    tests: suite.tests.filter((test) => test.interval === interval),
    interval,
  }));
}

/** Both streams of promtool as they came: it tells of failures on the other one than of successes. */
async function inOrder(file: string, ...args: string[]): Promise<string> {
  const output = openSync(file, 'w');
  try {
    const child = spawn(PROMTOOL ?? 'promtool', args, {
      stdio: ['ignore', output, output],
      timeout: 600_000,
    });
    await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  } finally {
    closeSync(output);
  }
  return readFileSync(file, 'utf8');
}

function write({ interval = '1m', rules, tests }: RuleSuite, folder: string, name: string): string {
  const file = join(folder, `${name}.test.yaml`);
  writeFileSync(join(folder, `${name}.yaml`), stringify({ groups: [{ name: 'tested', rules }] }));
  const content = { rule_files: [`${name}.yaml`], evaluation_interval: interval, tests };
  writeFileSync(file, stringify(content, { aliasDuplicateObjects: false }));
  return file;
}

/** What promtool says against them; empty when they pass. */
export async function promtool(...args: string[]): Promise<string> {
  const { failed, stderr, stdout } = await execute(...args);
  return failed ? `${stdout}${stderr}` || 'promtool ended without a word' : '';
}

async function execute(...args: string[]): Promise<{ failed: boolean; stdout: string; stderr: string }> {
  try {
    const options = { timeout: 600_000, maxBuffer: 64 << 20 };
    return { failed: false, ...(await promisify(execFile)(PROMTOOL ?? 'promtool', args, options)) };
  } catch (error) {
    const { stderr = String(error), stdout = '' } = error as { stderr?: string; stdout?: string };
    return { failed: true, stdout, stderr };
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
