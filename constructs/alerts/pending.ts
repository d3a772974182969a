import { Duration, type Finding } from '../core';
import type { Alerting } from './alerting';
import type { Rule } from './rule';

/**
 * A rule whose `for` is over before a second scrape: one sample, or one that was missed, is enough to wake somebody.
 * @param intended the `for` that its catalogue has; one of 0 is meant
 */
export function shortPending(
  id: string,
  rule: Rule,
  { scrapeInterval }: Alerting,
  intended?: Duration,
): Finding[] {
  const pending = durationOf(rule.for);
  if (pending === undefined || pending >= 2 * scrapeInterval.toSeconds()) return [];
  if (pending === 0 && intended?.toSeconds() === 0) return [];
  return [
    {
      rule: 'alerts/short-for',
      message: `for of ${id} is ${rule.for}, and targets are scraped every ${scrapeInterval.human()}: a single sample makes it fire`,
      fix: `at least ${Duration.seconds(2 * scrapeInterval.toSeconds()).human()}, or a shorter scrapeInterval`,
    },
  ];
}

/** What Prometheus would refuse: with it, the whole group. */
export function pendingFault(id: string, rule: Rule): Finding[] {
  if (durationOf(rule.for) !== undefined) return [];
  return [
    {
      rule: 'alerts/for',
      message: `for of ${id} is ${JSON.stringify(rule.for)}, which is no duration of Prometheus`,
      fix: 'whole numbers with units, the largest first: 90s, 10m, 1h30m',
    },
  ];
}

/** In seconds. */
function durationOf(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(y|w|d|h|ms|m|s))+$/.test(text) || text.includes('y')) return undefined;
  try {
    return Duration.parse(text).toSeconds();
  } catch {
    return undefined;
  }
}
