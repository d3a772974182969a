export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** Does several things by turns, each time beginning with another, so that what slows the machine meets all of them. */
export async function byTurns<Name extends string, T>(
  rounds: number,
  things: Readonly<Record<Name, () => Promise<T>>>,
): Promise<readonly Readonly<Record<Name, T>>[]> {
  const names = Object.keys(things) as Name[];
  const results: Record<Name, T>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % names.length;
    const result: Partial<Record<Name, T>> = {};
    for (const name of [...names.slice(first), ...names.slice(0, first)]) result[name] = await things[name]();
    results.push(result as Record<Name, T>);
  }
  return results;
}

/** `1.21, 1.24, 1.19` */
export function listed(values: readonly number[], digits = 2): string {
  return values.map((value) => value.toFixed(digits)).join(', ');
}
