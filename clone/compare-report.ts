import type { Comparison, Counts } from './compare';

/** A comparison, to be read. */
export function renderComparison({ counts, queries, schema }: Comparison, name: string): string {
  const differing = counts.filter(({ live, clone }) => live !== clone);
  const same = counts.length - differing.length;
  return [
    ...(differing.length === 0
      ? [`Rows: the same number in every table (${same}).`]
      : ['Rows', ...table(differing, name), `The other ${same} tables have the same number of rows.`]),
    '',
    ...(schema === '' ? ['Schema: the same.'] : [`Schema, from live (-) to ${name} (+)`, schema]),
    ...queries.flatMap(({ query, answer, difference }) => [
      '',
      ...(difference === ''
        ? [`${query}: the same`, answer]
        : [`${query}: from live (-) to ${name} (+)`, difference]),
    ]),
  ].join('\n');
}

function table(counts: readonly Counts[], name: string): readonly string[] {
  const rows = [
    ['table', 'live', name, `only in ${name}, at least`],
    ...counts.map(({ table: of, live, clone }) => [
      of,
      live === undefined ? 'no such table' : String(live),
      clone === undefined ? 'no such table' : String(clone),
      String(Math.max(0, (clone ?? 0) - (live ?? 0))),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .replace(/^/, '  '),
  );
}
