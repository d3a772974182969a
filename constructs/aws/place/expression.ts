import type { Finding, Schedule } from '../../core';

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

/**
 * A schedule as EventBridge, AWS Backup and Data Lifecycle Manager write it: six fields, of which one of the days is `?`
 * (docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html). `undefined` for a schedule that is
 * faulty, or that these cannot say.
 */
export function cronExpression(schedule: Schedule): string | undefined {
  if (schedule.faults().length > 0) return undefined;
  const { anyDay, anyWeekday, days, hours, minutes, months, weekdays } = schedule.fields();
  if (!anyDay && !anyWeekday) return undefined;
  const list = (values: readonly (number | string)[], all: number): string =>
    values.length === all ? '*' : values.join();
  const day = anyDay ? (anyWeekday ? '*' : '?') : list(days, 31);
  const weekday = anyWeekday ? '?' : weekdays.map((at) => WEEKDAYS[at] ?? '').join();
  return `cron(${list(minutes, 60)} ${list(hours, 24)} ${day} ${list(months, 12)} ${weekday} *)`;
}

export interface ExpressionOptions {
  /** Whether the service reads times by UTC alone. @default false - the schedule's zone is handed on */
  readonly utcOnly?: boolean;
}

/** What keeps a schedule from being said to a service of Amazon. */
export function expressionFaults(
  property: string,
  schedule: Schedule,
  { utcOnly = false }: ExpressionOptions = {},
): Finding[] {
  const faults = schedule.faults(property);
  if (faults.length > 0) return faults;
  const rule = 'aws/schedule';
  const said = `${property} ${JSON.stringify(schedule.expression)}`;
  const found: Finding[] = [];
  const fields = schedule.fields();
  if (!fields.anyDay && !fields.anyWeekday)
    found.push({
      rule,
      message: `${said} restricts both the day of the month and the weekday, and Amazon's schedules know one of them`,
      fix: 'leave one of them open, and declare two schedules where both are meant',
    });
  // Two minutes of one hour are less than an hour apart; one minute never is.
  if (fields.minutes.length > 1)
    found.push({
      rule,
      message: `${said} runs more than once an hour, and the service not`,
      fix: 'write one minute; what has to be copied more often needs a continuous copy',
    });
  if (utcOnly && !['Etc/UTC', 'UTC', 'Etc/UCT', 'Etc/Universal', 'Etc/Zulu'].includes(schedule.timeZone))
    found.push({
      rule,
      message: `${said} is in ${schedule.timeZone}, and the service reads it by UTC`,
      fix: 'leave the time zone out, and write the hours in UTC',
    });
  return found;
}
