import type { Phase } from './timeline';
import type { Verdict } from './verdict';

/** What a rehearsal found; the record that is kept, and `--json`. */
export interface RehearsalReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly environment: string;
  readonly site: string;
  readonly engine: string;
  readonly passed: boolean;
  readonly reasons: readonly string[];
  readonly phases: readonly Phase[];
  readonly rto: {
    /** From the moment everything was killed, the new cluster's start included. */
    readonly fromDisasterSeconds: number;
    /** From the new cluster being reachable, its image store empty. */
    readonly fromClusterReachableSeconds: number;
  };
  readonly rpo: Pick<Verdict, 'rpoSeconds' | 'rowsLost' | 'rowsAcknowledged'> & {
    /** What may be lost: younger than this and the push. */
    readonly archiveTimeoutSeconds: number;
    /** Measured in this run. */
    readonly pushSeconds: number;
  };
  readonly data: { readonly loadedBytes: number; readonly rows: number; readonly checksum: string };
}

/** The report as a table for people. */
export function renderReport(report: RehearsalReport): string {
  const width = Math.max(...report.phases.map(({ name }) => name.length), 34);
  const line = (name: string, value: string): string => `  ${name.padEnd(width)}  ${value}`;
  const seconds = (value: number): string => `${value.toFixed(1).padStart(8)} s`;
  return [
    '',
    `Rehearsal of ${report.environment}, ${report.startedAt}, ${report.site}`,
    '',
    ...report.phases.map((phase) => line(phase.name, seconds(phase.seconds))),
    '',
    line('RTO from the disaster', seconds(report.rto.fromDisasterSeconds)),
    line('RTO from the cluster being reachable', seconds(report.rto.fromClusterReachableSeconds)),
    line(
      'RPO',
      `${seconds(report.rpo.rpoSeconds)}, ${report.rpo.rowsLost} of ${report.rpo.rowsAcknowledged} acknowledged rows lost`,
    ),
    line(
      'may be lost (archive_timeout + push)',
      seconds(report.rpo.archiveTimeoutSeconds + report.rpo.pushSeconds),
    ),
    line('data', `${report.data.rows} rows, checksum ${report.data.checksum}`),
    line('engine', report.engine),
    '',
    report.passed ? 'PASSED: everything that had to be there is there.' : 'FAILED:',
    ...report.reasons.map((reason) => `  - ${reason}`),
  ].join('\n');
}
