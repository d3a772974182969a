import type { Duration, Schedule, SecretRef, Size } from '../core';

/** How bad it is to be without this state. */
export type Criticality = 'critical' | 'moderate' | 'low' | 'none';

/** What brings the state back after a complete loss: exactly one thing. */
export type RecoveredBy =
  /** it restores itself at its next start (a database with a repository) */
  | 'itself'
  | 'velero'
  | 'snapshot'
  | 'mirror'
  | 'dump'
  /** the provider's own backups: RDS, AWS Backup */
  | 'provider'
  /** it holds nothing that a deployment does not bring again */
  | 'redeploy'
  /** somebody has to act; the runbook says how */
  | 'people';

/** What may be lost, and how long it may take. */
export interface Objectives {
  /** Recovery point objective: the oldest acceptable age of the newest recoverable state. */
  readonly rpo?: Duration;
  /** Recovery time objective: from the disaster's repair starting to the first correct answer. */
  readonly rto?: Duration;
}

/** What users notice while the asset is missing, and what they can do meanwhile. */
export interface DegradedMode {
  readonly impact: string;
  readonly workaround: string;
}

/** A thing that holds state. */
export interface AssetProps {
  /** Unique in its environment, kebab-case: `orders`. */
  readonly id: string;
  /** `postgres`, `volume`, `bucket`, `dashboards`, … */
  readonly kind: string;
  readonly criticality: Criticality;
  readonly recoveredBy: RecoveredBy;
  /**
   * How large the state is expected to become; the estimate of the RTO reads it.
   * @default - unknown: the RTO is then computed from its fixed part alone
   */
  readonly expectedSize?: Size;
  /** @default - none declared: nothing to hold the computed values against */
  readonly objectives?: Objectives;
  /** @default - none: the degraded-mode table shows a gap */
  readonly degradedMode?: DegradedMode;
}

/** Where a copy lives: it must not die with what it protects. */
export interface Location {
  /** Name of the vault, or of the store. */
  readonly vault: string;
  /** Endpoint of an S3-compatible store. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly account?: string;
  /** Set when the copy lives in the cluster that it protects; such a copy dies with it. */
  readonly cluster?: string;
}

export type ProtectionKind =
  | 'wal-archive'
  | 'full-backup'
  | 'differential-backup'
  | 'incremental-backup'
  | 'dump'
  | 'snapshot'
  | 'mirror'
  | 'versioning'
  | 'velero';

/** A way in which an asset's state reaches a place that survives. */
export interface Protection {
  readonly kind: ProtectionKind;
  /**
   * When copies are made.
   * @default - continuously; `maximumLag` then says how far behind it can be
   */
  readonly schedule?: Schedule;
  /** For continuous protection: how far the copy can be behind. */
  readonly maximumLag?: Duration;
  /** Time between the schedule's tick and the start of the copy, at most. */
  readonly delay?: Duration;
  /** In words: `4 full backups and what depends on them`. */
  readonly retention: string;
  readonly location: Location;
  /**
   * The secret without which the copy cannot be read, and the namespace of its Secret if it is one.
   * @default - none: whoever has the copy can read it
   */
  readonly encryptedBy?: { readonly reference: SecretRef; readonly namespace: string };
}

/** A rehearsal of an asset's recovery. */
export interface Drill {
  readonly schedule: Schedule;
  /** What is checked after the restore, in words. */
  readonly checks: readonly string[];
}

/** An alert that watches an asset or its protection. */
export interface Watch {
  readonly alert: string;
  readonly runbook: string;
}

/** Somebody who can open the escrow of an environment. */
export interface EscrowRecipient {
  readonly name: string;
  /** `age1…`; it is public. */
  readonly key: string;
}

/** A secret that recipients can have back when everything else is gone. */
export interface EscrowedSecret {
  /** What people call it: `repository passphrase`. */
  readonly name: string;
  readonly reference: SecretRef;
  /** Where an existing Secret is. */
  readonly namespace?: string;
}

/** Which secrets of an environment are kept for whom; never a value. */
export interface EscrowFact {
  readonly recipients: readonly EscrowRecipient[];
  readonly secrets: readonly EscrowedSecret[];
}
