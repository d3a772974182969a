import type { ObjectStore } from '../constructs/object-storage/client';
import {
  readSnapshotRecord,
  type SnapshotRecord,
  SnapshotRecordError,
  snapshotRecordKey,
} from '../constructs/snapshots';
import { EnvironmentProblem } from '../deploy/progress';

/** Where the records of an environment are: a vault, and the path of its schedules without the leading slash. */
export interface RecordPlace {
  readonly store: ObjectStore;
  readonly path: string;
}

/** Every record, or those of a namespace, in order of namespace and claim. */
export async function listRecords(place: RecordPlace, namespace?: string): Promise<SnapshotRecord[]> {
  const folder = `${place.path}/snapshots/${namespace === undefined ? '' : `${namespace}/`}`;
  const records: SnapshotRecord[] = [];
  for (const key of await place.store.keys(folder)) {
    const text = key.endsWith('.json') ? await place.store.read(key) : undefined;
    if (text !== undefined) records.push(parse(text, key));
  }
  return records;
}

/** @throws EnvironmentProblem when there is none, or it cannot be relied on */
export async function findRecord(
  place: RecordPlace,
  namespace: string,
  claim: string,
): Promise<SnapshotRecord> {
  const key = `${place.path}/${snapshotRecordKey(namespace, claim)}`;
  const text = await place.store.read(key);
  if (text === undefined)
    throw new EnvironmentProblem(
      `the vault has no record of snapshots of claim ${namespace}/${claim} (${key}) — FIX: \`list\` shows those that there are; one that was deleted is brought back by npm run undelete`,
    );
  return parse(text, key);
}

function parse(text: string, key: string): SnapshotRecord {
  try {
    return readSnapshotRecord(text, key);
  } catch (error) {
    if (!(error instanceof SnapshotRecordError)) throw error;
    throw new EnvironmentProblem(error.message.replace('; fix: ', ' — FIX: '));
  }
}

/** For people: one line a snapshot, the newest first. */
export function renderRecord({ claim, namespace, snapshots, writtenAt }: SnapshotRecord): string {
  const lines = snapshots.map(({ createdAt, driver, handle, name, restoreSizeBytes, tiers }) => {
    const size = restoreSizeBytes === undefined ? '' : `${(restoreSizeBytes / 1024 ** 3).toFixed(1)} GiB`;
    return `  ${createdAt}  ${size.padStart(11)}  ${name}  ${driver} ${handle}  ${tiers.join(', ')}`.trimEnd();
  });
  const head = `${namespace}/${claim}, as of ${writtenAt}: ${snapshots.length} snapshots`;
  return [head, ...lines].join('\n');
}
