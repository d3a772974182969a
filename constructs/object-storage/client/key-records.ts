import { createHash } from 'node:crypto';
import type { Incarnation } from './incarnation';
import { StoreProblem } from './problem';
import type { ObjectStore } from './store';

/** An access key that an incarnation was given. */
export interface KeyRecord {
  readonly generation: number;
  /** Name of the incarnation. */
  readonly incarnation: string;
  /** SHA-256 of the access key's id, in hexadecimal digits. */
  readonly fingerprint: string;
  /** The access key's id, if the deploy made it; whoever else made it has to end it. */
  readonly minted?: string;
}

/** Writes down that an incarnation has this access key, once. */
export async function recordKey(
  store: ObjectStore,
  environment: string,
  { generation, name }: Incarnation,
  key: { readonly accessKeyId: string; readonly minted: boolean },
): Promise<void> {
  const fingerprint = fingerprintOf(key.accessKeyId);
  const record: KeyRecord = {
    generation,
    incarnation: name,
    fingerprint,
    ...(key.minted ? { minted: key.accessKeyId } : {}),
  };
  await store.writeNew(`${folder(environment)}${name}/${fingerprint}.json`, `${JSON.stringify(record)}\n`);
}

/** Every access key that an incarnation of this environment was ever given, in no order. */
export async function readKeyRecords(store: ObjectStore, environment: string): Promise<KeyRecord[]> {
  const keys = await store.keys(folder(environment));
  return Promise.all(keys.map(async (key) => parse(await store.read(key), key)));
}

/** Tells two keys apart and gives neither away. */
export function fingerprintOf(accessKeyId: string): string {
  return createHash('sha256').update(accessKeyId).digest('hex');
}

function folder(environment: string): string {
  return `records/${environment}/keys/`;
}

function parse(text: string | undefined, key: string): KeyRecord {
  try {
    return JSON.parse(text ?? '') as KeyRecord;
  } catch {
    throw new StoreProblem(
      `the record ${key} in the vault cannot be read`,
      'restore its first version (the bucket is versioned), then try again',
    );
  }
}
