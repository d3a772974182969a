import type { CronFields } from './fields';
import { type Span, type Transition, transitions } from './time-zone';

const DAY = 1440;

/**
 * Forty years from a fixed day, so that the same schedule always has the same answer. Within 28 years
 * every combination of weekday, date and leap year appears; the rest leaves room for a gap that
 * straddles their end. (2100, which is no leap year, is left out: nothing declared today sees it.)
 */
export const HORIZON: Span = {
  from: Date.UTC(2025, 0, 1) / 60_000,
  to: Date.UTC(2065, 0, 1) / 60_000,
};

/** The longest distance in minutes between two runs that follow each other; undefined if there are not two. */
export function longestGap(fields: CronFields, zone: string, horizon: Span = HORIZON): number | undefined {
  const days = matchingDays(fields, horizon);
  const minutes = minutesOfDay(fields);
  const [first, last] = [minutes[0], minutes.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const withinDay = minutes.reduce(
    (most, minute, i) => Math.max(most, minute - (minutes[i - 1] ?? minute)),
    0,
  );

  let previous: number | undefined;
  let longest = 0;
  const run = (at: number): void => {
    if (previous !== undefined) longest = Math.max(longest, at - previous);
    previous = at;
  };
  for (const { offset, start, end } of stretches(transitions(zone, horizon), horizon.to)) {
    // Within a stretch the clock runs evenly, so wall time may be compared with wall time.
    for (let i = firstFrom(days, Math.floor(start / DAY)); i < days.length; i += 1) {
      const midnight = (days[i] ?? 0) * DAY;
      if (midnight >= end) break;
      if (midnight >= start && midnight + DAY <= end) {
        run(midnight + first - offset);
        longest = Math.max(longest, withinDay);
        previous = midnight + last - offset;
      } else {
        for (const minute of minutes)
          if (midnight + minute >= start && midnight + minute < end) run(midnight + minute - offset);
      }
    }
  }
  return longest > 0 ? longest : undefined;
}

/** Spans between two changes of the clock, in wall time. */
function stretches(
  changes: readonly Transition[],
  to: number,
): { offset: number; start: number; end: number }[] {
  return changes.map(({ at, offset }, i) => ({
    offset,
    start: at + offset,
    end: (changes[i + 1]?.at ?? to) + offset,
  }));
}

function minutesOfDay(fields: CronFields): readonly number[] {
  return fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute));
}

const daysByPattern = new Map<string, readonly number[]>();

/** Days since 1970 that match; remembered, as many schedules of a platform differ in their minute only. */
function matchingDays(fields: CronFields, horizon: Span): readonly number[] {
  const key = JSON.stringify([
    fields.days,
    fields.months,
    fields.weekdays,
    fields.anyDay,
    fields.anyWeekday,
    horizon,
  ]);
  let days = daysByPattern.get(key);
  if (days === undefined) {
    const from = Math.floor(horizon.from / DAY) - 1;
    const count = Math.ceil(horizon.to / DAY) + 1 - from;
    days = Array.from({ length: count }, (_, i) => from + i).filter((day) => matches(fields, day));
    daysByPattern.set(key, days);
  }
  return days;
}

/** Day of month and weekday are alternatives when both are restricted, as in every cron. */
function matches(fields: CronFields, day: number): boolean {
  const date = new Date(day * DAY * 60_000);
  if (!fields.months.includes(date.getUTCMonth() + 1)) return false;
  const byDay = fields.days.includes(date.getUTCDate());
  const byWeekday = fields.weekdays.includes(date.getUTCDay());
  return fields.anyDay || fields.anyWeekday ? byDay && byWeekday : byDay || byWeekday;
}

function firstFrom(days: readonly number[], day: number): number {
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((days[middle] ?? 0) < day) low = middle + 1;
    else high = middle;
  }
  return low;
}
