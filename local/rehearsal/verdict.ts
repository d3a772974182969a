import { tenth } from './timeline';

/** One commit that the server acknowledged, as logged outside the cluster. */
export interface Acknowledgement {
  readonly id: number;
  /** When the acknowledgement arrived, milliseconds since the epoch. */
  readonly at: number;
}

export interface Evidence {
  readonly acknowledged: readonly Acknowledgement[];
  /** When the cluster was killed, milliseconds since the epoch. */
  readonly killedAt: number;
  /** Rows of the ledger after the recovery. */
  readonly recovered: ReadonlySet<number>;
  readonly archiveTimeoutSeconds: number;
  readonly pushSeconds: number;
  readonly ballast: { readonly before: Checksum; readonly after: Checksum };
}

export interface Checksum {
  readonly rows: number;
  readonly sum: string;
}

export interface Verdict {
  readonly passed: boolean;
  /** Why not, in words; empty when passed. */
  readonly reasons: readonly string[];
  /** From the oldest acknowledged commit that is gone to the last sign of the server; 0 when none is. */
  readonly rpoSeconds: number;
  readonly rowsLost: number;
  readonly rowsAcknowledged: number;
}

/**
 * Holds what came back against what was acknowledged. A commit older than
 * `archive_timeout` plus the push time at the kill must be there; a younger one
 * may be gone, and how much is gone is the measured RPO.
 */
export function judge(evidence: Evidence): Verdict {
  const { acknowledged, killedAt, recovered } = evidence;
  const lost = acknowledged.filter(({ id }) => !recovered.has(id));
  const allowance = (evidence.archiveTimeoutSeconds + evidence.pushSeconds) * 1000;
  const inexcusable = lost.filter(({ at }) => killedAt - at > allowance);
  const reasons: string[] = [];
  if (acknowledged.length === 0)
    reasons.push('no commit was acknowledged before the disaster: nothing was proven');
  if (inexcusable.length > 0) {
    reasons.push(
      `${inexcusable.length} commits acknowledged more than ${allowance / 1000} s before the disaster are gone, the oldest id ${inexcusable[0]?.id}`,
    );
  }
  const { before, after } = evidence.ballast;
  if (before.rows !== after.rows || before.sum !== after.sum) {
    reasons.push(
      `the loaded table differs: ${before.rows} rows, sum ${before.sum} before; ${after.rows} rows, sum ${after.sum} after`,
    );
  }
  // Killing takes a moment, in which commits may still be acknowledged.
  const end = acknowledged.reduce((max, { at }) => Math.max(max, at), killedAt);
  const oldest = lost.reduce((min, { at }) => Math.min(min, at), end);
  return {
    passed: reasons.length === 0,
    reasons,
    rpoSeconds: tenth((end - oldest) / 1000),
    rowsLost: lost.length,
    rowsAcknowledged: acknowledged.length,
  };
}
