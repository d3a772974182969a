import fc from 'fast-check';
import { PROVIDER_DEFAULTS } from '../../../constructs/recovery/kit/defaults';
import { LOAD_BALANCER_ONLY, OCTAL } from '../../../constructs/recovery/kit/exceptions';
import { Faults } from '../../../constructs/recovery/kit/fault';
import { mapBlock } from '../../../constructs/recovery/kit/map-block';
import types from '../../../constructs/recovery/kit/types.generated.json';

const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = types;
const UNKNOWN = 'no_such_argument';
const OCTAL_MODES = new Map([
  ['0644', '420'],
  ['0400', '256'],
  ['777', '511'],
]);
// As often as there can be objects that have them.
const DEFAULTS = PROVIDER_DEFAULTS.flatMap(({ value }) => Array<string>(100).fill(String(value)));
const dropped: readonly string[] = LOAD_BALANCER_ONLY;

/** A block as the provider would write it, with arguments here and there that nobody knows. */
function block(type: string, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(TYPES[type] ?? {})
    .filter(([name, of]) => (depth > 0 || !isBlock(of)) && !dropped.includes(name))
    .map(([name, of]) => ({ name, of }));
  const some = fc
    .subarray(fields, { maxLength: Math.min(6, fields.length) })
    .chain((chosen) => fc.tuple(...chosen.map(({ name, of }) => entry(type, name, of, depth))));
  const unknown = fc.option(fc.oneof(leaf('string'), fc.constant({ a: 1, b: [{ c: true }, { d: 'x' }] })), {
    freq: 8,
  });
  return fc.tuple(some, unknown).map(([entries, extra]) => ({
    ...Object.fromEntries(entries),
    ...(extra === null ? {} : { [UNKNOWN]: extra }),
  }));
}

function isBlock(type: string): boolean {
  return TYPES[/[A-Za-z0-9]+(?=[>}]*$)/.exec(type)?.[0] ?? ''] !== undefined;
}

function entry(type: string, name: string, of: string, depth: number): fc.Arbitrary<[string, unknown]> {
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  if (OCTAL.has(`${type}.${name}`))
    return fc.constantFrom(...OCTAL_MODES.keys()).map((mode) => [snake, mode]);
  const list = /^Array<(.*)>$/.exec(of)?.[1];
  if (list === undefined) {
    const value =
      TYPES[of] === undefined
        ? leaf(of)
        : fc.oneof(
            block(of, depth - 1),
            block(of, depth - 1).map((one) => [one]),
          );
    return value.map((one) => [snake, one]);
  }
  const item = TYPES[list] === undefined ? leaf(list) : block(list, depth - 1);
  const singular = snake.replace(/ies$/, 'y').replace(/([^s])s$/, '$1');
  // Lists of blocks are named in the singular, unless the type has both.
  const argument = TYPES[list] === undefined || TYPES[type]?.[singular] !== undefined ? snake : singular;
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => [argument, items]);
}

// Digits become numbers where Kubernetes takes both.
const text = fc.string({ minLength: 1 }).filter((one) => !/^[+-]?\d+$/.test(one));

function leaf(of: string): fc.Arbitrary<unknown> {
  switch (of) {
    case 'number':
      return fc.oneof(fc.integer(), fc.nat().map(String));
    case 'boolean':
      return fc.boolean();
    case '{string}':
      return fc.dictionary(fc.stringMatching(/^[a-z./-]+$/), text, { minKeys: 1, maxKeys: 3 });
    default:
      return text;
  }
}

/** Every leaf as Kubernetes would write it. */
function leaves(value: unknown): readonly string[] {
  if (typeof value === 'string') return [OCTAL_MODES.get(value) ?? value];
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([key, content]) => (key === UNKNOWN ? [] : leaves(content)));
}

function unknownLeaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, content]) => sum + (key === UNKNOWN ? leaves(content).length : unknownLeaves(content)),
    0,
  );
}

/** What is in the first list and not in the second, each as often as it is missing. */
function missing(from: readonly string[], other: readonly string[]): readonly string[] {
  const left = [...other];
  return from.filter((one) => {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

test.each([
  'V1PodSpec',
  'V1StatefulSetSpec',
  'V1DaemonSetSpec',
  'V1CronJobSpec',
  'V1NetworkPolicySpec',
  'V1ServiceSpec',
  'V1PersistentVolumeSpec',
  'V1IngressSpec',
  'V2HorizontalPodAutoscalerSpec',
])('every leaf of a %s is in the object or a fault, and nothing else is', (type) => {
  fc.assert(
    fc.property(block(type, 4), (given) => {
      const faults = new Faults('path', 'address');
      const mapped = mapBlock(type, given, 'spec', faults);
      expect(faults.all.filter(({ property }) => !property.includes(UNKNOWN))).toEqual([]);
      expect(faults.all).toHaveLength(unknownLeaves(given));
      expect(missing(leaves(given), leaves(mapped))).toEqual([]);
      expect(missing(missing(leaves(mapped), leaves(given)), DEFAULTS)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
