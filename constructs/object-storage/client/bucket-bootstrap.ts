import type { Bucket } from '../bucket';
import { blockPublicAccess, denyDestruction, expireVersions } from './bucket-settings';
import { ensureBucket, ensureLock, ensureVersioning, refuseSkew } from './ensure';
import { openClient, S3Store, type StoreKeys } from './store';

export interface PrepareBucketOptions {
  /** @default - from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY */
  readonly keys?: StoreKeys;
  /** At which the store is, whatever its name resolves to here. @default - what its name resolves to */
  readonly address?: string;
  /** Told each step, for whoever waits. @default - silence */
  readonly progress?: (message: string) => void;
}

export interface PreparedDataBucket {
  readonly bucket: string;
  /** False when it was there before. */
  readonly created: boolean;
  /** What the bucket is now, of what it was declared to be. */
  readonly applied: readonly string[];
  /** What the store cannot be told, in words: somebody else has to see to it, or do without. */
  readonly cannot: readonly string[];
}

/**
 * Makes a bucket what it was declared to be, as far as its store can: there, versioned, locked, versions that end, moved
 * to a colder class, closed to the public, and not to be destroyed by any key of the environment. It may be repeated at any
 * time; it deletes nothing, and leaves rules and statements of others alone.
 *
 * @throws StoreProblem when the store cannot be reached, or cannot keep versions though it should
 */
export async function prepareBucket(
  bucket: Bucket,
  { address, keys, progress = () => {} }: PrepareBucketOptions = {},
): Promise<PreparedDataBucket> {
  const client = openClient(bucket, keys, address ?? '');
  const store = new S3Store(bucket, client, bucket.name);
  const applied: string[] = [];
  const cannot: string[] = [];
  const attempt = async (what: string, otherwise: string, change: () => Promise<boolean>): Promise<void> => {
    if (await change()) applied.push(what);
    else cannot.push(`${what}: the store has no such thing; ${otherwise}`);
  };
  try {
    const created = await ensureBucket(store, bucket);
    progress(`bucket ${bucket.name}: ${created ? 'created' : 'was there'}`);
    refuseSkew(await client.config.systemClockOffset);
    if (bucket.versioning) {
      await ensureVersioning(store);
      applied.push('versioned');
    }
    if (await ensureLock(store, bucket.objectLock)) applied.push('locked');
    await attempt(
      `older versions end after ${bucket.keepNoncurrent.human()}${bucket.coldStorage === undefined ? '' : `, ${bucket.coldStorage.storageClass ?? 'GLACIER_IR'} after ${bucket.coldStorage.after.human()}`}`,
      'versions stay until somebody removes them, and nothing is moved to a colder class',
      () => expireVersions(store, bucket),
    );
    if (bucket.publicAccessBlocked)
      await attempt('closed to the public', 'give nobody but its users a policy or an access list', () =>
        blockPublicAccess(store),
      );
    await attempt(
      'no key may destroy it, or a version',
      'give keys of the environment no right to delete buckets or versions',
      () => denyDestruction(store),
    );
    progress(`bucket ${bucket.name}: ${applied.join('; ')}`);
    return { bucket: bucket.name, created, applied, cannot };
  } finally {
    client.destroy();
  }
}
