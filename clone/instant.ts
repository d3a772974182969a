import { EnvironmentProblem } from '../deploy/progress';

/** What a clone is asked to show: everything that was archived, or the state at an instant. */
export type Target = 'latest' | Instant;

export interface Instant {
  /** As PostgreSQL and `date` read it, with its zone and every digit that was given. */
  readonly text: string;
  readonly at: Date;
}

const FORM = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|[+-]\d{2}(?::?\d{2})?)$/;

/**
 * `latest`, or an instant with its zone: without one, two people read two times.
 * @throws EnvironmentProblem for anything else
 */
export function parseTarget(text: string): Target {
  if (text === 'latest') return text;
  const [, date, time, zone = ''] = FORM.exec(text.trim()) ?? [];
  const [, sign = '', hours = '', minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const normal = `${date}T${time}${zone === 'Z' ? 'Z' : `${sign}${hours}:${minutes}`}`;
  const at = new Date(normal);
  if (date === undefined || Number.isNaN(at.getTime())) {
    throw new EnvironmentProblem(
      `"${text}" is no target — FIX: say latest, or an instant with its zone, for example 2026-05-04T03:02:01.5Z or 2026-05-04T05:02:01+02:00`,
    );
  }
  return { text: normal, at };
}

export function targetText(target: Target): string {
  return target === 'latest' ? target : target.text;
}

/** Whether two texts name one target: the same instant may be written in two zones. */
export function sameTarget(one: string, other: string): boolean {
  if (one === other) return true;
  if (one === 'latest' || other === 'latest') return false;
  const digits = (text: string): string => (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0');
  const [a, b] = [one, other].map((text) => new Date(text).getTime());
  return a === b && digits(one) === digits(other);
}

/** For messages; nothing where the timeline is the one that the vault records. */
export function onTimeline(timeline: string): string {
  return timeline === '' ? '' : `, timeline ${timeline}`;
}
