import { Faults, type KitFault } from './fault';
import { RANKS } from './kinds';
import { manifestObject } from './manifest';
import { isFields } from './map-block';
import type { KitObject } from './object';
import type { KitOptions } from './options';
import type { Ordered } from './order';
import { helmRelease, type KitRelease } from './release';
import type { Resolver } from './resolver';
import { visitRunTime } from './run-time';
import type { Resource, StackModel } from './stack';
import { kindOf, typedObject } from './typed';
import type { VariableUses } from './variables';

/** A resource of a stack, read and ordered. */
export interface Item extends Ordered {
  readonly object?: KitObject;
  readonly release?: KitRelease;
  /** What `depends_on` names, as against what is merely referred to. */
  readonly dependsOn: ReadonlySet<string>;
}

export interface ReadResult {
  readonly item?: Item;
  readonly faults: readonly KitFault[];
}

/** Reads one resource: evaluates its templates, maps it, notes its variables and what it needs. */
export function readItem(
  resource: Resource,
  stack: StackModel,
  resolver: Resolver,
  variables: VariableUses,
  options: KitOptions,
): ReadResult {
  const faults = new Faults(resource.path, resource.address);
  checkProvider(resource, options, faults);
  const needs = new Set<string>();
  let hasRunTime = false;
  const body = resolver.evaluate(stack, withoutMeta(resource), '', {
    reference: (address) => needs.add(address),
    variable: (declaring, name) => {
      hasRunTime = true;
      variables.declare(declaring, name);
    },
    fault: (property, expression, message, fix) =>
      faults.add('kit-unresolved-reference', property, expression, message, fix),
  });
  const dependsOn = new Set(
    [resource.body['depends_on']].flat().flatMap((entry) => (typeof entry === 'string' ? [entry] : [])),
  );
  for (const address of dependsOn) needs.add(address);
  if (!isFields(body)) return { faults: faults.all };
  const ordered = { address: resource.address, needs, dependsOn };
  if (resource.type === 'helm_release') {
    const release = helmRelease(resource, body, faults);
    if (release === undefined) return { faults: faults.all };
    visitRunTime(release.values, (value) => variables.use(value, stack.name, false));
    const key = `helm/${release.namespace}/${release.name}`;
    return { item: { ...ordered, rank: RANKS.release, key, release }, faults: faults.all };
  }
  const object = readObject(resource, body, faults, options);
  if (object === undefined) return { faults: faults.all };
  // Few objects hold a run-time value; the others need not be searched for one.
  if (hasRunTime) {
    visitRunTime(object.manifest, (value) => variables.use(value, stack.name, object.kind === 'Secret'));
  }
  const key = `${object.kind}/${object.namespace}/${object.name}`;
  return { item: { ...ordered, rank: object.rank, key, object }, faults: faults.all };
}

function readObject(
  resource: Resource,
  body: Record<string, unknown>,
  faults: Faults,
  options: KitOptions,
): KitObject | undefined {
  if (resource.type === 'kubernetes_manifest') return manifestObject(resource, body, faults);
  const kind = kindOf(resource.type);
  if (kind !== undefined) {
    return typedObject(resource, kind, body, faults, new Set(options.plainSecretKeys ?? []));
  }
  faults.add(
    'kit-unknown-resource',
    '',
    undefined,
    `The kit has no Kubernetes object for a ${resource.type}.`,
    kindOf(`${resource.type}_v1`) === undefined
      ? 'Declare the object as a kubernetes_manifest; or, if it lives outside the cluster, add the type to the outside option of the kit.'
      : `Use ${resource.type}_v1, which says the same.`,
  );
  return undefined;
}

const META: ReadonlySet<string> = new Set(['//', 'depends_on', 'lifecycle', 'provider']);

/** Arguments whose texts are no templates of values. */
function withoutMeta(resource: Resource): Record<string, unknown> {
  return Object.fromEntries(Object.entries(resource.body).filter(([argument]) => !META.has(argument)));
}

function checkProvider(resource: Resource, options: KitOptions, faults: Faults): void {
  const provider = resource.body['provider'];
  if (typeof provider !== 'string' || !provider.includes('.') || options.sameCluster?.includes(provider))
    return;
  faults.add(
    'kit-unknown-field',
    'provider',
    provider,
    'An aliased provider may speak to another cluster than the one the kit is applied to.',
    'Write a kit of its own for that cluster; or, if it is the same one, add the alias to the sameCluster option of the kit.',
  );
}
