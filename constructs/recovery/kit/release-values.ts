import { packages } from '../../bindings/packages';
import type { Faults } from './fault';
import { type Fields, isFields } from './map-block';
import { RunTime, type RunTimePart, UNRESOLVED } from './run-time';

/**
 * All values of a release in one document, in helm's order: the later of
 * `values` over the earlier, then `set`, `set_list`, `set_sensitive`, `set_wo`.
 * One document, because only one can reach helm over a pipe.
 */
export function releaseValues(release: Fields, faults: Faults): Fields {
  let values: Fields = {};
  for (const [index, text] of list(release['values']).entries()) {
    const document = parseValues(text, `values[${index}]`, faults);
    if (document !== undefined) values = merge(values, document);
  }
  for (const argument of ['set', 'set_list', 'set_sensitive', 'set_wo']) {
    for (const [index, entry] of list(release[argument]).entries()) {
      setValue(values, entry, `${argument}[${index}]`, faults);
    }
  }
  return values;
}

function list(value: unknown): readonly unknown[] {
  if (value === null || value === undefined || value === UNRESOLVED) return [];
  return Array.isArray(value) ? value : [value];
}

/** Stands for a variable while the text is read as YAML. */
const TOKEN = /RUNTIME(\d+)EMITNUR/;

function parseValues(text: unknown, property: string, faults: Faults): Fields | undefined {
  if (text === UNRESOLVED || text === '') return undefined;
  const variables: string[] = [];
  const source =
    text instanceof RunTime
      ? text.parts
          .map((part) =>
            typeof part === 'string' ? part : `RUNTIME${variables.push(part.variable) - 1}EMITNUR`,
          )
          .join('')
      : String(text);
  try {
    // Helm reads YAML 1.1, where `yes` and `on` are true.
    const document: unknown = packages.yaml.parse(source, { version: '1.1', merge: true });
    if (document === null) return undefined;
    const restored = restore(document, variables);
    if (isFields(restored)) return restored;
  } catch (error) {
    faults.add(
      'kit-release',
      property,
      undefined,
      `The values are no YAML: ${error instanceof Error ? error.message : String(error)}`,
      'Give a YAML document.',
    );
    return undefined;
  }
  faults.add(
    'kit-release',
    property,
    text,
    'The values are no map.',
    'Give a YAML document of keys and values.',
  );
  return undefined;
}

function restore(value: unknown, variables: readonly string[]): unknown {
  if (typeof value === 'string') return restoreText(value, variables);
  if (Array.isArray(value)) return value.map((item) => restore(item, variables));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restore(item, variables)]));
}

function restoreText(text: string, variables: readonly string[]): unknown {
  if (!TOKEN.test(text)) return text;
  const parts = text.split(TOKEN).flatMap((piece, index): readonly RunTimePart[] => {
    if (index % 2 === 0) return piece === '' ? [] : [piece];
    const variable = variables[Number(piece)];
    return variable === undefined ? [] : [{ variable }];
  });
  return new RunTime(parts);
}

/** Maps are merged, everything else is replaced. */
function merge(under: Fields, over: Fields): Fields {
  const result = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isFields(below) && isFields(value) ? merge(below, value) : value;
  }
  return result;
}

function setValue(values: Fields, entry: unknown, property: string, faults: Faults): void {
  if (!isFields(entry)) return;
  const { name, value, type } = entry;
  const typed = typedValue(value, type);
  if (typeof name !== 'string' || name === '' || /[[\]{},]/.test(name) || typed === REFUSED) {
    faults.add(
      'kit-release',
      `${property}.${typed === REFUSED ? 'value' : 'name'}`,
      typed === REFUSED ? undefined : name,
      'The kit reads plain names (a.b.c) and plain values here, no lists in braces and no indexes.',
      'Put the setting into values.',
    );
    return;
  }
  if (value === UNRESOLVED) return;
  // A dot that belongs to the name is written `\.`.
  const steps = name.split(/(?<!\\)\./).map((step) => step.replaceAll('\\.', '.'));
  const last = steps.pop() ?? '';
  let target = values;
  for (const step of steps) {
    const below = target[step];
    const next: Fields = isFields(below) ? { ...below } : {};
    target[step] = next;
    target = next;
  }
  target[last] = typed;
}

const REFUSED = Symbol('refused');

/** What helm makes of `--set name=value`: numbers, truth values and null are read as such. */
function typedValue(value: unknown, type: unknown): unknown {
  if (Array.isArray(value) || value instanceof RunTime || typeof value !== 'string') return value;
  if (type === 'string' || type === 'literal') return value;
  if (/^[{]|(?<!\\),/.test(value)) return REFUSED;
  if (value === 'true' || value === 'false') return value === 'true';
  if (value === 'null') return null;
  return /^(0|-?[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}
