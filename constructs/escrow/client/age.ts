import { StoreProblem } from '../../object-storage/client';
import type { EscrowRecipient } from '../../recovery';

// A module of the newer kind, and a tenth of a second: loaded when there is something to seal or to open.
const load = () => import('age-encryption');

/** What opens an escrow. */
export interface Identity {
  /** Its public half, by which it is found among the recipients. */
  readonly recipient: string;
  readonly secret: string;
}

/** Encrypts a text to all of them, in age's format with its armor; each of them alone can open it. */
export async function encrypt(text: string, recipients: readonly EscrowRecipient[]): Promise<string> {
  const { armor, Encrypter } = await load();
  const encrypter = new Encrypter();
  for (const { key } of recipients) encrypter.addRecipient(key);
  return armor.encode(await encrypter.encrypt(text));
}

/** @throws StoreProblem when none of the identities is a recipient's, or the file is damaged */
export async function decrypt(sealed: string, identities: readonly Identity[]): Promise<string> {
  const { armor, Decrypter } = await load();
  const decrypter = new Decrypter();
  for (const { secret } of identities) decrypter.addIdentity(secret);
  try {
    return await decrypter.decrypt(armor.decode(sealed), 'text');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.includes('no identity matched'))
      throw new StoreProblem(
        'this identity opens nothing here: it is none of the recipients’',
        'use the identity file of one of the recipients',
      );
    throw new StoreProblem(
      `what was sealed cannot be opened: ${reason}`,
      'restore its first version (the bucket is versioned), or open an earlier one: npm run escrow -- <environment> list',
    );
  }
}

/**
 * The identities in a file of `age-keygen`: a line each, comments begin with `#`.
 * @throws StoreProblem when there is none; no line of the file is repeated
 */
export async function readIdentities(text: string): Promise<Identity[]> {
  if (/^-----BEGIN AGE ENCRYPTED FILE-----|^age-encryption\.org\/v1/.test(text))
    throw new StoreProblem(
      'the identity file is itself encrypted',
      'open it first, over a pipe: age -d FILE | npm run --silent escrow -- … --identity -',
    );
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0)
    throw new StoreProblem(
      'the identity file holds no identity',
      'name the file that age-keygen has written: a line AGE-SECRET-KEY-1…',
    );
  const { identityToRecipient } = await load();
  return Promise.all(
    lines.map(async (secret, index) => {
      try {
        return { secret, recipient: await identityToRecipient(secret) };
      } catch {
        throw new StoreProblem(
          `identity ${index + 1} of the file is none of age`,
          'name the file that age-keygen has written: a line AGE-SECRET-KEY-1…',
        );
      }
    }),
  );
}
