import type { Size } from '../constructs/core';
import type { RecoveryOrder } from '../constructs/postgres';
import type { RecordedSnapshot, SnapshotRecord } from '../constructs/snapshots';

/** What is known before a database's claim is made. */
export interface SnapshotFacts {
  /** What the vault has of its snapshots; `undefined`: no run has left a record. */
  readonly record: SnapshotRecord | undefined;
  /** The newest life of its data, and when it began; `undefined`: none has taken a lease. */
  readonly life: { readonly lease: number; readonly since: Date } | undefined;
  /** When the oldest full backup of its repository was made, to which its WAL reaches back. */
  readonly archiveSince: Date | undefined;
  /** An ordered recovery that is still to be carried out. */
  readonly order: RecoveryOrder | undefined;
  readonly cluster: {
    /** Whether it knows VolumeSnapshots. */
    readonly snapshots: boolean;
    readonly drivers: readonly string[];
    /** What the claim is to have; `undefined`: there is no such class. */
    readonly storageClass: { readonly name: string; readonly provisioner: string } | undefined;
  };
  readonly storage: Size;
}

export interface SnapshotChoice {
  /** `undefined`: the database is restored from its repository. */
  readonly snapshot: RecordedSnapshot | undefined;
  /** In words, for whoever deploys. */
  readonly why: string;
}

/**
 * A clock may be wrong by so much, and a server that was snapshotted replays from a checkpoint that may be older: five
 * minutes, by PostgreSQL's default, where none was made right before.
 */
const MARGIN_SECONDS = 60;
const CHECKPOINT_SECONDS = 600;

/** The newest snapshot from which the archive leads to what is wanted, if there is one; else why not. */
export function chooseForDatabase(facts: SnapshotFacts): SnapshotChoice {
  const { life, order, record } = facts;
  const none = (why: string): SnapshotChoice => ({ snapshot: undefined, why });
  if (record === undefined) return none('the vault has no record of a snapshot');
  const [newest] = record.snapshots;
  if (newest === undefined) return none('no snapshot was ready when its record was written');
  const unfit = unfitFor(facts);
  if (unfit !== undefined) return none(unfit);
  const reasons = record.snapshots.map((snapshot) => against(snapshot, facts));
  const index = reasons.indexOf(undefined);
  const snapshot = record.snapshots[index];
  if (snapshot === undefined) return none(`the newest snapshot, ${newest.name}, ${reasons[0]}`);
  const skipped = index === 0 ? '' : `; ${newest.name} ${reasons[0]}`;
  const target = order === undefined || order.to === 'latest' ? '' : ` before ${order.to}`;
  return {
    snapshot,
    why: `${snapshot.name}, of ${snapshot.createdAt}, is the newest${target}, of the life that holds lease ${life?.lease}, and the archive reaches back to it${skipped}`,
  };
}

/** What speaks against all of them. */
function unfitFor({ archiveSince, cluster, life, order }: SnapshotFacts): string | undefined {
  if (order?.set !== undefined) return `recovery ${order.id} names the backup ${order.set}`;
  if (order?.timeline !== undefined) return `recovery ${order.id} names a timeline`;
  if (life === undefined)
    return 'no lease is recorded, so that nothing tells whether a newer life of the database has begun since';
  if (archiveSince === undefined)
    return 'its repository has no full backup, so that nothing tells how far its WAL reaches back';
  if (!cluster.snapshots) return 'this cluster does not know VolumeSnapshots';
  return undefined;
}

/** What speaks against one of them, as the end of a sentence; `undefined`: nothing. */
function against(snapshot: RecordedSnapshot, facts: SnapshotFacts): string | undefined {
  const { archiveSince, cluster, life, order, storage } = facts;
  const at = Date.parse(snapshot.createdAt);
  const notBefore = (instant: Date | undefined, seconds: number): boolean =>
    instant !== undefined && at >= instant.getTime() + seconds * 1000;
  const { storageClass } = cluster;
  if (snapshot.volumeMode === 'Block') return 'is of a block volume';
  if (!notBefore(life?.since, MARGIN_SECONDS))
    return `is of ${snapshot.createdAt}, before the present life of the database began (lease ${life?.lease}, ${life?.since.toISOString()})`;
  if (!notBefore(archiveSince, CHECKPOINT_SECONDS))
    return `is of ${snapshot.createdAt}, and the WAL in its repository reaches back to ${archiveSince?.toISOString()} only`;
  if (order !== undefined && order.to !== 'latest' && !(at + MARGIN_SECONDS * 1000 < Date.parse(order.to)))
    return `is of ${snapshot.createdAt}, and recovery ${order.id} goes to ${order.to}`;
  if (!cluster.drivers.includes(snapshot.driver))
    return `is of driver ${snapshot.driver}, which this cluster does not have`;
  if (storageClass === undefined) return 'needs a storage class that this cluster does not have';
  if (storageClass.provisioner !== snapshot.driver)
    return `is of driver ${snapshot.driver}, and storage class ${storageClass.name} is of ${storageClass.provisioner}`;
  if ((snapshot.restoreSizeBytes ?? 0) > storage.bytes)
    return `needs ${snapshot.restoreSizeBytes} bytes, and storage is declared as ${storage.kubernetes()}`;
  return undefined;
}
