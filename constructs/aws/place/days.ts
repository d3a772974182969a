import type { Duration, Finding } from '../../core';

const DAY_SECONDS = 86_400;

/** May have a fraction, which is a fault of its own. */
export function daysOf(duration: Duration): number {
  return duration.toSeconds() / DAY_SECONDS;
}

/** Services of Amazon keep by whole days. */
export function daysFaults(
  rule: string,
  property: string,
  duration: Duration | undefined,
  { least, most, why }: { readonly least: number; readonly most: number; readonly why: string },
): Finding[] {
  if (duration === undefined) return [];
  const days = daysOf(duration);
  if (Number.isInteger(days) && days >= least && days <= most) return [];
  return [
    {
      rule,
      message: `${property} is ${duration.human()}; ${why}`,
      fix: `write it as Duration.days(n), n from ${least} to ${most}`,
    },
  ];
}

/** Of several of one name the first, since one name is one resource; that there are several is a fault of its own. */
export function firstOfEachName<T extends { readonly name: string }>(named: readonly T[]): T[] {
  return named.filter(({ name }, at) => named.findIndex((one) => one.name === name) === at);
}
