import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** In a process of its own: jest caches modules by itself. */
function run(script: string): string {
  const program = `const core = require(${JSON.stringify(join(__dirname, '../../constructs/core/index.ts'))});
    const archiver = require.resolve('archiver', { paths: [require.resolve('cdktf')] });
    const read = () => Object.keys(require.cache).filter((file) => file.includes('/archiver') || file.includes('/zip-stream/')).length;
    ${script}`;
  return execFileSync(process.execPath, ['--import', 'tsx', '-e', program], { encoding: 'utf8' }).trim();
}

test('cdktf is loaded without its packer of assets', () => {
  // What stands in its place.
  expect(run('console.log(read())')).toBe('1');
});

test('an asset that is zipped is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'asset-'));
  try {
    writeFileSync(join(folder, 'content.txt'), 'as it is');
    const outdir = join(folder, 'out');
    run(`
      const { AssetType, TerraformAsset, TerraformStack } = require('cdktf');
      const app = new core.App({ outdir: ${JSON.stringify(outdir)}, stackTraces: false });
      const stack = new TerraformStack(app, 'one');
      const path = ${JSON.stringify(join(folder, 'content.txt'))};
      new TerraformAsset(stack, 'plain', { path, type: AssetType.FILE });
      new TerraformAsset(stack, 'zipped', { path: ${JSON.stringify(__dirname)}, type: AssetType.ARCHIVE });
      app.synth();`);
    const zips = readdirSync(outdir, { recursive: true }).filter((name) => String(name).endsWith('.zip'));
    expect(zips).toHaveLength(1);
    expect(
      readFileSync(join(outdir, String(zips[0])))
        .subarray(0, 2)
        .toString(),
    ).toBe('PK');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('others get from it what they look for', () => {
  expect(run('console.log(typeof require(archiver).create, typeof require(archiver))')).toBe(
    'function function',
  );
});
