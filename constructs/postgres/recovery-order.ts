import type { Finding } from '../core';

/**
 * Brings a database back to an earlier state of itself, once. The id is remembered, on the volume and in the vault:
 * left in the declaration, the order is never carried out again, not after the next loss either.
 */
export interface RecoveryOrder {
  /** A name of your choice, new for each recovery. */
  readonly id: string;
  /** `latest`, or an instant with its zone: `2026-05-04T03:02:01Z`, `2026-05-04 05:02:01.5+02:00`. */
  readonly to: 'latest' | (string & {});
  /**
   * Label of the backup to begin with, as `pgbackrest info` shows it.
   * @default - the newest one that ended before `to`
   */
  readonly set?: string;
  /**
   * Timeline to follow: its number in decimal, or `current` for the backup's own.
   * @default - the one that the database is on
   */
  readonly timeline?: number | 'current' | 'latest';
}

/** The order as pods read it. */
export function recoverJson({ id, to, set, timeline }: RecoveryOrder): string {
  return JSON.stringify({ id, to, set, timeline });
}

const ID = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$/;
const LABEL = /^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$/;

/** What no pod could carry out; what the repository holds is known at run time only. */
export function checkRecoveryOrder(order: RecoveryOrder | undefined): Finding[] {
  if (order === undefined) return [];
  const { id, to, set, timeline } = order;
  const findings: Finding[] = [];
  const wrong = (property: string, value: unknown, expected: string, fix: string): void => {
    findings.push({
      rule: 'postgres/recover',
      message: `recover.${property} is ${JSON.stringify(value)}; it must be ${expected}`,
      fix,
    });
  };
  if (!ID.test(id))
    wrong('id', id, '1 to 40 lower-case letters, digits and -', 'for example undo-delete-2026-05-04');
  if (to !== 'latest' && !(INSTANT.test(to) && Number.isFinite(Date.parse(isoInstant(to)))))
    wrong('to', to, '"latest" or an instant with its zone', 'for example 2026-05-04T03:02:01Z');
  if (set !== undefined && !LABEL.test(set))
    wrong(
      'set',
      set,
      'the label of a backup',
      'take one that `pgbackrest info` shows, as 20260504-020000F, or leave it out',
    );
  if (
    timeline !== undefined &&
    timeline !== 'current' &&
    timeline !== 'latest' &&
    !(Number.isInteger(timeline) && timeline >= 1)
  )
    wrong(
      'timeline',
      timeline,
      'a whole number from 1, "current" or "latest"',
      'take its number in decimal, or leave it out',
    );
  return findings;
}

/** As ECMAScript reads it. */
function isoInstant(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
}
