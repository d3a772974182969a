import type { Alerting } from '../alerts';
import type { Duration, Schedule, SecretRef } from '../core';
import type { Vault } from '../object-storage';
import type { PushTarget } from '../pushgateway';
import type { Asset, AssetProps } from '../recovery';
import type { Container, Resources, Volume } from '../workloads';
import type { SnapshotRetention } from './retention';
import type { SnapshotClassReference } from './snapshot-class';

export interface SnapshotScheduleProps extends Pick<AssetProps, 'objectives' | 'degradedMode'> {
  /** Names the objects (`<name>-snapshots`), and the label of what it made. Unique in its namespace, up to 40 characters. */
  readonly name: string;
  readonly namespace: string;
  /** Image with bash, curl and jq 1.7: that of images/postgres has them. */
  readonly image: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User and group of the pod. @default 999, as in images/postgres */
  readonly uid?: number;
  /** Names of claims, of which each gets a snapshot that is atomic by itself. @default - those of `claimSelector` */
  readonly claims?: readonly string[];
  /** All claims that have these labels when a run begins. @default - those that `claims` names */
  readonly claimSelector?: Readonly<Record<string, string>>;
  /** How the driver takes them: a `SnapshotClass`, or what is known of one that is there. */
  readonly class: SnapshotClassReference;
  /**
   * All claims of `claimSelector` at one instant, by a VolumeGroupSnapshot. It needs a class with a group class, and a
   * driver that can.
   * @default false: one after the other, some moments apart
   */
  readonly together?: boolean;
  readonly schedule: Schedule;
  /** Each schedule begins at a moment of its own within this time, always the same. @default Duration.minutes(10) */
  readonly spread?: Duration;
  readonly keep: SnapshotRetention;
  /**
   * How long a run waits until a snapshot is ready to use, in whole seconds; it fails then, and removes nothing. Some
   * drivers call one ready when it is uploaded, which takes hours for the first one of a large volume; it counts all the
   * same when it becomes ready later.
   * @default Duration.hours(1)
   */
  readonly readyWithin?: Duration;
  /** Where the record of the snapshots goes. It must survive the cluster. */
  readonly vault: Vault;
  /** A key that may read and write below `path`. */
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
  /** Path inside the vault's bucket. @default - `/<environment>`: records are in `snapshots/<namespace>` below it */
  readonly path?: string;
  /**
   * Init containers that run right before the snapshots are taken, each to its end: a database's CHECKPOINT, a flush. One
   * that fails keeps the snapshot from being taken. They have no access to the Kubernetes API.
   * @default - none: the state is as after a power cut, which every database recovers from
   */
  readonly before?: readonly Container[];
  /** Volumes that `before` mounts. @default none */
  readonly volumes?: readonly Volume[];
  /** Labels of the job's pod beside its own: by which a network policy lets `before` in. @default none */
  readonly podLabels?: Readonly<Record<string, string>>;
  /**
   * What the snapshots protect: a database with its own way to recover.
   * @default - an asset of its own, of kind `volume` and recovered by snapshot, with the schedule's name as its id
   */
  readonly asset?: Asset;
  /** Of an asset of its own. @default 'moderate' */
  readonly criticality?: AssetProps['criticality'];
  /** Of an asset of its own. @default - unknown */
  readonly expectedSize?: AssetProps['expectedSize'];
  /**
   * Where the result is pushed: a `Pushgateway`, or the URL of one that Prometheus scrapes with `honorLabels`.
   * @default - nowhere: nobody can be alerted on the age of a snapshot
   */
  readonly pushgateway?: PushTarget;
  /** How snapshots and job are watched; needs `pushgateway`. @default - not at all: nobody is told when they stop */
  readonly alerting?: Alerting;
  /** @default - requests of 20m and 32Mi, a limit of 128Mi */
  readonly resources?: Resources;
}
