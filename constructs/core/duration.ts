const UNITS = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1_000,
  millisecond: 1,
} as const;

type Unit = keyof typeof UNITS;

/** What may stand behind a number in `90m` or `1h30m`: Prometheus', Go's and PostgreSQL's spellings. */
const SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['w', UNITS.week],
  ['d', UNITS.day],
  ['h', UNITS.hour],
  ['min', UNITS.minute],
  ['m', UNITS.minute],
  ['s', UNITS.second],
  ['ms', UNITS.millisecond],
]);

const ISO =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const ISO_UNITS: readonly Unit[] = ['week', 'day', 'hour', 'minute', 'second'];

/**
 * A length of time, exact to the millisecond.
 *
 * Months and years are left out on purpose: they have no fixed length, and an
 * objective or a retention that depends on the month it is read in is a trap.
 * A text that is no duration throws at once: there is no value to carry on with.
 */
export class Duration {
  static readonly ZERO = new Duration(0);

  static milliseconds(count: number): Duration {
    return Duration.of(count, 'millisecond');
  }
  static seconds(count: number): Duration {
    return Duration.of(count, 'second');
  }
  static minutes(count: number): Duration {
    return Duration.of(count, 'minute');
  }
  static hours(count: number): Duration {
    return Duration.of(count, 'hour');
  }
  static days(count: number): Duration {
    return Duration.of(count, 'day');
  }

  /** Reads ISO 8601 (`P1DT12H`, `PT30M`) and the short form (`30m`, `1h30m`, `5min`, `7d`, `250ms`). */
  static parse(text: string): Duration {
    const milliseconds = parseIso(text) ?? parseShort(text);
    if (milliseconds === undefined)
      throw new RangeError(
        `Duration ${JSON.stringify(text)} cannot be read; write it as 30m, 1h30m or 7d (units w, d, h, m or min, s, ms) or in ISO 8601 as PT30M or P7D. Months and years have no fixed length and are not accepted.`,
      );
    return Duration.of(milliseconds, 'millisecond');
  }

  private static of(count: number, unit: Unit): Duration {
    const product = count * UNITS[unit];
    const milliseconds = Math.round(product);
    // 1.1 s is no binary fraction and still 1,100 ms; 0.1 ms is not 0.
    const exact = Math.abs(product - milliseconds) <= 4 * Number.EPSILON * product;
    if (!exact || !Number.isSafeInteger(milliseconds) || milliseconds < 0)
      throw new RangeError(
        `Duration of ${count} ${unit}s is not a whole number of milliseconds from 0 upwards; give a count that is.`,
      );
    return new Duration(milliseconds);
  }

  private constructor(private readonly ms: number) {}

  toMilliseconds(): number {
    return this.ms;
  }

  /** May have a fraction; for an API that takes whole seconds use `wholeSeconds`. */
  toSeconds(): number {
    return this.ms / UNITS.second;
  }

  /** Rounded up, so that a deadline is never shorter than what was asked for. Kubernetes' unit. */
  wholeSeconds(): number {
    return Math.ceil(this.ms / UNITS.second);
  }

  plus(other: Duration): Duration {
    return Duration.of(this.ms + other.ms, 'millisecond');
  }

  times(factor: number): Duration {
    return Duration.of(Math.round(this.ms * factor), 'millisecond');
  }

  equals(other: Duration): boolean {
    return this.ms === other.ms;
  }

  isLongerThan(other: Duration): boolean {
    return this.ms > other.ms;
  }

  /** For a PostgreSQL setting: one number, one unit (`90s`, `5min`, `1d`). */
  postgres(): string {
    const [count, unit] = this.inLargestUnit(['day', 'hour', 'minute', 'second', 'millisecond']);
    return `${count}${{ week: 'w', day: 'd', hour: 'h', minute: 'min', second: 's', millisecond: 'ms' }[unit]}`;
  }

  /** For Prometheus (`1h30m`, `7d`). */
  prometheus(): string {
    const parts = this.split(['day', 'hour', 'minute', 'second', 'millisecond']);
    const short = { week: 'w', day: 'd', hour: 'h', minute: 'm', second: 's', millisecond: 'ms' };
    return parts.map(([count, unit]) => `${count}${short[unit]}`).join('') || '0s';
  }

  /** For a Go program (Velero's `ttl`, Helm's `timeout`): hours are its largest unit (`720h`). */
  golang(): string {
    const parts = this.split(['hour', 'minute', 'second', 'millisecond']);
    const short = { week: 'w', day: 'd', hour: 'h', minute: 'm', second: 's', millisecond: 'ms' };
    return parts.map(([count, unit]) => `${count}${short[unit]}`).join('') || '0s';
  }

  /** ISO 8601 (`P1DT1H30M`). */
  iso(): string {
    const letter = { week: 'W', day: 'D', hour: 'H', minute: 'M', second: 'S', millisecond: '' };
    const write = (units: readonly Unit[], from: number): string =>
      splitInto(from, units)
        .map(([count, unit]) => `${count}${letter[unit]}`)
        .join('');
    const days = Math.floor(this.ms / UNITS.day);
    const rest = this.ms % UNITS.day;
    const seconds = (rest % UNITS.minute) / UNITS.second;
    const time = write(['hour', 'minute'], rest - (rest % UNITS.minute)) + (seconds > 0 ? `${seconds}S` : '');
    const date = days > 0 ? `${days}D` : '';
    return date || time ? `P${date}${time ? `T${time}` : ''}` : 'PT0S';
  }

  /** For a sentence (`1 hour 30 minutes`). */
  human(): string {
    const parts = this.split(['day', 'hour', 'minute', 'second', 'millisecond']);
    return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(' ') || '0 seconds';
  }

  toString(): string {
    return this.human();
  }

  toJSON(): string {
    return this.iso();
  }

  private split(units: readonly Unit[]): [number, Unit][] {
    return splitInto(this.ms, units);
  }

  private inLargestUnit(units: readonly Unit[]): [number, Unit] {
    for (const unit of units)
      if (this.ms > 0 && this.ms % UNITS[unit] === 0) return [this.ms / UNITS[unit], unit];
    return [0, 'second'];
  }
}

function splitInto(milliseconds: number, units: readonly Unit[]): [number, Unit][] {
  const parts: [number, Unit][] = [];
  let rest = milliseconds;
  for (const unit of units) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) parts.push([count, unit]);
    rest -= count * UNITS[unit];
  }
  return parts;
}

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null || /[PT]$/.test(text)) return undefined;
  return ISO_UNITS.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * UNITS[unit], 0);
}

function parseShort(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:w|d|h|min|ms|m|s))+$/.test(text)) return undefined;
  let sum = 0;
  let before = Number.POSITIVE_INFINITY;
  for (const [, count, suffix] of text.matchAll(/(\d+(?:\.\d+)?)(w|d|h|min|ms|m|s)/g)) {
    const unit = SUFFIXES.get(suffix ?? '');
    // Falling units only: `30m1h` is more likely a slip of the pen than an hour and a half.
    if (unit === undefined || unit >= before) return undefined;
    before = unit;
    sum += Number(count) * unit;
  }
  return sum;
}
