import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../local/cache/directory';
import { cached, entryPath } from '../../local/cache/entry';
import { cacheKey } from '../../local/cache/key';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cache-test-'));
  process.env['DISASTER_RECOVERY_CACHE'] = join(directory, 'cache');
});

afterEach(() => {
  delete process.env['DISASTER_RECOVERY_CACHE'];
  rmSync(directory, { recursive: true, force: true });
});

describe('where the cache is', () => {
  test('a chosen folder comes first, then the user cache folder, then the home folder', () => {
    expect(cacheDirectory({ DISASTER_RECOVERY_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
    expect(cacheDirectory({ XDG_CACHE_HOME: '/b' })).toBe('/b/cdktf-disaster-recovery');
    expect(cacheDirectory({})).toMatch(/\/\.cache\/cdktf-disaster-recovery$/);
  });
});

describe('the key of an artefact', () => {
  function source(files: Record<string, string>): string {
    const path = mkdtempSync(join(directory, 'source-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(path, name, '..'), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    return path;
  }

  test('is the same for equal sources in different folders', () => {
    const one = source({ 'main.go': 'package main', 'sub/a': '1' });
    const two = source({ 'main.go': 'package main', 'sub/a': '1' });
    expect(cacheKey({ paths: [one] })).toBe(cacheKey({ paths: [two] }));
  });

  test.each([
    ['a file changed', { 'main.go': 'package other' }],
    ['a file was renamed', { 'other.go': 'package main' }],
    ['a file was added', { 'main.go': 'package main', 'go.sum': '' }],
    ['a file moved into a folder', { 'sub/main.go': 'package main' }],
  ])('changes when %s', (_, files) => {
    const before = source({ 'main.go': 'package main' });
    expect(cacheKey({ paths: [source(files as Record<string, string>)] })).not.toBe(
      cacheKey({ paths: [before] }),
    );
  });

  test('changes with a value, and does not mistake the end of one for the beginning of the next', () => {
    expect(cacheKey({ values: { go: '1.24' } })).not.toBe(cacheKey({ values: { go: '1.25' } }));
    expect(cacheKey({ values: { a: 'bc' } })).not.toBe(cacheKey({ values: { ab: 'c' } }));
    expect(cacheKey({ values: { a: '1', b: '2' } })).toBe(cacheKey({ values: { b: '2', a: '1' } }));
  });
});

describe('an entry', () => {
  const inputs = { values: { version: '1' } };

  test('is built once and found again', async () => {
    let builds = 0;
    const build = async (path: string): Promise<void> => {
      builds += 1;
      writeFileSync(join(path, 'result'), 'made');
    };
    const first = await cached({ name: 'thing', inputs, build });
    const second = await cached({ name: 'thing', inputs, build });
    expect(builds).toBe(1);
    expect(second).toBe(first);
    expect(readFileSync(join(first, 'result'), 'utf8')).toBe('made');
  });

  test('is not there when its build failed half-way, and the next build starts from an empty folder', async () => {
    const failing = cached({
      name: 'thing',
      inputs,
      build: async (path) => {
        writeFileSync(join(path, 'half'), '');
        throw new Error('out of disk');
      },
    });
    await expect(failing).rejects.toThrow('out of disk');
    expect(readdirSync(join(entryPath('thing', inputs), '..'))).toEqual([]);
    const path = await cached({ name: 'thing', inputs, build: async () => undefined });
    expect(readdirSync(path)).toEqual([]);
  });

  test('of two builders at once, one builds and the other waits', async () => {
    let builds = 0;
    const waits: string[] = [];
    const build = async (): Promise<void> => {
      builds += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
    };
    const props = { name: 'thing', inputs, build, onWait: (message: string) => waits.push(message) };
    const [one, two] = await Promise.all([cached(props), cached(props)]);
    expect(one).toBe(two);
    expect(builds).toBe(1);
    expect(waits).toEqual([`waiting for process ${process.pid}, which is building thing`]);
  });

  test('an older version of the same thing goes when nobody has used it for long, others stay', async () => {
    const build = async (): Promise<void> => undefined;
    const longAgo = new Date(Date.now() - 30 * 86_400_000);
    const at = (version: string) => ({ values: { version } });
    const unused = await cached({ name: 'thing', inputs: at('1'), build });
    const recent = await cached({ name: 'thing', inputs: at('2'), build });
    const other = await cached({ name: 'thing-else', inputs: at('1'), build });
    for (const path of [unused, other]) utimesSync(path, longAgo, longAgo);
    const newest = await cached({ name: 'thing', inputs: at('3'), build });
    const left = readdirSync(join(newest, '..')).map((entry) => join(newest, '..', entry));
    expect(left.sort()).toEqual([recent, other, newest].sort());
  });
});
