/**
 * Writes constructs/recovery/kit/types.generated.json: Kubernetes' own types
 * as far as the kit needs them, taken from @kubernetes/client-node. The client
 * loads in more than half a second, so the synth reads this table instead.
 *
 *   npx tsx scripts/generate-kubernetes-types.mts          writes the file
 *   npx tsx scripts/generate-kubernetes-types.mts --check  fails when it is stale
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as models from '@kubernetes/client-node';
import { RESOURCE_KINDS } from '../constructs/recovery/kit/kinds.js';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}
interface Model {
  getAttributeTypeMap(): readonly Attribute[];
}

// Set by the server, never by a manifest.
const SERVER_SIDE: Readonly<Record<string, readonly string[]>> = {
  V1ObjectMeta: [
    'creationTimestamp',
    'deletionGracePeriodSeconds',
    'deletionTimestamp',
    'generation',
    'managedFields',
    'resourceVersion',
    'selfLink',
    'uid',
  ],
};

function isModel(value: unknown): value is Model {
  return typeof value === 'function' && 'getAttributeTypeMap' in value;
}

const exported: ReadonlyMap<string, unknown> = new Map(Object.entries(models));
const roots = [...Object.values(RESOURCE_KINDS).map((kind) => kind.type), 'V1PersistentVolumeClaimTemplate'];
const types: Record<string, Record<string, string>> = {};
const queue = [...roots];
for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
  const model = exported.get(name);
  if (types[name] !== undefined) continue;
  if (!isModel(model)) throw new Error(`${name} is no model of @kubernetes/client-node.`);
  const properties: Record<string, string> = {};
  for (const attribute of model.getAttributeTypeMap()) {
    const statusOfRoot = attribute.baseName === 'status' && roots.includes(name);
    if (statusOfRoot || SERVER_SIDE[name]?.includes(attribute.baseName)) continue;
    const type = attribute.type.replaceAll(' ', '').replace('{[key:string]:', '{').replace(';}', '}');
    properties[attribute.baseName] = type;
    const inner = /[A-Za-z0-9]+(?=[>}]*$)/.exec(type)?.[0] ?? '';
    if (isModel(exported.get(inner))) queue.push(inner);
  }
  types[name] = properties;
}

const lines = Object.keys(types)
  .sort()
  .map((name) => `${JSON.stringify(name)}:${JSON.stringify(types[name])}`);
const text = `{\n${lines.join(',\n')}\n}\n`;
const file = fileURLToPath(new URL('../constructs/recovery/kit/types.generated.json', import.meta.url));
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${file} is stale. Run: npx tsx scripts/generate-kubernetes-types.mts`);
  process.exitCode = 1;
}
