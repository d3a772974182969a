/** Ages of which a schedule keeps some snapshots: one for each period of that length. */
export const TIERS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Tier = (typeof TIERS)[number];

/** A snapshot that was ready to use when its record was written. */
export interface RecordedSnapshot {
  /** Of the VolumeSnapshot. */
  readonly name: string;
  /** Of the CSI driver: `ebs.csi.aws.com`. Only the same one understands the handle. */
  readonly driver: string;
  /** By which the driver knows the snapshot, with or without a cluster: `snap-0abc`. */
  readonly handle: string;
  /** The driver's creation time, ISO 8601 in UTC. */
  readonly createdAt: string;
  /** Least size of a volume made of it. @default - unknown: whoever restores it has to say one */
  readonly restoreSizeBytes?: number;
  /** Name of the VolumeSnapshotClass. @default - none was named */
  readonly class?: string;
  /** Name of the claim's StorageClass. @default - none was named: a restore takes the cluster's default */
  readonly storageClass?: string;
  /** @default 'Filesystem' */
  readonly volumeMode?: 'Filesystem' | 'Block';
  /** Of the claim. @default ['ReadWriteOnce'] */
  readonly accessModes?: readonly string[];
  /** Name of the schedule that looks after it. @default - none: it stays until somebody deletes it */
  readonly schedule?: string;
  /** Why it is kept; empty: it is one of the newest, or no run has removed anything since. */
  readonly tiers: readonly Tier[];
}

/** What every run of a snapshot schedule leaves in the vault for each claim: enough to find its snapshots without a cluster. */
export interface SnapshotRecord {
  readonly version: 1;
  readonly namespace: string;
  readonly claim: string;
  /** ISO 8601 in UTC. */
  readonly writtenAt: string;
  /** Newest first. */
  readonly snapshots: readonly RecordedSnapshot[];
}

/** Key of a claim's record in the vault, below the schedule's `path`: `snapshots/shop/data-orders-0.json`. */
export function snapshotRecordKey(namespace: string, claim: string): string {
  return `snapshots/${namespace}/${claim}.json`;
}

/** A record that cannot be relied on; its message says what is wrong, and what to do. */
export class SnapshotRecordError extends Error {
  override readonly name = 'SnapshotRecordError';

  constructor(
    source: string,
    why: string,
    fix = 'take an earlier version of this object: the bucket keeps them',
  ) {
    super(`the snapshot record ${source} ${why}; fix: ${fix}`);
  }
}

/**
 * Reads a record. Fields that it does not know are left out: a newer writer may have some.
 * @param source where it was found, for messages
 * @throws SnapshotRecordError when anything in it is missing, or not what it should be
 */
export function readSnapshotRecord(text: string, source: string): SnapshotRecord {
  const reader = new Reader(source);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SnapshotRecordError(source, 'is no JSON');
  }
  const record = reader.object(value, 'it');
  if (record['version'] !== 1)
    throw new SnapshotRecordError(
      source,
      `has version ${JSON.stringify(record['version'])}, and 1 is known`,
      'use the release of this library that wrote it, or a later one',
    );
  const snapshots = reader
    .list(record['snapshots'], 'snapshots')
    .map((snapshot, index) => readSnapshot(reader, snapshot, `snapshots[${index}]`));
  return {
    version: 1,
    namespace: reader.text(record['namespace'], 'namespace'),
    claim: reader.text(record['claim'], 'claim'),
    writtenAt: reader.instant(record['writtenAt'], 'writtenAt'),
    snapshots: snapshots.sort(
      (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? 1 : -1),
    ),
  };
}

function readSnapshot(reader: Reader, value: unknown, at: string): RecordedSnapshot {
  const snapshot = reader.object(value, at);
  const optional = <T>(key: string, read: (value: unknown, at: string) => T): Record<string, T> =>
    snapshot[key] === undefined || snapshot[key] === null
      ? {}
      : { [key]: read(snapshot[key], `${at}.${key}`) };
  return {
    name: reader.text(snapshot['name'], `${at}.name`),
    driver: reader.text(snapshot['driver'], `${at}.driver`),
    handle: reader.text(snapshot['handle'], `${at}.handle`),
    createdAt: reader.instant(snapshot['createdAt'], `${at}.createdAt`),
    ...optional('restoreSizeBytes', (size, where) => reader.bytes(size, where)),
    ...optional('class', (name, where) => reader.text(name, where)),
    ...optional('storageClass', (name, where) => reader.text(name, where)),
    ...optional('schedule', (name, where) => reader.text(name, where)),
    ...optional('volumeMode', (mode, where) => reader.oneOf(mode, ['Filesystem', 'Block'] as const, where)),
    ...optional('accessModes', (modes, where) =>
      reader.list(modes, where).map((mode, index) => reader.text(mode, `${where}[${index}]`)),
    ),
    tiers: reader
      .list(snapshot['tiers'], `${at}.tiers`)
      .map((tier, index) => reader.oneOf(tier, TIERS, `${at}.tiers[${index}]`)),
  };
}

/** Values of a file that anybody may have written. */
class Reader {
  constructor(private readonly source: string) {}

  object(value: unknown, at: string): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
    throw this.wrong(at, value, 'an object');
  }

  list(value: unknown, at: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.wrong(at, value, 'a list');
  }

  text(value: unknown, at: string): string {
    if (typeof value === 'string' && value !== '') return value;
    throw this.wrong(at, value, 'a text');
  }

  bytes(value: unknown, at: string): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.wrong(at, value, 'a whole number of bytes');
  }

  instant(value: unknown, at: string): string {
    if (
      typeof value === 'string' &&
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
      !Number.isNaN(Date.parse(value))
    )
      return value;
    throw this.wrong(at, value, 'an instant in UTC, as 2026-11-29T02:00:01Z');
  }

  oneOf<T extends string>(value: unknown, known: readonly T[], at: string): T {
    const found = known.find((one) => one === value);
    if (found !== undefined) return found;
    throw this.wrong(at, value, `one of ${known.join(', ')}`);
  }

  private wrong(at: string, value: unknown, expected: string): SnapshotRecordError {
    return new SnapshotRecordError(
      this.source,
      `is damaged: ${at} is ${JSON.stringify(value) ?? 'missing'}, not ${expected}`,
    );
  }
}
