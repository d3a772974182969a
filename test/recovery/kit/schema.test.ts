import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { INLINED, RENAMED, TERRAFORM_ONLY } from '../../../constructs/recovery/kit/exceptions';
import { RESOURCE_KINDS } from '../../../constructs/recovery/kit/kinds';
import { findProperty, type PropertyType } from '../../../constructs/recovery/kit/kubernetes-types';

/**
 * The bindings were generated from the provider's schema: their mappers name
 * every argument of every block. So the whole schema can be walked without a
 * provider.
 */
type Blocks = ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;

function readBindings(resource: string): {
  readonly root: readonly [string, string | undefined][];
  readonly blocks: Blocks;
} {
  const folder = dirname(require.resolve(`@cdktf/provider-kubernetes/lib/${resource}`));
  const structs = join(folder, 'index-structs');
  const files = [
    join(folder, 'index.js'),
    ...(existsSync(structs)
      ? readdirSync(structs)
          .filter((name) => name.endsWith('.js'))
          .map((name) => join(structs, name))
      : []),
  ];
  const blocks = new Map<string, Map<string, string | undefined>>();
  let root: [string, string | undefined][] = [];
  for (const file of files) {
    const source = readFileSync(file, 'utf8');
    for (const [, name = '', body = ''] of source.matchAll(
      /^function (\w+)ToTerraform\(struct\) \{(.*?)^\}/gms,
    )) {
      if (!name.endsWith('Hcl')) blocks.set(name, new Map(readArguments(body)));
    }
    const attributes = /synthesizeAttributes\(\) \{(.*?)\n {4}\}/s.exec(source)?.[1];
    if (attributes !== undefined && file.endsWith(join(resource, 'index.js')))
      root = readArguments(attributes);
  }
  return { root, blocks };
}

/** `name: mapper(struct.x)` → the name, and the block that the mapper maps. */
function readArguments(body: string): [string, string | undefined][] {
  return [...body.matchAll(/^\s+(\w+): (.*),$/gm)].map(([, name = '', mapper = '']) => [
    name,
    /(?:^|[\s(.])(\w+)ToTerraform\b/.exec(mapper.replaceAll(/cdktf\.\w+ToTerraform/g, ''))?.[1],
  ]);
}

function unmapped(resource: string): { readonly paths: number; readonly missing: readonly string[] } {
  const { root, blocks } = readBindings(resource);
  const kind = RESOURCE_KINDS[`kubernetes_${resource.replaceAll('-', '_')}`];
  const missing: string[] = [];
  let paths = 0;
  const visit = (
    type: string,
    entries: Iterable<readonly [string, string | undefined]>,
    path: string,
  ): void => {
    for (const [argument, block] of entries) {
      const place = `${path}${argument}`;
      if (path === '' && TERRAFORM_ONLY.has(argument)) continue;
      paths++;
      const inner = block === undefined ? undefined : blocks.get(block);
      if (INLINED.has(`${type}.${argument}`)) {
        visit(type, inner ?? [], `${place}.`);
        continue;
      }
      const property = findProperty(type, RENAMED[`${type}.${argument}`] ?? argument);
      if (property === undefined) missing.push(place);
      else if (inner !== undefined) {
        const of = objectType(property.type);
        if (of === undefined) missing.push(`${place} (a block)`);
        else visit(of, inner, `${place}.`);
      }
    }
  };
  if (kind === undefined) throw new Error(`${resource} is no kind of the kit`);
  visit(kind.type, root, '');
  return { paths, missing };
}

function objectType(type: PropertyType): string | undefined {
  if (type.of === 'object') return type.type;
  return type.of === 'list' ? objectType(type.item) : undefined;
}

/** The provider has these and Kubernetes has not; the kit reports their use as a fault. */
const NO_COUNTERPART = [
  /\.volume\.azure_file\.secret_namespace$/,
  /\.volume\.(ceph_fs|flex_volume|rbd)\.secret_ref\.namespace$/,
  /\.volume\.local$/,
  /^spec\.target_cpu_utilization_percentage$/,
];

/** secret.ts reads these. */
const SECRET_ONLY = [
  'binary_data',
  'binary_data_wo',
  'binary_data_wo_revision',
  'data_wo',
  'data_wo_revision',
];

test.each(Object.keys(RESOURCE_KINDS))('every argument of %s has a field in Kubernetes', (type) => {
  const { missing } = unmapped(type.replace('kubernetes_', '').replaceAll('_', '-'));
  const unknown = missing.filter((path) => !NO_COUNTERPART.some((pattern) => pattern.test(path)));
  expect(unknown).toEqual(type === 'kubernetes_secret_v1' ? SECRET_ONLY : []);
});

test('the walk reaches the depth of the schema', () => {
  expect(unmapped('stateful-set-v1').paths).toBeGreaterThan(700);
  expect(unmapped('network-policy-v1').paths).toBeGreaterThan(30);
});

test('the table of types is what the generator writes today', () => {
  const script = join(__dirname, '../../../scripts/generate-kubernetes-types.mts');
  expect(() => execFileSync('npx', ['tsx', script, '--check'], { stdio: 'pipe' })).not.toThrow();
});
