import fc from 'fast-check';

/** Zones whose clocks change: at two, at midnight, on other dates, by two hours. */
export const SHIFTING_ZONES = [
  'Europe/Paris',
  'America/New_York',
  'Africa/Cairo',
  'America/Santiago',
  'Africa/Casablanca',
  'Antarctica/Troll',
] as const;

function field(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 2, arbitrary: value.map(String) },
    { weight: 1, arbitrary: fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`) },
    { weight: 1, arbitrary: fc.tuple(value, value).map(([a, b]) => `${a},${b}`) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`) },
  );
}

/** Five fields in every form but names; some never run. */
export const cronText: fc.Arbitrary<string> = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '));
