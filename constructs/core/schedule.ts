import { createHash } from 'node:crypto';
import { Cron } from 'croner';
import { type CronFields, normalise, type Parsed, parseCron } from './cron/fields';
import { HORIZON, longestGap } from './cron/gaps';
import { shiftsByPartOfAnHour, timeZoneFaults, transitions } from './cron/time-zone';
import { Duration } from './duration';
import type { Finding } from './validation';

export interface ScheduleOptions {
  /**
   * The IANA zone whose clock the fields are read by.
   * @default 'Etc/UTC': a run is never skipped or doubled, as it is elsewhere when the clocks change,
   * and keeps its distance to the others; it moves by an hour for people who live with summer time.
   */
  readonly timeZone?: string;
}

export interface DailyProps extends ScheduleOptions {
  /** 0 to 23. */
  readonly hour: number;
  /** @default 0, on the hour: together with everybody else's jobs. */
  readonly minute?: number;
}

export type Weekday = 'sunday' | 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday';

export interface WeeklyProps extends DailyProps {
  readonly on: Weekday;
}

export interface HourlyProps extends ScheduleOptions {
  /** @default 0, on the hour: together with everybody else's jobs. */
  readonly minute?: number;
}

/** In minutes, by schedule: many databases have the same one. */
const gaps = new Map<string, number | undefined>();

const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
];

/**
 * When something runs: five cron fields, exactly as a Kubernetes CronJob takes them, and a time zone.
 *
 * Names, ranges, lists, steps, `?` and the macros `@hourly` to `@yearly` are read; when both the day
 * of month and the weekday are restricted, either is enough. A time that a change of the clocks skips
 * is not made up for, and one that it repeats runs twice, as in Kubernetes.
 *
 * A faulty text is kept: `faults()` tells everything that is wrong, so that all faults of a platform
 * are seen at once. Asking a faulty schedule for its runs throws.
 */
export class Schedule {
  static cron(expression: string, options: ScheduleOptions = {}): Schedule {
    return new Schedule(normalise(expression), options.timeZone ?? 'Etc/UTC', parseCron(expression));
  }

  static hourly(props: HourlyProps = {}): Schedule {
    return Schedule.cron(`${props.minute ?? 0} * * * *`, props);
  }

  static daily(props: DailyProps): Schedule {
    return Schedule.cron(`${props.minute ?? 0} ${props.hour} * * *`, props);
  }

  static weekly(props: WeeklyProps): Schedule {
    return Schedule.cron(`${props.minute ?? 0} ${props.hour} * * ${WEEKDAYS.indexOf(props.on)}`, props);
  }

  private constructor(
    /** Five fields; macros are expanded. */
    readonly expression: string,
    readonly timeZone: string,
    private readonly parsed: Parsed<CronFields>,
  ) {}

  /** Everything that is wrong with it, for the property that holds it; empty when it is sound. */
  faults(property = 'schedule'): Finding[] {
    const faults = [...(this.parsed.faults ?? []), ...timeZoneFaults(this.timeZone)];
    if (faults.length === 0 && shiftsByPartOfAnHour(this.timeZone, HORIZON))
      faults.push({
        message: `has time zone ${JSON.stringify(this.timeZone)}, whose clocks change by half an hour: Kubernetes then skips whole days`,
        fix: 'give Etc/UTC, or a neighbouring zone whose clocks change by full hours',
      });
    if (faults.length === 0 && this.computeGap() === undefined)
      faults.push({ message: 'never runs: no month of it has such a day', fix: 'write a day that exists' });
    return faults.map(({ message, fix }) => ({
      rule: 'schedule/invalid',
      message: `${property} ${JSON.stringify(this.expression)} ${message}`,
      fix,
    }));
  }

