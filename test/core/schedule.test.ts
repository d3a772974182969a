import fc from 'fast-check';
import { Duration } from '../../constructs/core/duration';
import { deterministicDelay, Schedule } from '../../constructs/core/schedule';
import { cronText, SHIFTING_ZONES } from './cron-arbitraries';
// Computed by the cron library of Kubernetes' CronJob controller (robfig/cron 3.0.1, `ParseStandard`
// and `Next`): what it accepts, and when it runs, above all around changes of the clocks.
import kubernetes from './kubernetes-cron.generated.json';

const iso = (date: Date): string => `${date.toISOString().slice(0, 16)}Z`;

describe('what Kubernetes accepts', () => {
  // Accepted there, and read as something else than it says; refused here.
  const stricter = new Set(['1,2,,3 * * * *', '*-5 * * * *', '*/90 * * * *', '@every 1h', '+5 * * * *']);

  test.each(kubernetes.accepted)('$schedule: $accepted', ({ schedule, accepted }) => {
    const sound = Schedule.cron(schedule).faults().length === 0;
    expect(sound).toBe(accepted && !stricter.has(schedule));
  });
});

describe('when Kubernetes runs', () => {
  const zones = [...new Set(kubernetes.runs.map(({ zone }) => zone))];

  test.each(zones)('%s', (zone) => {
    const cases = kubernetes.runs.filter((run) => run.zone === zone);
    const ours = cases.map(({ schedule, after, runs }) => {
      const it = Schedule.cron(schedule, { timeZone: zone });
      // A day that never comes has no runs there, and is a fault here.
      const next = it.faults().length > 0 ? [] : it.nextRuns(runs.length, new Date(after)).map(iso);
      return { schedule, after, runs: next };
    });
    expect(ours).toEqual(cases.map(({ schedule, after, runs }) => ({ schedule, after, runs })));
    expect(cases.length).toBeGreaterThan(20);
  });

  test('a time that the clocks skip is not made up for, and one that they repeat runs twice', () => {
    const paris = (text: string, after: string) =>
      Schedule.cron(text, { timeZone: 'Europe/Paris' }).nextRuns(2, new Date(after)).map(iso);
    expect(paris('30 2 * * *', '2026-03-28T12:00:00Z')).toEqual(['2026-03-30T00:30Z', '2026-03-31T00:30Z']);
    expect(paris('30 2 * * *', '2026-10-24T12:00:00Z')).toEqual(['2026-10-25T00:30Z', '2026-10-25T01:30Z']);
  });

  test('day of month and weekday are alternatives, unless one is left open', () => {
    const runs = (text: string) =>
      Schedule.cron(text)
        .nextRuns(4, new Date('2026-06-01T12:00:00Z'))
        .map((date) => date.getUTCDate());
    expect(runs('0 0 10 * sun')).toEqual([7, 10, 14, 21]);
    expect(runs('0 0 10 * ?')).toEqual([10, 10, 10, 10]);
    expect(runs('0 0 * * sun')).toEqual([7, 14, 21, 28]);
  });
});

describe('faults', () => {
  const faults = (text: string, timeZone?: string) =>
    Schedule.cron(text, timeZone === undefined ? {} : { timeZone }).faults('backups.full');

  test('tell the property, its value, the rule and the fix', () => {
    expect(faults('61 2 * * *')).toEqual([
      {
        rule: 'schedule/invalid',
        message: 'backups.full "61 2 * * *" has minute "61", which is outside 0 to 59',
        fix: 'write a value inside',
      },
    ]);
  });

  test('come all at once', () => {
    expect(faults('61 25 0 13 7', 'Mars/Base').map(({ message }) => message)).toEqual([
      expect.stringContaining('minute "61"'),
      expect.stringContaining('hour "25"'),
      expect.stringContaining('day of month "0"'),
      expect.stringContaining('month "13"'),
      expect.stringContaining('day of week "7"'),
      expect.stringContaining('"Mars/Base"'),
    ]);
  });

  test.each([
    ['0 2 * * 7', 'Sunday is 0'],
    ['0 2 * *', 'minute, hour, day of month, month, day of week'],
    ['TZ=Europe/Paris 0 2 * * *', 'timeZone'],
    ['CRON_TZ=Europe/Paris 0 2 * * *', 'timeZone'],
    ['@every 90m', 'five fields'],
    ['@reboot', '@daily'],
    ['0 22-4 * * *', '22-23,0-4'],
    ['*/90 * * * *', 'step inside'],
    ['0 0 30 2 *', 'a day that exists'],
    ['0 0 31 4,6,9,11 *', 'a day that exists'],
  ])('%s: the fix says %s', (text, fix) => {
    expect(faults(text).map((fault) => fault.fix)).toEqual([expect.stringContaining(fix)]);
  });

  test.each([
    ['europe/paris', 'write Europe/Paris'],
    ['Local', 'IANA'],
    ['+01:00', 'IANA'],
    ['', 'IANA'],
    ['etc/utc', 'IANA'],
    ['Australia/Lord_Howe', 'full hours'],
  ])('time zone %p: the fix says %s', (zone, fix) => {
    expect(faults('0 2 * * *', zone).map((fault) => fault.fix)).toEqual([expect.stringContaining(fix)]);
  });

  test.each(['Etc/UTC', 'UTC', 'Europe/Kyiv', 'US/Eastern', 'America/Port-au-Prince', 'Etc/GMT+1'])(
    'time zone %s is sound',
    (zone) => expect(faults('0 2 * * *', zone)).toEqual([]),
  );

  test('construction never throws, asking for runs does, with cause and fix', () => {
    const schedule = Schedule.daily({ hour: 25 });
    expect(() => schedule.nextRuns(1, new Date(0))).toThrow(/hour "25", which is outside 0 to 23; write/);
    expect(() => schedule.longestGap()).toThrow(/hour "25"/);
    expect(() => schedule.delayedBy(Duration.minutes(5))).toThrow(/hour "25"/);
  });
});

