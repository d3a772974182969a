import type { CopyResult } from './copy';

/** What a copy did, or would do, to be read. */
export function renderCopy({ tables, sequences, notes }: CopyResult, apply: boolean): string {
  const will = apply ? 'were' : 'would be';
  return [
    ...tables.map(({ table, rows, made, inserted, skipped, updated, deleted }) => {
      if (made) return `${table}: ${apply ? 'is made' : 'would be made'} anew, with ${rows} rows`;
      const changes = [
        `${inserted} of the clone's ${rows} rows ${will} inserted`,
        ...(skipped > 0
          ? [`${skipped} were left out, since another row holds a unique value of theirs`]
          : []),
        ...(updated > 0 ? [`${updated} ${will} set back`] : []),
        ...(deleted > 0 ? [`${deleted} written since ${will} deleted`] : []),
      ];
      return `${table}: ${changes.join(', ')}`;
    }),
    ...sequences.map(({ sequence, value }) => `${sequence}: was behind, is at ${value} now`),
    ...notes,
  ].join('\n');
}
