/** One measured number, and what is asked of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: '×' | 's' | 'ms' | 'MB';
  /** @default - none: it is there to explain another */
  readonly budget?: number;
  /** The single measurements, in words. */
  readonly detail: string;
}

/** Two things measured in one run say the same on any machine: a broken ratio fails the run, anything else is told. */
export function gates({ unit }: Figure): boolean {
  return unit === '×';
}

export function isBroken({ value, budget }: Figure): boolean {
  return budget !== undefined && value > budget;
}

export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    shown(figure.value, figure.unit),
    figure.budget === undefined ? '' : `≤ ${figure.budget} ${figure.unit}`,
    verdict(figure),
    figure.detail,
  ]);
  const lines = [['', 'measured', 'budget', '', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] ?? 0, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 1 || column === 2 ? cell.padStart(width) : cell.padEnd(width);
}

function verdict(figure: Figure): string {
  if (figure.budget === undefined) return '';
  if (!isBroken(figure)) return 'kept';
  return gates(figure) ? 'BROKEN' : 'over';
}

function shown(value: number, unit: Figure['unit']): string {
  return `${value.toFixed(unit === '×' || unit === 's' ? 2 : 0)} ${unit}`;
}
