/**
 * How near an end is, in seconds: of 30 days within which something is to be replaced 30, 15 and 7, and the same parts of
 * any other time.
 */
export interface Tiers {
  readonly info: number;
  readonly warning: number;
  readonly critical: number;
}

/** @param window within which it is to be replaced, in seconds: `renewBefore`, or whatever somebody is to be warned by */
export function tiers(window: number): Tiers {
  return { info: window, warning: Math.round(window / 2), critical: Math.round((window * 7) / 30) };
}

/**
 * PromQL: what is left is in this tier. A tier holds until the next one has waited its time and fires, so that none of
 * them is silent between two, and only one of them fires for long.
 * @param left PromQL, seconds until the end
 * @param below seconds
 * @param next the next tier, in seconds
 * @param pending how long that waits until it fires, in seconds
 */
export function inTier(left: string, below: number, next: number, pending: number): string {
  return `${left} < ${below} >= ${next - pending}`;
}
