import { cronExpression, expressionFaults } from '../../../constructs/aws/place';
import { Schedule } from '../../../constructs/core';

// The forms are those of the table in EventBridge's user guide ("Cron expressions").
test.each<[string, string]>([
  ['0 10 * * *', 'cron(0 10 * * ? *)'],
  ['15 12 * * *', 'cron(15 12 * * ? *)'],
  ['0 18 * * 1-5', 'cron(0 18 ? * MON,TUE,WED,THU,FRI *)'],
  ['0 8 1 * *', 'cron(0 8 1 * ? *)'],
  ['5 * * * *', 'cron(5 * * * ? *)'],
  ['0 2 * * 0', 'cron(0 2 ? * SUN *)'],
  ['30 1 1,15 */6 *', 'cron(30 1 1,15 1,7 ? *)'],
  ['@weekly', 'cron(0 0 ? * SUN *)'],
])('%s is %s', (expression, expected) => {
  expect(cronExpression(Schedule.cron(expression))).toBe(expected);
  expect(expressionFaults('schedule', Schedule.cron(expression))).toEqual([]);
});

const messages = (schedule: Schedule, utcOnly = false) =>
  expressionFaults('schedule', schedule, { utcOnly }).map(({ message }) => message);

test('a day of the month and a weekday cannot be said', () => {
  const schedule = Schedule.cron('0 2 1 * 0');
  expect(cronExpression(schedule)).toBeUndefined();
  expect(messages(schedule)).toEqual([
    expect.stringContaining('"0 2 1 * 0" restricts both the day of the month and the weekday'),
  ]);
});

test('more than once an hour cannot be had', () =>
  expect(messages(Schedule.cron('*/30 * * * *'))).toEqual([
    expect.stringContaining('more than once an hour'),
  ]));

test('a time zone where the service reads UTC', () => {
  const schedule = Schedule.daily({ hour: 2, timeZone: 'Europe/Paris' });
  expect(messages(schedule)).toEqual([]);
  expect(messages(schedule, true)).toEqual([
    expect.stringContaining('is in Europe/Paris, and the service reads it by UTC'),
  ]);
});

test('all that is wrong is told at once; a faulty schedule has its own faults alone', () => {
  expect(messages(Schedule.cron('*/5 2 1 * 0', { timeZone: 'Europe/Paris' }), true)).toHaveLength(3);
  expect(expressionFaults('schedule', Schedule.cron('61 * * * *')).map(({ rule }) => rule)).toEqual([
    'schedule/invalid',
  ]);
  expect(cronExpression(Schedule.cron('61 * * * *'))).toBeUndefined();
});
