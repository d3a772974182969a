import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alone } from '../../deploy/alone';

let directory: string;
const lockOf = () => join(directory, '.deploy.lock');
const quiet = () => undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'alone-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('one at a time: the other is told since when, and what to do; afterwards it is its turn', async () => {
  let end: (value: string) => void = () => undefined;
  const first = alone(directory, quiet, () => new Promise<string>((resolve) => (end = resolve)));
  while (!existsSync(lockOf())) await new Promise((resolve) => setTimeout(resolve, 10));
  await expect(alone(directory, quiet, async () => 'second')).rejects.toThrow(
    /^another deploy runs in this folder since 20\d\d-.* — FIX: wait for it, or deploy from a checkout of its own/,
  );
  end('first');
  expect(await first).toBe('first');
  expect(await alone(directory, quiet, async () => 'second')).toBe('second');
  expect(existsSync(lockOf())).toBe(false);
});

test('one that fails leaves no lock', async () => {
  const failing = alone(directory, quiet, async () => {
    throw new Error('as it says');
  });
  await expect(failing).rejects.toThrow('as it says');
  expect(existsSync(lockOf())).toBe(false);
});

test('one that was killed is in the way for half a minute', async () => {
  const holder = spawn(process.execPath, [
    '--require',
    'tsx/cjs',
    '--eval',
    `require(${JSON.stringify(join(__dirname, '../../deploy/alone.ts'))}).alone(${JSON.stringify(directory)}, () => {}, () => new Promise(() => setInterval(() => {}, 1000)))`,
  ]);
  try {
    while (!existsSync(lockOf())) await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    holder.kill('SIGKILL');
  }
  await new Promise((resolve) => holder.once('exit', resolve));
  await expect(alone(directory, quiet, async () => 'next')).rejects.toThrow(
    'if it was killed, try again in 30 s',
  );
  const long = Date.now() / 1000 - 31;
  utimesSync(lockOf(), long, long);
  expect(await alone(directory, quiet, async () => 'next')).toBe('next');
});

test('one that was killed before the clock was set back does not grow stale: what to remove is told', async () => {
  mkdirSync(lockOf());
  const later = Date.now() / 1000 + 3600;
  utimesSync(lockOf(), later, later);
  await expect(alone(directory, quiet, async () => 'next')).rejects.toThrow(`remove ${lockOf()}`);
  rmSync(lockOf(), { recursive: true });
  expect(await alone(directory, quiet, async () => 'next')).toBe('next');
});
