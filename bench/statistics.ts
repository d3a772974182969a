export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** Runs two things by turns, each first as often as the other, so that what slows the machine meets both. */
export async function byTurns<A, B>(
  pairs: number,
  one: () => Promise<A>,
  other: () => Promise<B>,
): Promise<readonly (readonly [A, B])[]> {
  const results: [A, B][] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) {
      const first = await one();
      results.push([first, await other()]);
    } else {
      const second = await other();
      results.push([await one(), second]);
    }
  }
  return results;
}

/** `1.21, 1.24, 1.19` */
export function listed(values: readonly number[], digits = 2): string {
  return values.map((value) => value.toFixed(digits)).join(', ');
}
