/** Pods that run all the time, told by their names. */
export class PodSet {
  /** `<name>-0`, `<name>-1`, … */
  static statefulSet(name: string, count: number): PodSet {
    return PodSet.owned(
      name,
      '[0-9]+',
      numbered(count, (index) => `${name}-${index}`),
    );
  }

  static deployment(name: string, count: number): PodSet {
    return PodSet.owned(
      name,
      '[a-z0-9]+-[a-z0-9]{5}',
      numbered(count, (index) => `${name}-5d8f7c9b6d-${String(index).padStart(5, '0')}`),
    );
  }

  /** One on each of so many nodes, at least. */
  static daemonSet(name: string, atLeast: number): PodSet {
    return PodSet.owned(
      name,
      '[a-z0-9]{5}',
      numbered(atLeast, (index) => `${name}-${String(index).padStart(5, '0')}`),
    );
  }

  /**
   * Any others: no pods of Jobs, which end.
   * @param names regular expression (RE2) of the whole name
   * @param examples as many names as there are pods, for the tests of the rules
   */
  static matching(names: string, examples: readonly string[]): PodSet {
    return new PodSet(names, examples, {
      name: names,
      pattern: names,
      replacement: names.replaceAll('$', '$$$$'),
    });
  }

  private static owned(name: string, rest: string, examples: readonly string[]): PodSet {
    const set = { name, pattern: `(.+)-${rest}`, replacement: '$1' };
    return new PodSet(`${escaped(name)}-${rest}`, examples, set);
  }

  private constructor(
    readonly names: string,
    readonly examples: readonly string[],
    /** How a pod's name tells which set it is of: one pattern for all StatefulSets. */
    readonly set: { readonly name: string; readonly pattern: string; readonly replacement: string },
  ) {}

  get count(): number {
    return this.examples.length;
  }

  /** What it says about itself does not hold: an example that is not matched, no pod at all. */
  faults(): string[] {
    if (this.count === 0) return ['has no pods'];
    try {
      const whole = new RegExp(`^(?:${this.names})$`);
      return this.examples
        .filter((name) => !whole.test(name))
        .map((name) => `does not match its example ${JSON.stringify(name)}`);
    } catch {
      return [`has the names ${JSON.stringify(this.names)}, which is no regular expression`];
    }
  }
}

function numbered(count: number, name: (index: number) => string): string[] {
  return Array.from({ length: Math.max(0, Math.floor(count) || 0) }, (_, index) => name(index));
}

/** A dot in a name is no other character. */
function escaped(name: string): string {
  return name.replaceAll('.', '[.]');
}
