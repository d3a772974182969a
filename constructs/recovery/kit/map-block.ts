import { convertScalar } from './convert';
import { addProviderDefaults } from './defaults';
import { LOAD_BALANCER_ONLY, SPREAD, SPREAD_ORDER } from './exceptions';
import type { Faults } from './fault';
import type { Property, PropertyType } from './kubernetes-types';
import { type Meaning, meaningOf } from './meaning';
import { RunTime, UNRESOLVED } from './run-time';

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RunTime);
}

/**
 * A block of a typed resource as an object of a Kubernetes type. Every leaf is
 * either in the result or a fault.
 */
export function mapBlock(type: string, value: unknown, path: string, faults: Faults): Fields | undefined {
  const block = singleBlock(value, path, faults);
  if (block === undefined) return undefined;
  const object: Fields = {};
  for (const argument of Object.keys(block)) {
    const content = block[argument];
    const place = path === '' ? argument : `${path}.${argument}`;
    const meaning = meaningOf(type, argument);
    if (meaning.inlined) Object.assign(object, mapBlock(type, content, place, faults));
    else if (meaning.property === undefined) reportUnknown(type, content, place, faults);
    else setField(object, meaning.property, mapField(meaning, content, place, faults), place, faults);
  }
  addProviderDefaults(type, object);
  if (type === 'V1ServiceSpec' && object['type'] !== 'LoadBalancer') {
    for (const name of LOAD_BALANCER_ONLY) delete object[name];
  }
  return object;
}

function setField(object: Fields, property: Property, value: unknown, place: string, faults: Faults): void {
  if (value === undefined) return;
  if (object[property.name] !== undefined) {
    faults.add(
      'kit-unknown-field',
      place,
      value,
      `Two arguments stand for ${property.name}.`,
      'Give one of them.',
    );
    return;
  }
  object[property.name] = value;
}

function mapField({ property, octal }: Meaning, value: unknown, path: string, faults: Faults): unknown {
  if (value === null || value === UNRESOLVED || property === undefined) return undefined;
  const kind = property.type;
  switch (kind.of) {
    case 'object':
      return mapBlock(kind.type, value, path, faults);
    case 'list':
      return mapList(kind.item, value, path, faults);
    case 'map':
      return mapMap(kind.item, value, path, faults);
    default:
      return convertScalar(value, kind, { property: path, faults, octal });
  }
}

/** A single block comes out of the synth as an object, or as a list of one. */
function singleBlock(value: unknown, path: string, faults: Faults): Fields | undefined {
  if (isFields(value)) return value;
  if (Array.isArray(value) && value.length === 0) return undefined;
  if (Array.isArray(value) && value.length === 1) return isFields(value[0]) ? value[0] : {};
  if (value === null || value === undefined || value === UNRESOLVED) return undefined;
  faults.add(
    'kit-invalid-value',
    path,
    value,
    Array.isArray(value)
      ? `${value.length} blocks stand where Kubernetes has one object.`
      : 'A block is expected.',
    'Give one block.',
  );
  return undefined;
}

function mapList(item: PropertyType, value: unknown, path: string, faults: Faults): unknown {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  const list: unknown[] = [];
  for (const [index, element] of elements.entries()) {
    const place = `${path}[${index}]`;
    if (item.of !== 'object') {
      const scalar = convertScalar(element, item, { property: place, faults, element: true });
      if (scalar !== undefined) list.push(scalar);
      continue;
    }
    // An empty block, `ingress {}`, arrives as null and means everything.
    for (const block of SPREAD.has(item.type) ? spread(element ?? {}) : [element ?? {}]) {
      const object = mapBlock(item.type, block, place, faults);
      if (object !== undefined) list.push(object);
    }
  }
  return list.length === 0 ? undefined : list;
}

/** `{config_map: [a, b], secret: c}` as `{secret: c}`, `{config_map: a}`, `{config_map: b}`. */
function spread(block: unknown): readonly unknown[] {
  if (!isFields(block)) return [block];
  const position = ([argument]: readonly [string, unknown]) => SPREAD_ORDER.indexOf(argument) + 1 || 99;
  return Object.entries(block)
    .sort((one, other) => position(one) - position(other))
    .flatMap(([argument, content]) =>
      (Array.isArray(content) ? content : [content]).map((one) => ({ [argument]: one })),
    );
}

function mapMap(item: PropertyType, value: unknown, path: string, faults: Faults): unknown {
  if (!isFields(value)) {
    faults.add('kit-invalid-value', path, value, 'A map is expected.', 'Give keys and values.');
    return undefined;
  }
  const entries = Object.entries(value).flatMap(([key, content]) => {
    const scalar = convertScalar(content, item, { property: `${path}["${key}"]`, faults, element: true });
    return scalar === undefined ? [] : [[key, scalar] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Names every leaf below a field that Kubernetes does not have. */
export function reportUnknown(type: string, value: unknown, path: string, faults: Faults): void {
  if (value === null || value === undefined || value === UNRESOLVED) return;
  // No block at all; an empty block, {}, would be one.
  if (Array.isArray(value) && value.length === 0) return;
  if (isFields(value) && Object.keys(value).length > 0) {
    for (const [key, content] of Object.entries(value))
      reportUnknown(type, content, `${path}.${key}`, faults);
    return;
  }
  if (Array.isArray(value) && value.some((element) => isFields(element) || Array.isArray(element))) {
    for (const [index, element] of value.entries()) reportUnknown(type, element, `${path}[${index}]`, faults);
    return;
  }
  faults.add(
    'kit-unknown-field',
    path,
    value,
    `${type.replace(/^(Rbac)?V\d/, '')} has no such field in Kubernetes, as far as the kit's table of types knows.`,
    'Remove the field; or, if Kubernetes has it, add it to constructs/recovery/kit/exceptions.ts; or declare the object as a kubernetes_manifest.',
  );
}
