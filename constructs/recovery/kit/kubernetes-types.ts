import types from './types.generated.json';

/** How Kubernetes names and types a field that Terraform calls by another name. */
export interface Property {
  readonly name: string;
  readonly type: PropertyType;
}

export type PropertyType =
  | { readonly of: 'object'; readonly type: string }
  | { readonly of: 'list'; readonly item: PropertyType }
  | { readonly of: 'map'; readonly item: PropertyType }
  | { readonly of: 'string' | 'number' | 'boolean' | 'intOrString' | 'any' };

const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = types;
const lookups = new Map<string, ReadonlyMap<string, Property>>();

export function isKubernetesType(type: string): boolean {
  return TYPES[type] !== undefined;
}

/** The field of a Kubernetes type that a Terraform argument stands for. */
export function findProperty(type: string, argument: string): Property | undefined {
  let lookup = lookups.get(type);
  if (lookup === undefined) {
    lookup = buildLookup(type);
    lookups.set(type, lookup);
  }
  return lookup.get(normal(argument));
}

/**
 * Terraform writes `host_ipc` for hostIPC and `non_resource_urls` for
 * nonResourceURLs: without underscores and case the two names are one.
 */
function normal(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function buildLookup(type: string): ReadonlyMap<string, Property> {
  const declared = Object.entries(TYPES[type] ?? {}).map(([name, text]) => ({ name, type: parseType(text) }));
  const lookup = new Map<string, Property>();
  for (const property of declared) lookup.set(normal(property.name), property);
  // Terraform repeats a block once per element and so names it in the singular.
  for (const property of declared) {
    if (property.type.of !== 'list') continue;
    for (const singular of singulars(normal(property.name))) {
      if (!lookup.has(singular)) lookup.set(singular, property);
    }
  }
  return lookup;
}

function singulars(plural: string): readonly string[] {
  if (plural.endsWith('ies')) return [`${plural.slice(0, -3)}y`];
  if (plural.endsWith('sses')) return [plural.slice(0, -2)];
  return plural.endsWith('s') ? [plural.slice(0, -1)] : [];
}

function parseType(text: string): PropertyType {
  if (text.startsWith('Array<')) return { of: 'list', item: parseType(text.slice(6, -1)) };
  if (text.startsWith('{')) return { of: 'map', item: parseType(text.slice(1, -1)) };
  if (isKubernetesType(text)) return { of: 'object', type: text };
  switch (text) {
    case 'number':
    case 'boolean':
    case 'any':
      return { of: text };
    case 'IntOrString':
      return { of: 'intOrString' };
    case 'string':
    case 'Date':
      return { of: 'string' };
    default:
      throw new Error(`types.generated.json has a type the kit does not know: ${text}`);
  }
}
