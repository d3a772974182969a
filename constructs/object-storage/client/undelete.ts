import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import { StoreProblem } from './problem';
import type { S3Store } from './store';

export interface UndeleteProps {
  readonly store: S3Store;
  /** Only what lies below it; empty for all of the bucket. */
  readonly prefix: string;
  /** What was deleted or overwritten at this moment or later is brought back as it was before. */
  readonly since: Date;
}

/** What was done to a bucket since a moment, and can be undone, because the bucket keeps versions. */
export interface Damage {
  /** Deleted since, in alphabetical order. */
  readonly deleted: readonly DeletedObject[];
  /** There before, and written anew since. Much of that is a repository's ordinary life: its lists of backups. */
  readonly overwritten: readonly OverwrittenObject[];
}

export interface DeletedObject {
  readonly key: string;
  readonly deletedAt: Date;
  /** Marks that hide the newest version. */
  readonly marks: readonly string[];
  /** That version. */
  readonly version: string;
}

export interface OverwrittenObject {
  readonly key: string;
  readonly overwrittenAt: Date;
  /** The version that was the newest before. */
  readonly version: string;
}

interface Version {
  readonly id: string;
  readonly at: Date;
  readonly mark: boolean;
  readonly etag: string | undefined;
  readonly latest: boolean;
}

/** Looks through the versions of every object below the prefix. Changes nothing. */
export async function findDamage({ prefix, since, store }: UndeleteProps): Promise<Damage> {
  const deleted: DeletedObject[] = [];
  const overwritten: OverwrittenObject[] = [];
  // Stores tell whole seconds.
  const from = new Date(Math.floor(since.getTime() / 1000) * 1000);
  for (const [key, versions] of await versionsBelow(store, prefix)) {
    const [newest] = versions;
    if (newest === undefined || newest.at < from) continue;
    if (newest.mark) {
      const firstVersion = versions.findIndex(({ mark }) => !mark);
      const hidden = versions[firstVersion];
      // Nothing is left of it: a key that may delete versions was at work.
      if (hidden === undefined) continue;
      const marks = versions.slice(0, firstVersion);
      deleted.push({
        key,
        deletedAt: marks.at(-1)?.at ?? newest.at,
        marks: marks.map(({ id }) => id),
        version: hidden.id,
      });
      continue;
    }
    const before = versions.find(({ at, mark }) => !mark && at < from);
    if (before !== undefined && before.etag !== newest.etag)
      overwritten.push({ key, overwrittenAt: newest.at, version: before.id });
  }
  return { deleted, overwritten };
}

const BATCH = 500;

/**
 * Takes the marks of deletion away: what they hid is there again. Where nobody may, as in a bucket whose policy keeps all
 * versions from everybody, what they hid is written anew on top of them, which needs a key that may read versions and write.
 * @returns how many were written anew, with today's date
 */
export async function undelete(store: S3Store, deleted: readonly DeletedObject[]): Promise<number> {
  const kept = new Set<string>();
  // One mark of each at a time, the newest first: of several in one request versitygw 1.8 loses the object.
  const deepest = Math.max(0, ...deleted.map(({ marks }) => marks.length));
  for (let depth = 0; depth < deepest; depth += 1) {
    const marks = deleted.flatMap(({ key, marks }) => {
      const mark = marks[depth];
      return mark === undefined || kept.has(key) ? [] : [{ Key: key, VersionId: mark }];
    });
    for (let from = 0; from < marks.length; from += BATCH)
      for (const key of await remove(store, marks.slice(from, from + BATCH))) kept.add(key);
  }
  const hidden = deleted.filter(({ key }) => kept.has(key));
  await copyBack(store, hidden);
  return hidden.length;
}

/** @returns keys of objects whose mark this key may not take away */
async function remove(
  store: S3Store,
  marks: { Key: string; VersionId: string }[],
): Promise<readonly string[]> {
  const answer = await store.attempt('take marks of deletion away', () =>
    store.client.send(new DeleteObjectsCommand({ ...store.target, Delete: { Objects: marks, Quiet: true } })),
  );
  const errors = answer.Errors ?? [];
  const failed = errors.find(({ Code }) => Code !== 'AccessDenied');
  if (failed === undefined) return errors.flatMap(({ Key }) => Key ?? []);
  throw new StoreProblem(
    `the mark of deletion of ${failed.Key} stays: ${failed.Code} ${failed.Message ?? ''}`.trim(),
    'use a key that may delete versions, or read and write them (never one that runs in a cluster), then run it again: what is done stays done',
  );
}

/** Writes the version from before on top of what replaced it; both stay. */
export function revert(store: S3Store, overwritten: readonly OverwrittenObject[]): Promise<void> {
  return copyBack(store, overwritten);
}

/** One request each: Amazon copies no more than 5 GiB so, and says it. */
async function copyBack(
  store: S3Store,
  versions: readonly Pick<DeletedObject, 'key' | 'version'>[],
): Promise<void> {
  for (const { key, version } of versions) {
    const source = `${store.bucket}/${key.split('/').map(encodeURIComponent).join('/')}?versionId=${version}`;
    await store.attempt(`bring back ${key}`, () =>
      store.client.send(new CopyObjectCommand({ ...store.target, Key: key, CopySource: source })),
    );
  }
}

/** By key, the newest first. */
async function versionsBelow(store: S3Store, prefix: string): Promise<ReadonlyMap<string, Version[]>> {
  const found = new Map<string, Version[]>();
  let page: ListObjectVersionsCommandOutput | undefined;
  do {
    const [keyMarker, versionMarker] = [page?.NextKeyMarker, page?.NextVersionIdMarker];
    page = await store.attempt(`list the versions below ${prefix}`, () =>
      store.client.send(
        new ListObjectVersionsCommand({
          ...store.target,
          Prefix: prefix,
          KeyMarker: keyMarker,
          VersionIdMarker: versionMarker,
        }),
      ),
    );
    for (const { ETag, IsLatest, Key, LastModified, VersionId } of page.Versions ?? [])
      add(found, Key, {
        id: VersionId ?? 'null',
        at: writtenAt(VersionId, LastModified),
        mark: false,
        etag: ETag,
        latest: IsLatest === true,
      });
    for (const { IsLatest, Key, LastModified, VersionId } of page.DeleteMarkers ?? [])
      add(found, Key, {
        id: VersionId ?? 'null',
        at: writtenAt(VersionId, LastModified),
        mark: true,
        etag: undefined,
        latest: IsLatest === true,
      });
  } while (page.IsTruncated);
  // Versions and marks come in two lists. Of two of one second the mark is the newer: what is not there is not deleted.
  for (const versions of found.values())
    versions.sort(
      (a, b) =>
        Number(b.latest) - Number(a.latest) ||
        b.at.getTime() - a.at.getTime() ||
        Number(b.mark) - Number(a.mark),
    );
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * versitygw dates versions and marks by other moments than that of their making (the replacement of a version, the
 * object before a mark), but names each by a ULID, which begins with the milliseconds of its making. Seen in 1.8.0.
 */
function writtenAt(id: string | undefined, lastModified = new Date(0)): Date {
  if (id === undefined || !/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return lastModified;
  return new Date([...id.slice(0, 10)].reduce((sum, digit) => sum * 32 + BASE32.indexOf(digit), 0));
}

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function add(to: Map<string, Version[]>, key: string | undefined, version: Version): void {
  if (key === undefined) return;
  const versions = to.get(key);
  if (versions === undefined) to.set(key, [version]);
  else versions.push(version);
}
