import type { EscrowFile } from '../escrow';
import type { KitFault } from './fault';
import { type Item, readItem } from './item';
import type { Kit, KitChart, KitFile } from './kit';
import { layerFiles } from './layer';
import { imagesOf, secretsOf } from './lists';
import type { KitOptions } from './options';
import { inOrder } from './order';
import { planLine } from './plan';
import { readme } from './readme';
import { chartReference } from './release-files';
import { Resolver } from './resolver';
import { applyScript } from './script';
import { type Apart, type KitStack, StackModel } from './stack';
import { type KitVariable, VariableUses } from './variables';

interface Layer {
  readonly name: string;
  readonly apart: Apart | undefined;
  readonly items: readonly Item[];
}

/**
 * The stacks, in the order in which they are applied, as plain Kubernetes
 * manifests. Writes nothing. What has no place in a kit is in `faults`.
 */
export function buildKit(stacks: readonly KitStack[], options: KitOptions): Kit {
  const models = stacks.map((stack) => new StackModel(stack));
  const references = (options.references ?? []).map((stack) => new StackModel(stack));
  const resolver = new Resolver([...models, ...references]);
  const uses = new VariableUses();
  const faults: KitFault[] = [];
  const outside: string[] = [];
  const layers = models.map((stack): Layer => {
    faults.push(...stack.unknownBlocks.map((block) => unknownBlock(stack.name, block)));
    const items = stack.resources.flatMap((resource) => {
      if (isOutside(resource.type, options)) {
        outside.push(`${resource.address} (${stack.name})`);
        return [];
      }
      const read = readItem(resource, stack, resolver, uses, options);
      faults.push(...read.faults);
      return read.item === undefined ? [] : [read.item];
    });
    return { name: stack.name, apart: stack.apart, items: inOrder(items) };
  });
  const filled = layers
    .filter((layer) => layer.items.length > 0)
    // What watches comes after what it watches, Velero's before it; otherwise the order stays.
    .sort((one, other) => order(one) - order(other));
  const objects = filled.flatMap((layer) => layer.items.flatMap((item) => item.object ?? []));
  const releases = filled.flatMap((layer) => layer.items.flatMap((item) => item.release ?? []));
  faults.push(...duplicates(filled));
  const variables = uses.list();
  faults.push(...uses.faults);
  const kit = {
    environment: options.environment,
    charts: releases.flatMap((release): readonly KitChart[] =>
      release.local ? [{ from: release.chart, to: chartReference(release) }] : [],
    ),
    objects,
    releases,
    variables,
    secrets: secretsOf(objects),
    images: imagesOf(objects),
    outside,
    faults,
  };
  return { ...kit, files: kitFiles(filled, kit, options.escrow) };
}

function kitFiles(
  layers: readonly Layer[],
  kit: Omit<Kit, 'files'>,
  escrow: EscrowFile | undefined,
): readonly KitFile[] {
  const plan: string[] = [];
  const files: KitFile[] = [];
  for (const [index, layer] of layers.entries()) {
    const folder = `${String(index + 1).padStart(2, '0')}-${layer.name}`;
    const next = layers[index + 1];
    const written = layerFiles(
      folder,
      layer.items,
      layer.apart !== undefined || next === undefined || next.apart !== undefined,
    );
    const count = String(layer.items.length);
    plan.push(
      planLine('layer', folder, layer.name, count, ...(layer.apart === undefined ? [] : [layer.apart])),
      ...written.plan,
    );
    files.push(...written.files);
  }
  return [
    { path: 'README.md', content: readme(kit, layers, escrow) },
    { path: 'apply', content: applyScript(), executable: true },
    { path: 'plan', content: lines(plan) },
    { path: 'variables', content: lines(kit.variables.map(variableLine)) },
    { path: 'images.txt', content: lines(kit.images) },
    { path: 'secrets.json', content: `${JSON.stringify(kit.secrets, null, 2)}\n` },
    ...files,
  ];
}

function order({ apart }: Layer): number {
  return [undefined, 'velero', 'watches'].indexOf(apart);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function variableLine(variable: KitVariable): string {
  return planLine(
    variable.name,
    variable.secret ? 'secret' : 'plain',
    variable.form,
    variable.fallback === undefined ? 'required' : 'optional',
    Buffer.from(variable.fallback ?? '').toString('base64'),
    variable.layers.join(','),
    variable.description,
  );
}

function isOutside(type: string, options: KitOptions): boolean {
  return (options.outside ?? ['aws_']).some((beginning) => type.startsWith(beginning));
}

function unknownBlock(stack: string, block: string): KitFault {
  return {
    rule: 'kit-unknown-field',
    path: stack,
    address: '',
    property: block,
    value: '',
    message: `The kit does not know what a stack's ${block} block stands for.`,
    fix: 'Declare what is in it as resources of the stack.',
  };
}

/** Two declarations of one object would take turns in overwriting each other. */
function duplicates(layers: readonly Layer[]): readonly KitFault[] {
  const first = new Map<string, string>();
  return layers.flatMap(({ items }) =>
    items.flatMap((item): readonly KitFault[] => {
      const group = item.object?.apiVersion.replace(/\/?[^/]*$/, '') ?? '';
      const key = `${group}/${item.key}`;
      const known = first.get(key);
      first.set(key, known ?? item.address);
      const resource = item.object?.resource ?? item.release?.resource;
      if (known === undefined || resource === undefined) return [];
      return [
        {
          rule: 'kit-name',
          path: resource.path,
          address: item.address,
          property: 'metadata.name',
          value: item.key,
          message: `${known} declares the same object.`,
          fix: 'Give one of them another name, or remove it.',
        },
      ];
    }),
  );
}
