import type { Subject } from '../../alerts';
import type { Duration, Size } from '../../core';
import type { Objectives } from '../../recovery';

/** A schedule of backups, as the age of what it makes is judged. */
export interface WatchedSchedule {
  /** In pgBackRest's words. */
  readonly type: 'full' | 'diff' | 'incr';
  /** Between two of its runs. */
  readonly longestGap: Duration;
  /** From its tick to the start. */
  readonly delay: Duration;
}

/** What the rules and runbooks of backups read, whoever runs the server. */
export interface BackupSubject extends Subject {
  readonly environment: string;
  readonly schedules: readonly WatchedSchedule[];
  /** Their numbers. */
  readonly repositories: readonly number[];
  readonly stanza: string;
  /** How often the exporters ask the repositories. */
  readonly repositoryInterval: Duration;
  /** Expected; the time of a backup is estimated from it. */
  readonly size: Size;
  /** Whether cert-manager keeps the certificates between sidecar and backup jobs. */
  readonly issuedTls: boolean;
}

/** Of a server that somebody else runs. */
export interface ForeignSubject extends BackupSubject {
  /** Name of the primary's pod. */
  readonly pod: string;
}

/** What the rules and runbooks of a database read. */
export interface DatabaseSubject extends BackupSubject {
  /** Pods beside the primary. */
  readonly replicas: number;
  readonly archiveTimeout: Duration;
  /** Whether there are logical dumps. */
  readonly dumps: boolean;
  readonly objectives: Objectives;
  /** PostgreSQL's `autovacuum_freeze_max_age`, in transactions. */
  readonly freezeMaxAge: number;
}

/** PostgreSQL's own, unless the declaration overrides it by a number. */
export function freezeMaxAge(overrides: Readonly<Record<string, unknown>> = {}): number {
  const declared = Number(overrides['autovacuum_freeze_max_age']);
  return Number.isFinite(declared) ? declared : 200_000_000;
}
