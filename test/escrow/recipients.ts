import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Identity } from '../../constructs/escrow/client';
import type { EscrowRecipient } from '../../constructs/recovery';

export interface Person {
  readonly recipient: EscrowRecipient;
  readonly identity: Identity;
}

/** Somebody with a fresh key. */
export async function person(name: string): Promise<Person> {
  const secret = await generateX25519Identity();
  const key = await identityToRecipient(secret);
  return { recipient: { name, key }, identity: { recipient: key, secret } };
}

/** As `ESCROW_RECIPIENTS` names them. */
export function recipientsVariable(...people: readonly Person[]): string {
  return people.map(({ recipient }) => `${recipient.name}=${recipient.key}`).join(', ');
}

/** As age-keygen writes it. */
export function identityFile({ identity, recipient }: Person): string {
  return `# created: 2026-11-21T13:00:00Z\n# public key: ${recipient.key}\n${identity.secret}\n`;
}
