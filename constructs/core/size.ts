const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const;
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Number of bytes one unit of a Kubernetes quantity stands for. */
const SUFFIXES: ReadonlyMap<string, number> = new Map([
  ...BINARY.map((suffix, power): [string, number] => [suffix, 1024 ** power]),
  ...DECIMAL.map((suffix, power): [string, number] => [suffix, 1000 ** power]),
]);

/**
 * An amount of data, exact to the byte (up to 8 PiB, where JavaScript stops counting exactly).
 * A text that is no size throws at once: there is no value to carry on with.
 */
export class Size {
  static bytes(count: number): Size {
    return Size.of(count, 1, 'bytes');
  }
  static kibibytes(count: number): Size {
    return Size.of(count, 1024, 'KiB');
  }
  static mebibytes(count: number): Size {
    return Size.of(count, 1024 ** 2, 'MiB');
  }
  static gibibytes(count: number): Size {
    return Size.of(count, 1024 ** 3, 'GiB');
  }
  static tebibytes(count: number): Size {
    return Size.of(count, 1024 ** 4, 'TiB');
  }

  /** Reads a Kubernetes quantity: `10Gi`, `1.5Gi`, `500M`, `128974848`, `1e9`. */
  static parse(text: string): Size {
    const match = /^(\d+(?:\.\d+)?|\.\d+)(?:([eE][+-]?\d+)|([A-Za-z]*))$/.exec(text);
    const suffix = match?.[3] ?? '';
    if (match !== null && suffix === 'm')
      throw new RangeError(
        `Size ${JSON.stringify(text)} means thousandths of a byte in Kubernetes; write ${match[1]}Mi (or ${match[1]}M for the decimal unit).`,
      );
    const unit = SUFFIXES.get(suffix);
    if (match === null || unit === undefined)
      throw new RangeError(
        `Size ${JSON.stringify(text)} cannot be read; write a number and one of Ki, Mi, Gi, Ti, Pi (powers of 1024) or k, M, G, T, P (powers of 1000), as in 10Gi.`,
      );
    return Size.of(Number(`${match[1]}${match[2] ?? ''}`), unit, suffix || 'bytes');
  }

  private static of(count: number, unit: number, name: string): Size {
    const product = count * unit;
    const nearest = Math.round(product);
    // A fraction of a byte is rounded up, as Kubernetes does; an error of the multiplication is none.
    const bytes = Math.abs(product - nearest) <= 4 * Number.EPSILON * product ? nearest : Math.ceil(product);
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      throw new RangeError(`Size of ${count} ${name} is not between 0 and 8 PiB; give one that is.`);
    return new Size(bytes);
  }

  private constructor(private readonly count: number) {}

  get bytes(): number {
    return this.count;
  }

  plus(other: Size): Size {
    return Size.bytes(this.count + other.count);
  }

  times(factor: number): Size {
    return Size.bytes(Math.ceil(this.count * factor));
  }

  equals(other: Size): boolean {
    return this.count === other.count;
  }

  isLargerThan(other: Size): boolean {
    return this.count > other.count;
  }

  /** The form Kubernetes itself would write back, so that a plan shows no difference (`1536Mi`, not `1.5Gi`). */
  kubernetes(): string {
    const [count, power] = this.inLargestBinaryUnit(BINARY.length - 1);
    return `${count}${BINARY[power]}`;
  }

  /** For a PostgreSQL setting, whose kB, MB, GB and TB are powers of 1024. */
  postgres(): string {
    const [count, power] = this.inLargestBinaryUnit(4);
    return `${count}${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
  }

  /** For a sentence (`1.5 GiB`). */
  human(): string {
    let power = 0;
    while (power < BINARY.length - 1 && this.count >= 1024 ** (power + 1)) power += 1;
    const rounded = Math.round((this.count / 1024 ** power) * 10) / 10;
    return power === 0 ? `${this.count} B` : `${rounded} ${BINARY[power]}B`;
  }

  toString(): string {
    return this.human();
  }

  toJSON(): string {
    return this.kubernetes();
  }

  private inLargestBinaryUnit(highest: number): [number, number] {
    if (this.count === 0) return [0, 0];
    let power = 0;
    while (power < highest && this.count % 1024 ** (power + 1) === 0) power += 1;
    return [this.count / 1024 ** power, power];
  }
}