describe('conveniences', () => {
  test.each([
    [Schedule.hourly(), '0 * * * *'],
    [Schedule.hourly({ minute: 17 }), '17 * * * *'],
    [Schedule.daily({ hour: 2 }), '0 2 * * *'],
    [Schedule.daily({ hour: 2, minute: 30 }), '30 2 * * *'],
    [Schedule.weekly({ on: 'sunday', hour: 2 }), '0 2 * * 0'],
    [Schedule.weekly({ on: 'saturday', hour: 23, minute: 5 }), '5 23 * * 6'],
    [Schedule.cron(' 0  2 * * 0 '), '0 2 * * 0'],
    [Schedule.cron('@weekly'), '0 0 * * 0'],
  ])('%s', (schedule, expected) => {
    expect(schedule.kubernetes()).toEqual({ schedule: expected, timeZone: 'Etc/UTC' });
    expect(schedule.faults()).toEqual([]);
  });

  test('the zone is kept', () => {
    const schedule = Schedule.weekly({ on: 'monday', hour: 4, timeZone: 'Europe/Paris' });
    expect(schedule.kubernetes().timeZone).toBe('Europe/Paris');
    expect(`${schedule}`).toBe('0 4 * * 1 Europe/Paris');
  });
});

describe('delays', () => {
  test('go into the fields where they can, the rest is slept', () => {
    const { schedule, sleep } = Schedule.cron('0 2 * * 0').delayedBy(Duration.parse('17m30s'));
    expect([schedule.expression, sleep.toSeconds()]).toEqual(['17 2 * * 0', 30]);
  });

  test.each([
    ['50 23 * * 0', 'Etc/UTC', 'it would fall on another day'],
    ['0,50 2 * * *', 'Etc/UTC', 'its minutes would fall into different hours'],
    ['0 1 * * *', 'Europe/Paris', 'the clocks of its zone change'],
  ])('%s %s is slept whole: %s', (text, timeZone) => {
    const before = Schedule.cron(text, { timeZone });
    const { schedule, sleep } = before.delayedBy(Duration.minutes(20));
    expect([schedule.expression, sleep.toSeconds()]).toEqual([before.expression, 1200]);
  });

  test('every run is later by exactly the delay', () => {
    const after = new Date('2027-02-27T21:00:00Z');
    fc.assert(
      fc.property(
        cronText,
        fc.constantFrom('Etc/UTC', 'Asia/Kathmandu', ...SHIFTING_ZONES),
        fc.integer({ min: 0, max: 7200 }),
        (text, timeZone, seconds) => {
          const before = Schedule.cron(text, { timeZone });
          fc.pre(before.faults().length === 0);
          const { schedule, sleep } = before.delayedBy(Duration.seconds(seconds));
          expect(schedule.faults()).toEqual([]);
          const fields = seconds - sleep.toSeconds();
          const expected = before.nextRuns(5, after).map((run) => run.getTime() + fields * 1000);
          const shifted = schedule.nextRuns(5, new Date(after.getTime() + fields * 1000));
          expect(shifted.map((run) => run.getTime())).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a name always has the same delay, and names are spread evenly', () => {
    const max = Duration.minutes(30);
    const delays = Array.from({ length: 10_000 }, (_, i) => deterministicDelay(`db-${i}`, max).toSeconds());
    expect(deterministicDelay('db-0', max).toSeconds()).toBe(delays[0]);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(1800);
    const slots = Array.from(
      { length: 30 },
      (_, slot) => delays.filter((d) => Math.floor(d / 60) === slot).length,
    );
    const chiSquare = slots.reduce((sum, count) => sum + (count - 10_000 / 30) ** 2 / (10_000 / 30), 0);
    // 99.9 % of uniform samples lie below 58.3 (29 degrees of freedom); the sample is fixed, so is the result.
    expect(chiSquare).toBeLessThan(58.3);
    // Pinned: a change of it would move every job of every platform.
    expect(deterministicDelay('orders/full', max).toSeconds()).toBe(338);
  });
});

test('its fields are what they stand for, for schedulers that write them otherwise', () => {
  expect(Schedule.cron('*/30 2 1,15 * ?').fields()).toEqual({
    minutes: [0, 30],
    hours: [2],
    days: [1, 15],
    months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    weekdays: [0, 1, 2, 3, 4, 5, 6],
    anyDay: false,
    anyWeekday: true,
  });
  expect(() => Schedule.cron('61 * * * *').fields()).toThrow(/minute/);
});
