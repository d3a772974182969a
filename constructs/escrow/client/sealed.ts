import { type ObjectStore, StoreProblem } from '../../object-storage/client';
import type { EscrowRecipient } from '../../recovery';
import { decrypt, type Identity } from './age';
import { type EscrowContent, parseContent } from './content';

/** What is known about a sealed escrow without opening it; it lies beside it. */
export interface SealedRecord {
  readonly sealedAt: string;
  readonly incarnation: string;
  readonly recipients: readonly EscrowRecipient[];
  /** Names alone. */
  readonly secrets: readonly string[];
  /** See `digestOf`. */
  readonly digest: string;
  /** SHA-256 of the sealed file. */
  readonly checksum: string;
}

export interface Sealed {
  /** `escrow/<environment>/<incarnation>/<time>.age` */
  readonly key: string;
  /** From its name, by which it is the newest or is not. */
  readonly at: Date;
  /** Undefined when the deploy that sealed it was interrupted. */
  readonly record?: SealedRecord;
}

const NAME = /\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.age$/;

export function folderOf(environment: string): string {
  return `escrow/${environment}/`;
}

export function recordKeyOf(key: string): string {
  return key.replace(/\.age$/, '.json');
}

/** Every sealed escrow of an environment, newest first, over all its incarnations. */
export async function listSealed(store: ObjectStore, environment: string): Promise<Sealed[]> {
  const keys = await store.keys(folderOf(environment));
  const known = new Set(keys);
  const sealed = keys.flatMap((key) => {
    const at = timeOf(key);
    return at === undefined ? [] : [{ key, at }];
  });
  sealed.sort((a, b) => b.at.getTime() - a.at.getTime());
  return Promise.all(
    sealed.map(async (one) => {
      const record = known.has(recordKeyOf(one.key)) ? await readRecord(store, one.key) : undefined;
      return record === undefined ? one : { ...one, record };
    }),
  );
}

/** The newest alone, at the price of one list. */
export async function newestSealed(store: ObjectStore, environment: string): Promise<Sealed | undefined> {
  const keys = await store.keys(folderOf(environment));
  let newest: { key: string; at: Date } | undefined;
  for (const key of keys) {
    const at = timeOf(key);
    if (at !== undefined && (newest === undefined || at > newest.at)) newest = { key, at };
  }
  if (newest === undefined) return undefined;
  const record = await readRecord(store, newest.key);
  return record === undefined ? newest : { ...newest, record };
}

/** A damaged record counts as none: it is no more than a note about what is beside it. */
async function readRecord(store: ObjectStore, key: string): Promise<SealedRecord | undefined> {
  try {
    const record = JSON.parse((await store.read(recordKeyOf(key))) ?? '') as SealedRecord;
    return Array.isArray(record.recipients) && Array.isArray(record.secrets) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface Opened {
  readonly key: string;
  readonly content: EscrowContent;
  /** Whose identity it was. */
  readonly recipient: EscrowRecipient;
}

/**
 * Opens one, or the newest.
 * @throws StoreProblem when there is none, or the identity is no recipient's
 */
export async function openSealed(
  store: ObjectStore,
  environment: string,
  identities: readonly Identity[],
  key?: string,
): Promise<Opened> {
  const chosen = key ?? (await newestSealed(store, environment))?.key;
  const text = chosen === undefined ? undefined : await store.read(chosen);
  if (chosen === undefined || text === undefined)
    throw new StoreProblem(
      key === undefined ? `nothing of ${environment} was ever sealed` : `there is no ${key} in the vault`,
      key === undefined
        ? 'declare recipients (ESCROW_RECIPIENTS) and run npm run deploy; after a loss look for the secrets elsewhere'
        : `choose one of npm run escrow -- ${environment} list`,
    );
  const content = parseContent(await decrypt(text, identities), chosen);
  const recipient = content.recipients.find((one) =>
    identities.some((identity) => identity.recipient === one.key),
  );
  if (recipient === undefined || content.environment !== environment)
    throw new StoreProblem(
      `${chosen} opened, but it says that it is of ${content.environment} and sealed for ${content.recipients.map(({ name }) => name).join(', ')}`,
      'see who wrote it: the vault’s access log, and the earlier ones of npm run escrow -- <environment> list',
    );
  return { key: chosen, content, recipient };
}

function timeOf(key: string): Date | undefined {
  const match = NAME.exec(key);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, ms] = match;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
}
