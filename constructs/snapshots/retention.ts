import type { Finding } from '../core';
import { TIERS } from './record';

/**
 * How many snapshots of a claim are kept, grandfather-father-son: of each of the newest so many hours, days, ISO weeks,
 * months and years that have any, the newest one. Periods are those of UTC, whatever the schedule's zone is: no day of it
 * has 23 or 25 hours. They are counted by the snapshots that there are, so a job that stopped expires nothing.
 */
export interface SnapshotRetention {
  /** @default 0 */
  readonly hourly?: number;
  /** @default 0 */
  readonly daily?: number;
  /** @default 0 */
  readonly weekly?: number;
  /** @default 0 */
  readonly monthly?: number;
  /** @default 0 */
  readonly yearly?: number;
  /** So many of the newest stay in any case. @default 3 */
  readonly atLeast?: number;
}

const AT_LEAST = 3;

/** As the job's retention.jq reads it. */
export function retentionRule(keep: SnapshotRetention): Readonly<Record<string, number>> {
  return {
    ...Object.fromEntries(TIERS.map((tier) => [tier, keep[tier] ?? 0])),
    atLeast: keep.atLeast ?? AT_LEAST,
  };
}

/** `7 daily, 4 weekly, never fewer than the newest 3` */
export function retentionInWords(keep: SnapshotRetention): string {
  const tiers = TIERS.flatMap((tier) => ((keep[tier] ?? 0) > 0 ? [`${keep[tier]} ${tier}`] : []));
  return [...tiers, `never fewer than the newest ${keep.atLeast ?? AT_LEAST}`].join(', ');
}

export function checkRetention(keep: SnapshotRetention): Finding[] {
  const found: Finding[] = [];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    found.push({
      rule: 'snapshots/retention',
      message: `keep.${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  for (const tier of TIERS) {
    const count = keep[tier] ?? 0;
    if (!(Number.isInteger(count) && count >= 0 && count <= 1000))
      wrong(tier, count, 'it must be a whole number from 0 to 1000', 'leave it out for none');
  }
  const least = keep.atLeast ?? AT_LEAST;
  if (!(Number.isInteger(least) && least >= 1 && least <= 1000))
    wrong('atLeast', least, 'it must be a whole number from 1 to 1000', `leave it out for ${AT_LEAST}`);
  return found;
}
