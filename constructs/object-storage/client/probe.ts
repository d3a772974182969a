import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { StoreProblem } from './problem';
import type { S3Store } from './store';

export interface Probed {
  /**
   * A name that was deleted can be written conditionally again. Stores that take a delete marker for an object
   * refuse it (versitygw 1.8): Terraform, whose lock comes and goes under one name, could lock its state there once.
   */
  readonly locksState: boolean;
}

/**
 * Does once what recovery relies on, with an object of its own: a write, a conditional write that
 * must be refused, a read, and a deletion that must leave the version readable.
 */
export async function probe(store: S3Store): Promise<Probed> {
  const key = `records/.probe/${randomUUID()}`;
  const body = `written ${new Date().toISOString()}\n`;
  await store.write(key, body);
  try {
    if (await store.writeNew(key, 'overwritten'))
      throw new StoreProblem(
        `${store.bucket} overwrites an object that a conditional write (If-None-Match) must leave alone`,
        'use a store with conditional writes (Amazon S3, MinIO, versitygw 1.8): two recoveries at once are told apart by them',
      );
    const read = await store.read(key);
    if (read !== body)
      throw new StoreProblem(
        `${store.bucket} does not give back what was written to it`,
        "look for a proxy in between and into the store's log",
      );
    await expectDeleteMarker(store, key, body);
    return { locksState: await store.writeNew(key, 'written again') };
  } finally {
    await removeVersions(store, key);
  }
}

async function expectDeleteMarker(store: S3Store, key: string, body: string): Promise<void> {
  const { client, target } = store;
  await store.attempt(`delete ${key}`, () => client.send(new DeleteObjectCommand({ ...target, Key: key })));
  const gone = (await store.read(key)) === undefined;
  const { versions } = await listVersions(store, key);
  const kept = await Promise.all(
    versions.map(async (version) => {
      const object = await store.attempt(`read a version of ${key}`, () =>
        client.send(new GetObjectCommand({ ...target, Key: key, VersionId: version })),
      );
      return object.Body?.transformToString();
    }),
  );
  if (!gone || !kept.includes(body))
    throw new StoreProblem(
      `${store.bucket} does not keep the version of an object that is deleted`,
      'switch on versioning in the store (versitygw: --versioning-dir), or use a store that has it',
    );
}

async function listVersions(store: S3Store, key: string): Promise<{ versions: string[]; all: string[] }> {
  const { client, target } = store;
  const page = await store.attempt(`list the versions of ${key}`, () =>
    client.send(new ListObjectVersionsCommand({ ...target, Prefix: key })),
  );
  const versions = (page.Versions ?? []).flatMap(({ VersionId }) => VersionId ?? []);
  const markers = (page.DeleteMarkers ?? []).flatMap(({ VersionId }) => VersionId ?? []);
  return { versions, all: [...versions, ...markers] };
}

/** Tidies up where it may: a key that cannot delete versions, or a lock, is what a vault should have. */
export async function removeVersions(store: S3Store, key: string): Promise<void> {
  try {
    const { all } = await listVersions(store, key);
    for (const VersionId of all)
      await store.client.send(new DeleteObjectCommand({ ...store.target, Key: key, VersionId }));
  } catch {
    // The probe stays, a few bytes under records/.probe/.
  }
}
