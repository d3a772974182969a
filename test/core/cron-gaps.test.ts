import fc from 'fast-check';
import { parseCron } from '../../constructs/core/cron/fields';
import { longestGap } from '../../constructs/core/cron/gaps';
import { Schedule } from '../../constructs/core/schedule';
import { cronText, SHIFTING_ZONES } from './cron-arbitraries';

describe('the longest gap', () => {
  const gap = (text: string, timeZone = 'Etc/UTC'): string =>
    Schedule.cron(text, { timeZone }).longestGap().prometheus();

  test.each([
    ['* * * * *', '1m'],
    ['*/7 * * * *', '7m'],
    ['0 */5 * * *', '5h'],
    ['0 2 * * *', '1d'],
    ['0 2 * * 1-5', '3d'],
    ['0 2 * * 0', '7d'],
    ['0 2 1,15 * 0', '7d'],
    ['0 0 31 * *', '61d'],
    ['0 0 1 1 *', '366d'],
    // From one leap year to the next.
    ['0 0 29 2 *', '1461d'],
    ['0 1,2 * * *', '23h'],
  ])('%s: %s', (text, expected) => expect(gap(text)).toBe(expected));

  test.each([
    // The run that spring skips is not made up for.
    ['30 2 * * *', 'Europe/Paris', '1d23h'],
    ['30 2 * * *', 'America/New_York', '1d23h'],
    // The day of the autumn change is 25 hours long.
    ['0 12 * * *', 'Europe/Paris', '1d1h'],
    ['0 12 * * 0', 'Europe/Paris', '7d1h'],
    ['0 12 * * *', 'Asia/Kathmandu', '1d'],
    // Midnight itself is skipped there.
    ['0 0 * * *', 'Africa/Cairo', '1d23h'],
    ['30 1 * * *', 'Antarctica/Troll', '1d22h'],
  ])('%s %s: %s', (text, zone, expected) => expect(gap(text, zone)).toBe(expected));

  test('is what counting the runs one by one gives', () => {
    fc.assert(
      fc.property(
        cronText,
        fc.constantFrom('Etc/UTC', ...SHIFTING_ZONES),
        // Days that may hold a change of the clocks for what runs often, three years for what runs rarely.
        fc.oneof(
          fc.integer({ min: 0, max: 730 }).map((day) => ({ day, days: 3, atMost: 1000 })),
          fc.integer({ min: 0, max: 730 }).map((day) => ({ day, days: 20, atMost: 500 })),
          fc.constant({ day: 0, days: 1100, atMost: 300 }),
        ),
        (text, timeZone, { day, days, atMost }) => {
          const schedule = Schedule.cron(text, { timeZone });
          fc.pre(schedule.faults().length === 0);
          const from = Date.UTC(2026, 0, 1 + day) / 60_000;
          const span = { from, to: from + days * 1440 };
          const fields = parseCron(text).value;
          if (fields === undefined) throw new Error(`${text} is sound but cannot be read`);
          const runs = runsWithin(schedule, span, atMost);
          fc.pre(runs.length <= atMost);
          const gaps = runs.slice(1).map((run, i) => run - (runs[i] ?? run));
          expect(longestGap(fields, timeZone, span)).toBe(gaps.length === 0 ? undefined : Math.max(...gaps));
        },
      ),
      { numRuns: 120 },
    );
  });
});

/** Minutes since 1970 of every run from `from` up to `to`; stops soon after `atMost`. */
function runsWithin(schedule: Schedule, span: { from: number; to: number }, atMost: number): number[] {
  const runs: number[] = [];
  let after = new Date(span.from * 60_000 - 1000);
  while (runs.length <= atMost) {
    const next = schedule.nextRuns(200, after).map((run) => run.getTime() / 60_000);
    runs.push(...next.filter((run) => run < span.to));
    const last = next.at(-1);
    if (last === undefined || last >= span.to) break;
    after = new Date(last * 60_000);
  }
  return runs;
}
