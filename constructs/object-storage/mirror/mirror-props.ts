import type { Alerting } from '../../alerts';
import { Duration, type Schedule, type SecretRef, type Size } from '../../core';
import type { PushTarget } from '../../pushgateway';
import type { Resources } from '../../workloads';
import type { PrimaryData } from '../primary-bucket';
import type { Vault } from '../vault';

/** A key of a store. */
export interface StoreKeyRefs {
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
}

export interface BucketMirrorProps {
  /** Names the objects (`<name>-mirror`) and the place in the vault. */
  readonly name: string;
  readonly namespace: string;
  /** Image with rclone 1.60 or later, bash, jq, awk and curl: images/rclone. */
  readonly image: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User and group of the pods. @default 65534 */
  readonly uid?: number;
  /** What is mirrored: a `PrimaryBucket`, or any construct that has a bucket and its asset. */
  readonly of: PrimaryData;
  /** Only keys that begin with it; ends with `/`. @default - all of the bucket */
  readonly prefix?: string;
  /** A key that lists and reads the bucket, and may do nothing else. */
  readonly sourceKeys: StoreKeyRefs;
  /** Where the copy goes. It must survive the bucket. */
  readonly vault: Vault;
  /** A key that lists, reads, writes and deletes below `path`, and may delete no version. */
  readonly vaultKeys: StoreKeyRefs;
  /**
   * A key that writes to the bucket, for the way back.
   * @default - `sourceKeys`, which then may write: whoever has the mirror's pod could change the source
   */
  readonly restoreKeys?: StoreKeyRefs;
  /** Path inside the vault's bucket. @default - `/<environment>`: the copy is in `mirrors/<name>` below it */
  readonly path?: string;
  /** @default - every night at 2:30 UTC, up to ten minutes later */
  readonly schedule?: Schedule;
  /**
   * For how long every moment can be had back, in whole seconds: what was deleted or overwritten stays so long.
   * @default Duration.days(30)
   */
  readonly keep?: Duration;
  /**
   * The share of the objects that may be gone at the source since the last run. Above it the run refuses, and changes
   * nothing: it is the source then that has lost them.
   * @default 0.25
   */
  readonly maximumLoss?: number;
  /**
   * Of so many runs each reads an equal part of the mirror back, byte for byte, and compares it with the source; all
   * else is compared by checksums that stores keep. 1: each reads everything; 0: none does.
   * @default 14
   */
  readonly readBackRuns?: number;
  /** What it may transfer in a second, listings and checks included. @default - as much as there is */
  readonly bandwidthPerSecond?: Size;
  /** Objects copied at once. @default 4 */
  readonly transfers?: number;
  /** Objects compared at once. @default 8 */
  readonly checkers?: number;
  /** A run that takes longer is ended; the next one goes on. @default Duration.hours(12) */
  readonly runLimit?: Duration;
  /**
   * Where figures are pushed: a `Pushgateway`, or the URL of one that Prometheus scrapes with `honorLabels`.
   * @default - nowhere: only the Job's status and the record in the vault tell
   */
  readonly pushgateway?: PushTarget;
  /** How it is watched; the alerts on its figures need `pushgateway`. @default - not at all */
  readonly alerting?: Alerting;
  /** @default - requests of 100m and 128Mi, a limit of 1Gi: enough for about half a million objects */
  readonly resources?: Resources;
}

export const DEFAULTS = {
  uid: 65_534,
  keep: Duration.days(30),
  maximumLoss: 0.25,
  readBackRuns: 14,
  transfers: 4,
  checkers: 8,
  runLimit: Duration.hours(12),
  spread: Duration.minutes(10),
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
} as const;
