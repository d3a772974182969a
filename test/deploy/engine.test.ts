import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '../../constructs/object-storage/client';
import { apply, chooseEngine } from '../../deploy/engine';

/** The part of a vault that remembers engines. */
class Memory implements ObjectStore {
  readonly objects = new Map<string, string>();
  read = (key: string) => Promise.resolve(this.objects.get(key));
  write = (key: string, body: string | Uint8Array) =>
    Promise.resolve(void this.objects.set(key, String(body)));
  writeNew = () => Promise.reject(new Error('not used'));
  keys = () => Promise.reject(new Error('not used'));
}

const KEY = 'records/staging/engines/eu-1';
const PATH = process.env['PATH'];
let store: Memory;
let said: string[];
const options = () => ({
  environment: 'staging',
  incarnation: 'eu-1',
  store,
  progress: (line: string) => void said.push(line),
});

beforeEach(() => {
  store = new Memory();
  said = [];
  // No terraform to be found: its providers cannot be had here.
  process.env['PATH'] = '/nonexistent';
});
afterEach(() => {
  process.env['PATH'] = PATH;
});

test('without Terraform a new life is applied by the kit, says so, and remembers', async () => {
  expect(await chooseEngine('auto', options())).toBe('kit');
  expect(said).toEqual(['engine: kit (terraform is not installed)']);
  expect(store.objects.get(KEY)).toBe('kit');
});

test('a life that began with the kit stays with it', async () => {
  store.objects.set(KEY, 'kit');
  expect(await chooseEngine('auto', options())).toBe('kit');
  expect(said).toEqual(['engine: kit (as this life of the environment began)']);
});

test('a life that began with Terraform is never taken over silently', async () => {
  store.objects.set(KEY, 'terraform');
  await expect(chooseEngine('auto', options())).rejects.toThrow(
    /cannot be used now: .* — FIX: .*--engine kit/,
  );
  expect(store.objects.get(KEY)).toBe('terraform');
});

test('who insists gets it, and it is remembered', async () => {
  store.objects.set(KEY, 'terraform');
  expect(await chooseEngine('kit', options())).toBe('kit');
  expect(store.objects.get(KEY)).toBe('kit');
});

test.each([
  ['cluster', ['--context', 'here', '--layer', 'staging-cluster']],
  ['platform', ['--context', 'here', '--without-monitoring']],
  ['monitoring', ['--context', 'here', '--monitoring']],
] as const)('the kit applies %s by its own options', async (part, expected) => {
  process.env['PATH'] = PATH;
  const directory = mkdtempSync(join(tmpdir(), 'kit-'));
  const folder = join(directory, 'cdktf.out/recovery/staging/kit');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'apply'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  await apply('kit', part, {
    environment: 'staging',
    context: 'here',
    directory,
    variables: {},
    progress: (line) => void said.push(line),
  });
  expect(said).toEqual(expected);
  rmSync(directory, { recursive: true });
});
