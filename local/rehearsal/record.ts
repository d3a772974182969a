import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RehearsalReport, renderReport } from './report';

/**
 * Keeps the report, dated, as JSON and as the table: what an auditor asks for.
 * @returns the path of the table
 */
export function keepRecord(directory: string, report: RehearsalReport): string {
  const folder = join(directory, 'records', report.environment, 'rehearsals');
  mkdirSync(folder, { recursive: true });
  const name = report.startedAt.replaceAll(/[:.]/g, '-');
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.txt`), `${renderReport(report)}\n`);
  return join(folder, `${name}.txt`);
}
