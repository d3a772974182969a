/** Something that is applied, and what must be there before it. */
export interface Ordered {
  readonly address: string;
  readonly rank: number;
  /** Kind, namespace and name: the order among equals, so that a kit does not change without a cause. */
  readonly key: string;
  readonly needs: ReadonlySet<string>;
}

/**
 * By rank, except that whatever is referred to or depended upon comes first.
 * Circles cannot come out of a synth that Terraform accepts; here one is
 * simply cut.
 */
export function inOrder<T extends Ordered>(items: readonly T[]): readonly T[] {
  const sorted = [...items].sort((one, other) => one.rank - other.rank || compare(one.key, other.key));
  const byAddress = new Map(sorted.map((item) => [item.address, item]));
  const position = new Map(sorted.map((item, index) => [item.address, index]));
  const done = new Set<string>();
  const result: T[] = [];
  const visit = (item: T): void => {
    if (done.has(item.address)) return;
    done.add(item.address);
    const needs = [...item.needs].sort((one, other) => (position.get(one) ?? 0) - (position.get(other) ?? 0));
    for (const address of needs) {
      const needed = byAddress.get(address);
      if (needed !== undefined) visit(needed);
    }
    result.push(item);
  };
  for (const item of sorted) visit(item);
  return result;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
