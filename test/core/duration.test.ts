import fc from 'fast-check';
import { Duration } from '../../constructs/core/duration';

describe('reading', () => {
  test.each([
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['5min', 300_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['720h', 2_592_000_000],
    ['PT30M', 1_800_000],
    ['P1DT12H', 129_600_000],
    ['P2W', 1_209_600_000],
    ['PT0.25S', 250],
    ['PT0S', 0],
  ])('%s', (text, milliseconds) => expect(Duration.parse(text).toMilliseconds()).toBe(milliseconds));

  test.each([
    '',
    '30',
    'm',
    '30 m',
    '-5m',
    '30m1h',
    '1h1h',
    'P',
    'PT',
    'P1DT',
    'P1M',
    'P1Y',
    '1y',
    '0.1ms',
    '5M',
  ])('%p is refused, saying what to write', (text) =>
    expect(() => Duration.parse(text)).toThrow(/Duration .*(write it as|give a count)/),
  );

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 0.0001])('%p seconds are refused', (count) => {
    expect(() => Duration.seconds(count)).toThrow(/whole number of milliseconds from 0/);
  });

  test('a fraction that is no binary number is still exact', () => {
    expect(Duration.seconds(1.1).toMilliseconds()).toBe(1100);
    expect(Duration.hours(0.1).toMilliseconds()).toBe(360_000);
  });
});

describe('writing', () => {
  test.each([
    ['0s', '0s', '0s', '0s', 'PT0S', '0 seconds'],
    ['60s', '1min', '1m', '1m', 'PT1M', '1 minute'],
    ['90s', '90s', '1m30s', '1m30s', 'PT1M30S', '1 minute 30 seconds'],
    ['1h30m', '90min', '1h30m', '1h30m', 'PT1H30M', '1 hour 30 minutes'],
    ['8d', '8d', '8d', '192h', 'P8D', '8 days'],
    ['25h', '25h', '1d1h', '25h', 'P1DT1H', '1 day 1 hour'],
    ['1500ms', '1500ms', '1s500ms', '1s500ms', 'PT1.5S', '1 second 500 milliseconds'],
  ])(
    '%s: PostgreSQL %s, Prometheus %s, Go %s, ISO %s, %s',
    (text, postgres, prometheus, golang, iso, human) => {
      const it = Duration.parse(text);
      expect([it.postgres(), it.prometheus(), it.golang(), it.iso(), it.human(), `${it}`]).toEqual([
        postgres,
        prometheus,
        golang,
        iso,
        human,
        human,
      ]);
    },
  );

  test('whole seconds are never fewer than asked for', () => {
    expect(Duration.milliseconds(1001).wholeSeconds()).toBe(2);
    expect(Duration.seconds(60).wholeSeconds()).toBe(60);
  });

  test('what is written is read back as the same', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (milliseconds) => {
        const it = Duration.milliseconds(milliseconds);
        for (const text of [
          it.prometheus(),
          it.iso(),
          it.golang(),
          it.postgres(),
          JSON.parse(JSON.stringify(it)),
        ])
          expect(Duration.parse(text).toMilliseconds()).toBe(milliseconds);
      }),
    );
  });
});

test('arithmetic and comparison', () => {
  const hour = Duration.hours(1);
  expect(hour.plus(Duration.minutes(30)).prometheus()).toBe('1h30m');
  expect(hour.times(1.5).equals(Duration.minutes(90))).toBe(true);
  expect(hour.isLongerThan(Duration.minutes(60))).toBe(false);
  expect(hour.isLongerThan(Duration.minutes(59))).toBe(true);
});
