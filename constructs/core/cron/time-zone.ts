import type { Mistake } from './fields';

/** A change of a zone's distance from UTC, both in minutes. */
export interface Transition {
  /** Minutes since 1970-01-01T00:00Z. */
  readonly at: number;
  /** Local time minus UTC, from then on. */
  readonly offset: number;
}

/** From one instant up to another, in minutes since 1970-01-01T00:00Z. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
const FORTNIGHT = 14 * 1440;

/** Kubernetes' own rule for one part of a zone's name. */
const PART = /^[A-Za-z][A-Za-z._0-9+-]{0,13}$/;

const judged = new Map<string, readonly Mistake[]>();

/** Every fault of a zone's name as Kubernetes would see it. */
export function timeZoneFaults(zone: string): readonly Mistake[] {
  const faults = judged.get(zone) ?? findFaults(zone);
  judged.set(zone, faults);
  return faults;
}

function findFaults(zone: string): Mistake[] {
  const fix = 'give a name of the IANA time zone database such as Etc/UTC or Europe/Paris';
  if (/^local$/i.test(zone))
    return [
      { message: `has time zone ${JSON.stringify(zone)}, which depends on the machine that reads it`, fix },
    ];
  // Kubernetes looks the name up as a file, so the case counts, which ECMAScript forgives.
  const exact = Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase() === zone.toLowerCase());
  if (exact !== undefined && exact !== zone)
    return [{ message: `has time zone ${JSON.stringify(zone)}, whose case is wrong`, fix: `write ${exact}` }];
  const parts = zone.split('/');
  if (!parts.every((part) => PART.test(part)) || !/^[A-Z]/.test(zone) || !isKnown(zone))
    return [{ message: `has time zone ${JSON.stringify(zone)}, which is not known`, fix }];
  return [];
}

function isKnown(zone: string): boolean {
  try {
    formatterOf(zone);
    return true;
  } catch {
    return false;
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** Local time minus UTC, in minutes, at an instant given in minutes since 1970. */
export function offsetAt(zone: string, minute: number): number {
  const [month = 0, day = 0, year = 0, hour = 0, min = 0] =
    formatterOf(zone)
      .format(minute * MINUTE)
      .match(/\d+/g)
      ?.map(Number) ?? [];
  return Date.UTC(year, month - 1, day, hour, min) / MINUTE - minute;
}

const known = new Map<string, readonly Transition[]>();

/**
 * The zone's offset at `from` and every change of it before `to`. Looked at every fortnight: no
 * zone is known, or planned, to change there and back within one.
 */
export function transitions(zone: string, span: Span): readonly Transition[] {
  const key = `${zone} ${span.from} ${span.to}`;
  const found = known.get(key) ?? findTransitions(zone, span);
  known.set(key, found);
  return found;
}

/** True for Lord Howe Island alone, where the cron library of Kubernetes loses its way at every change. */
export function shiftsByPartOfAnHour(zone: string, span: Span): boolean {
  const changes = transitions(zone, span);
  return changes.some(({ offset }, i) => (offset - (changes[i - 1]?.offset ?? offset)) % 60 !== 0);
}

function findTransitions(zone: string, { from, to }: Span): Transition[] {
  let offset = offsetAt(zone, from);
  const found: Transition[] = [{ at: from, offset }];
  if (/^(Etc\/)?UTC$/.test(zone)) return found;
  for (let before = from; before < to; before += FORTNIGHT) {
    const after = Math.min(before + FORTNIGHT, to);
    const next = offsetAt(zone, after);
    if (next === offset) continue;
    let [low, high] = [before, after];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(zone, middle) === offset) low = middle;
      else high = middle;
    }
    offset = next;
    found.push({ at: high, offset });
  }
  return found;
}
