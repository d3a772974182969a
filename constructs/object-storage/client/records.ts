import { StoreProblem } from './problem';
import type { ObjectStore } from './store';

export interface RecordFolder {
  readonly environment: string;
  /** What is recorded: `rehearsals`, `drills`, `backups`. */
  readonly kind: string;
}

export interface PutRecordProps extends RecordFolder {
  /** When it happened; two records of a kind cannot share a millisecond. */
  readonly at: Date;
  /** Anything that JSON can hold. */
  readonly record: unknown;
}

export interface LatestRecordsProps extends RecordFolder {
  /** @default 1 */
  readonly count?: number;
  /** @default - all of them are looked through, which takes a request per thousand */
  readonly since?: Date;
}

export interface StoredRecord {
  readonly key: string;
  readonly at: Date;
  readonly record: unknown;
}

/** Writes a dated record, once: what was recorded is not rewritten. Returns its key. */
export async function putRecord(store: ObjectStore, props: PutRecordProps): Promise<string> {
  const key = `${folder(props)}${stamp(props.at)}.json`;
  if (await store.writeNew(key, `${JSON.stringify(props.record, null, 2)}\n`)) return key;
  throw new StoreProblem(
    `there is already a record ${key}`,
    'record a later time; records are evidence and are not overwritten',
  );
}

/** The newest records of a kind, newest first. */
export async function latestRecords(store: ObjectStore, props: LatestRecordsProps): Promise<StoredRecord[]> {
  const prefix = folder(props);
  const after = props.since === undefined ? undefined : `${prefix}${stamp(props.since)}`;
  const keys = (await store.keys(prefix, after)).filter((key) => timeOf(key) !== undefined);
  const newest = keys
    .sort()
    .slice(-(props.count ?? 1))
    .reverse();
  return Promise.all(
    newest.map(async (key) => {
      const text = await store.read(key);
      return { key, at: timeOf(key) ?? new Date(Number.NaN), record: parse(text, key) };
    }),
  );
}

function folder({ environment, kind }: RecordFolder): string {
  return `records/${environment}/${kind}/`;
}

/** `20261120T183005123Z`: sorts by time, and is safe in a file's name. */
function stamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:.]/g, '');
}

function timeOf(key: string): Date | undefined {
  const match = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.json$/.exec(key);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, ms] = match;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}

function parse(text: string | undefined, key: string): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new StoreProblem(
      `the record ${key} in the vault is no JSON`,
      'restore its first version (the bucket is versioned)',
    );
  }
}
