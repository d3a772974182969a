import { StoreProblem } from '../../object-storage/client';
import type { EscrowFile, EscrowRecipient, EscrowSource } from '../../recovery';

/** A secret with its value: text as it is, anything else in base64. */
export type Secret = { readonly name: string } & EscrowSource &
  ({ readonly value: string } | { readonly base64: string });

/** What is inside; people read it with `age -d`, long after this program is gone. */
export interface EscrowContent {
  readonly environment: string;
  readonly incarnation: string;
  /** ISO 8601. */
  readonly sealedAt: string;
  readonly instructions: readonly string[];
  readonly recipients: readonly EscrowRecipient[];
  readonly secrets: readonly Secret[];
}

/** The declaration with the values that a deploy has, by the names of the secrets. */
export function withValues(
  { secrets }: EscrowFile,
  values: ReadonlyMap<string, string | Uint8Array>,
): Secret[] {
  return secrets.map((secret) => {
    const value = values.get(secret.name);
    if (value === undefined) throw new Error(`no value of ${secret.name} was read`);
    return { ...secret, ...encode(value) };
  });
}

function encode(value: string | Uint8Array): { value: string } | { base64: string } {
  if (typeof value === 'string') return { value };
  try {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) };
  } catch {
    return { base64: Buffer.from(value).toString('base64') };
  }
}

/** The value as it was. */
export function bytesOf(secret: Secret): Buffer {
  return 'value' in secret ? Buffer.from(secret.value) : Buffer.from(secret.base64, 'base64');
}

export function instructions(environment: string): string[] {
  return [
    `The secrets of ${environment}. Whoever reads this can read every backup: close the window afterwards.`,
    'variable: export it under this name, then npm run deploy, or apply of the recovery kit in published/ beside this.',
    'secret: make this key of this Secret in the new cluster before the deploy; base64: the value is not text.',
    'The way to the vault itself is not in here: its endpoint and keys, by which this file was found.',
  ];
}

/** @throws StoreProblem when it is not what `sealEscrow` writes */
export function parseContent(text: string, key: string): EscrowContent {
  try {
    const content = JSON.parse(text) as EscrowContent;
    if (Array.isArray(content.secrets) && Array.isArray(content.recipients)) return content;
  } catch {
    // The text holds secrets: nothing of it is repeated, not even where it is wrong.
  }
  throw new StoreProblem(
    `${key} opened, and is no escrow`,
    'read it with age -d; open an earlier one: npm run escrow -- <environment> list',
  );
}
