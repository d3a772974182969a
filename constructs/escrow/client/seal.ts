import { type ObjectStore, StoreProblem } from '../../object-storage/client';
import type { EscrowFile } from '../../recovery';
import { encrypt } from './age';
import { instructions, withValues } from './content';
import { checksumOf, digestOf } from './digest';
import { folderOf, newestSealed, recordKeyOf, type Sealed, type SealedRecord } from './sealed';

export interface SealProps {
  readonly store: ObjectStore;
  readonly escrow: EscrowFile;
  /** Name of the incarnation. */
  readonly incarnation: string;
  /** By the names of the secrets. */
  readonly values: ReadonlyMap<string, string | Uint8Array>;
  /** 32 random bytes that are not in the vault; see `digestOf`. */
  readonly digestKey: Uint8Array;
  /** @default - now */
  readonly at?: Date;
}

export interface SealResult {
  /** False: what is there holds the same, for the same recipients. */
  readonly sealed: boolean;
  readonly key: string;
}

/**
 * Seals the values for the recipients, unless that is how the newest one is. Earlier ones stay: an older backup may
 * have an older passphrase.
 */
export async function sealEscrow(props: SealProps): Promise<SealResult> {
  const { escrow, incarnation, store } = props;
  const { environment, recipients } = escrow;
  const secrets = withValues(escrow, props.values);
  const digest = digestOf(props.digestKey, { recipients, secrets });
  const newest = await newestSealed(store, environment);
  if (newest !== undefined && (await isSuch(store, newest, digest)))
    return { sealed: false, key: newest.key };

  const now = props.at ?? new Date();
  const text = await encrypt(
    `${JSON.stringify(
      {
        environment,
        incarnation,
        sealedAt: now.toISOString(),
        instructions: instructions(environment),
        recipients,
        secrets,
      },
      null,
      2,
    )}\n`,
    recipients,
  );
  const key = `${folderOf(environment)}${incarnation}/${stamp(newest, now)}.age`;
  if (!(await store.writeNew(key, text)))
    throw new StoreProblem(
      `somebody else has sealed ${key} at the same time`,
      'see who else deploys this environment, and deploy again when they have finished',
    );
  const record: SealedRecord = {
    sealedAt: now.toISOString(),
    incarnation,
    recipients,
    secrets: secrets.map(({ name }) => name),
    digest,
    checksum: checksumOf(text),
  };
  await store.writeNew(recordKeyOf(key), `${JSON.stringify(record, null, 2)}\n`);
  return { sealed: true, key };
}

/** Whether it holds just this, and is still what was written. */
async function isSuch(store: ObjectStore, { key, record }: Sealed, digest: string): Promise<boolean> {
  if (record === undefined || record.digest !== digest) return false;
  const text = await store.read(key);
  return text !== undefined && checksumOf(text) === record.checksum;
}

/** Never before the newest: it would not be opened, when a clock was wrong once or is now. */
function stamp(newest: Sealed | undefined, now: Date): string {
  const at = newest !== undefined && newest.at >= now ? new Date(newest.at.getTime() + 1) : now;
  return at.toISOString().replaceAll(/[-:.]/g, '');
}