  /** The next `count` runs, strictly after an instant. */
  nextRuns(count: number, after: Date): Date[] {
    const fields = this.sound();
    // Croner runs a single time of day that the clocks skip as soon as they are past it, and one that
    // they repeat only once; Kubernetes does neither. Hours written as ranges turn that off.
    const hours = fields.hours.map((hour) => `${hour}-${hour}/1`).join();
    const days = fields.anyDay ? '*' : fields.days.join();
    const weekdays = fields.anyWeekday ? '*' : fields.weekdays.join();
    const pattern = `${fields.minutes.join()} ${hours} ${days} ${fields.months.join()} ${weekdays}`;
    return new Cron(pattern, { timezone: this.timeZone, mode: '5-part', paused: true }).nextRuns(
      count,
      after,
    );
  }

  /** The longest distance between two runs: what is at stake when one of them is the last that worked. */
  longestGap(): Duration {
    this.sound();
    return this.computeGap() ?? Duration.ZERO;
  }

  /**
   * What the five fields stand for, for schedulers that write them otherwise.
   * @throws when the schedule is faulty
   */
  fields(): CronFields {
    return this.sound();
  }

  /** The two fields of a CronJob's spec. */
  kubernetes(): { readonly schedule: string; readonly timeZone: string } {
    return { schedule: this.expression, timeZone: this.timeZone };
  }

  /**
   * The same schedule, every run later by `delay`. What cron fields can say goes into the schedule,
   * where an operator sees it; the rest comes back as `sleep`, for the pod to wait before it starts.
   * A schedule is changed only if each of its runs then is later by exactly that much.
   */
  delayedBy(delay: Duration): { readonly schedule: Schedule; readonly sleep: Duration } {
    const minutes = Math.floor(delay.toMilliseconds() / 60_000);
    const shifted = minutes === 0 ? undefined : this.shiftedBy(minutes);
    if (shifted === undefined) return { schedule: this, sleep: delay };
    return { schedule: shifted, sleep: Duration.milliseconds(delay.toMilliseconds() % 60_000) };
  }

  equals(other: Schedule): boolean {
    return this.expression === other.expression && this.timeZone === other.timeZone;
  }

  toString(): string {
    return `${this.expression} ${this.timeZone}`;
  }

  toJSON(): string {
    return this.toString();
  }

  private shiftedBy(minutes: number): Schedule | undefined {
    const fields = this.sound();
    // Where clocks change, a shifted time could fall into the hour that is skipped.
    if (transitions(this.timeZone, HORIZON).length > 1) return undefined;
    const everyDay = fields.anyDay && fields.anyWeekday && fields.months.length === 12;
    const carries = new Set(fields.minutes.map((minute) => Math.floor((minute + minutes) / 60)));
    const carry = [...carries][0] ?? 0;
    if (carries.size > 1 && fields.hours.length < 24) return undefined;
    if (fields.hours.some((hour) => hour + Math.max(...carries) > 23) && !everyDay) return undefined;
    const write = (values: readonly number[]): string => [...values].sort((a, b) => a - b).join();
    const hours = fields.hours.length === 24 ? '*' : write(fields.hours.map((hour) => (hour + carry) % 24));
    const rest = this.expression.split(' ').slice(2).join(' ');
    return Schedule.cron(
      `${write(fields.minutes.map((minute) => (minute + minutes) % 60))} ${hours} ${rest}`,
      {
        timeZone: this.timeZone,
      },
    );
  }

  private computeGap(): Duration | undefined {
    if (this.parsed.value === undefined) return undefined;
    const key = this.toString();
    if (!gaps.has(key)) gaps.set(key, longestGap(this.parsed.value, this.timeZone));
    const minutes = gaps.get(key);
    return minutes === undefined ? undefined : Duration.minutes(minutes);
  }

  private sound(): CronFields {
    const faults = this.faults();
    if (this.parsed.value === undefined || faults.length > 0)
      throw new Error(faults.map(({ message, fix }) => `${message}; ${fix}`).join('\n'));
    return this.parsed.value;
  }
}

/**
 * A delay from 0 up to, not including, `max`, in whole seconds: the same for the same name, evenly
 * spread over names. In place of a random delay, so that a run's time is known before it happens.
 */
export function deterministicDelay(name: string, max: Duration): Duration {
  const hash = createHash('sha256').update(name, 'utf8').digest().readUIntBE(0, 6);
  return Duration.seconds(Math.floor((hash / 2 ** 48) * max.toSeconds()));
}
