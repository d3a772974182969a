import type { Vault } from '../vault';
import { ensureBucket, ensureLock, ensureVersioning, refuseSkew } from './ensure';
import { type Probed, probe } from './probe';
import { openClient, S3Store, type StoreKeys } from './store';

export interface PrepareVaultOptions {
  /** @default - from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY */
  readonly keys?: StoreKeys;
  /** Told each step, for whoever waits. @default - silence */
  readonly progress?: (message: string) => void;
}

export interface PreparedBucket extends Probed {
  readonly bucket: string;
  /** False when it was there before. */
  readonly created: boolean;
  /** True when it was on, or was switched on now. */
  readonly versioned: boolean;
  readonly locked: boolean;
}

/**
 * Makes what is missing of a vault and checks that it works: buckets, versioning, object lock where
 * asked, a write, a conditional write, a read, and a deletion that leaves the version behind. It
 * keeps no state of its own and may be repeated at any time. It deletes nothing but its own probe.
 */
export async function prepareVault(
  vault: Vault,
  options: PrepareVaultOptions = {},
): Promise<PreparedBucket[]> {
  const client = openClient(vault, options.keys);
  const progress = options.progress ?? (() => {});
  const prepared: PreparedBucket[] = [];
  try {
    for (const bucket of vault.buckets) {
      const store = new S3Store(vault, client, bucket);
      const created = await ensureBucket(store, vault);
      progress(`bucket ${bucket}: ${created ? 'created' : 'was there'}`);
      refuseSkew(await client.config.systemClockOffset);
      await ensureVersioning(store);
      const locked = await ensureLock(store, vault.objectLock);
      const { locksState } = await probe(store);
      progress(`bucket ${bucket}: versioned${locked ? ', locked' : ''}, written, read and deleted from`);
      prepared.push({ bucket, created, versioned: true, locked, locksState });
    }
  } finally {
    client.destroy();
  }
  return prepared;
}
