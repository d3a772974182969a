import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RehearsalReport, renderReport } from './report';

/**
 * Keeps the report, dated, as JSON and as the table: what an auditor asks for.
 * @returns the paths of both
 */
export function keepRecord(directory: string, report: RehearsalReport): { json: string; table: string } {
  const folder = join(directory, 'records', report.environment, 'rehearsals');
  mkdirSync(folder, { recursive: true });
  const name = report.startedAt.replaceAll(/[:.]/g, '-');
  const [json, table] = [join(folder, `${name}.json`), join(folder, `${name}.txt`)];
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(table, `${renderReport(report)}\n`);
  return { json, table };
}
