import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { exports } from '../../package.json';

const ROOT = join(__dirname, '../..');
const AMAZONS = ['./aws', './object-storage/aws'];

/** Files of the binding that are read when these entries of the package are required. */
function bindings(entries: readonly string[]): string[] {
  const files = entries.map((entry) =>
    join(ROOT, (exports as Record<string, string>)[entry]?.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts') ?? ''),
  );
  const script = `for (const file of ${JSON.stringify(files)}) require(file);
    console.log(JSON.stringify(Object.keys(require.cache).filter((file) => file.includes('provider-aws'))));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' }),
  ) as string[];
}

test('no entry but Amazon’s own loads its binding; policies do not either', () => {
  const others = Object.keys(exports).filter((entry) => !AMAZONS.includes(entry));
  expect(others).toContain('./aws/policies');
  expect(bindings(others)).toEqual([]);
});

test('of the binding single resources are loaded, never all of it', () => {
  const loaded = bindings(AMAZONS);
  expect(loaded.length).toBeGreaterThan(20);
  expect(loaded.filter((file) => /provider-aws\/lib\/(index|lazy-index)\.js$/.test(file))).toEqual([]);
  expect(loaded.length).toBeLessThan(100);
});
