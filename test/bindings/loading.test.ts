import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { exports } from '../../package.json';

const ROOT = join(__dirname, '../..');
const source = (entry: string): string => join(ROOT, entry.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts'));

/** Packages of which a program has read files, with the files, in a process of its own. */
function loaded(program: string): ReadonlyMap<string, readonly string[]> {
  const script = `${program}; console.log(JSON.stringify(Object.keys(require.cache)));`;
  const printed = execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' });
  const packages = new Map<string, string[]>();
  for (const file of JSON.parse(printed) as string[]) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
    if (name !== undefined) packages.set(name, [...(packages.get(name) ?? []), file]);
  }
  return packages;
}

const SLOW =
  /^(@cdktf\/provider-.*|handlebars|yaml|@prometheus-io\/.*|@lezer\/.*|@grafana\/.*|@kubernetes-models\/.*|@aws-sdk\/.*)$/;

test('requiring any entry loads nothing that is slow: no resource of Terraform, no template engine, no SDK', () => {
  const clients = ['./object-storage/client', './escrow/client'];
  const entries = Object.entries(exports).filter(([name]) => !clients.includes(name));
  expect(entries.length).toBeGreaterThan(20);
  const program = entries.map(([, file]) => `require(${JSON.stringify(source(file))})`).join(';');
  expect([...loaded(program).keys()].filter((name) => SLOW.test(name))).toEqual([]);
});

test('one that is declared loads its own resource alone, never all of them', () => {
  const program = `require(${JSON.stringify(join(ROOT, 'constructs/bindings/aws.ts'))}).aws.S3Bucket`;
  const files = loaded(program).get('@cdktf/provider-aws') ?? [];
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(file).toContain('/provider-aws/lib/s3-bucket/');
});
