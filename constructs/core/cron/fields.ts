/** What the five fields of a cron expression stand for. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** Sunday is 0. */
  readonly weekdays: readonly number[];
  /** The day of the month was left open (`*`, `?`), so the weekday alone decides. */
  readonly anyDay: boolean;
  /** The weekday was left open, so the day of the month alone decides. */
  readonly anyWeekday: boolean;
}

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const RULES: readonly FieldRule[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 6, names: WEEKDAYS },
];

const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** What is wrong, and what to write instead. */
export interface Mistake {
  readonly message: string;
  readonly fix: string;
}

/** A value, or every reason why there is none. */
export type Parsed<T> =
  | { readonly value: T; readonly faults?: never }
  | { readonly value?: never; readonly faults: readonly Mistake[] };

function mistake(message: string, fix: string): { readonly faults: readonly Mistake[] } {
  return { faults: [{ message, fix }] };
}

/**
 * Five fields in place of a macro, single spaces. Macros are expanded so that an operator reads the
 * same text in the code, in the report and in the cluster.
 */
export function normalise(text: string): string {
  const trimmed = text.trim().replaceAll(/\s+/g, ' ');
  return MACROS.get(trimmed) ?? trimmed;
}

/**
 * Reads an expression as Kubernetes does (the standard parser of robfig/cron), except that what it
 * would accept and read as something else than it says is refused: `*` followed by a range, empty
 * list items, a step beyond the field (`*` `/90` minutes runs every hour).
 */
export function parseCron(text: string): Parsed<CronFields> {
  const fields = normalise(text);
  if (fields === '') return mistake('is empty', 'write five fields, as in 0 2 * * *');
  if (fields.includes('TZ'))
    return mistake('names a zone, which Kubernetes refuses here', 'give the zone as timeZone');
  if (fields.startsWith('@every'))
    return mistake(
      'counts from the last run, so that its next run cannot be told beforehand',
      'write five fields, as in 0 */6 * * *',
    );
  if (fields.startsWith('@'))
    return mistake('is no macro that is known', `use one of ${[...MACROS.keys()].join(', ')}`);
  const parts = fields.split(' ');
  if (parts.length !== 5)
    return mistake(
      `has ${parts.length} field${parts.length === 1 ? '' : 's'} in place of five`,
      'write minute, hour, day of month, month, day of week',
    );
  const faults: Mistake[] = [];
  const [minutes, hours, days, months, weekdays] = RULES.map((rule, index) => {
    const result = parseField(parts[index] ?? '', rule);
    faults.push(...(result.faults ?? []));
    return result.value ?? { values: [], open: false };
  });
  if (faults.length > 0 || !minutes || !hours || !days || !months || !weekdays) return { faults };
  return {
    value: {
      minutes: minutes.values,
      hours: hours.values,
      days: days.values,
      months: months.values,
      weekdays: weekdays.values,
      anyDay: days.open,
      anyWeekday: weekdays.open,
    },
  };
}

interface Field {
  readonly values: readonly number[];
  readonly open: boolean;
}

function parseField(text: string, rule: FieldRule): Parsed<Field> {
  const values = new Set<number>();
  const faults: Mistake[] = [];
  let open = false;
  for (const item of text.split(',')) {
    const result = parseItem(item, rule);
    if (result.value === undefined) {
      for (const { message, fix } of result.faults)
        faults.push({ message: `has ${rule.name} ${JSON.stringify(item)}, which ${message}`, fix });
      continue;
    }
    const { low, high, step } = result.value;
    // With a step above one, robfig/cron no longer counts the field as left open.
    open ||= result.value.open && step === 1;
    for (let value = low; value <= high; value += step) values.add(value);
  }
  return faults.length > 0 ? { faults } : { value: { values: [...values].sort((a, b) => a - b), open } };
}

interface Item {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly open: boolean;
}

function parseItem(item: string, rule: FieldRule): Parsed<Item> {
  const match = /^(?:([*?])|([A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?)(?:\/(\d+))?$/.exec(item);
  const range = `${rule.min} to ${rule.max}${rule.names ? ` or ${rule.names.join(', ')}` : ''}`;
  if (match === null) return mistake('cannot be read', `write *, a number (${range}), a-b or */n`);
  const [, star, from = '', to, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  const low = star ? rule.min : numberOf(from, rule);
  // "5/15" means from 5 to the end of the field, in steps of 15.
  const high = star || (to === undefined && stepText !== undefined) ? rule.max : numberOf(to ?? from, rule);
  const wrong = [low, high].find((value) => Number.isNaN(value) || value < rule.min || value > rule.max);
  if (wrong !== undefined) {
    const sunday = rule.names === WEEKDAYS && high === 7 ? '; Sunday is 0 in Kubernetes, never 7' : '';
    return mistake(`is outside ${range}`, `write a value inside${sunday}`);
  }
  if (low > high)
    return mistake('runs backwards', `write it as two, ${from}-${rule.max},${rule.min}-${to ?? ''}`);
  if (step < 1 || step > rule.max - rule.min)
    return mistake(`has a step outside 1 to ${rule.max - rule.min}`, 'write a step inside');
  return { value: { low, high, step, open: star !== undefined } };
}

function numberOf(text: string, rule: FieldRule): number {
  const named = rule.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + rule.min;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
