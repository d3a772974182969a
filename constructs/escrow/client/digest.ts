import { createHash, createHmac } from 'node:crypto';
import type { EscrowRecipient } from '../../recovery';
import type { Secret } from './content';

/**
 * Tells whether content or recipients have changed, without an identity. It lies in the vault, where whoever reads it
 * could try out passwords if it were a plain hash: it is keyed by 32 random bytes that are in the cluster alone,
 * where the secrets themselves are. When they are gone, no more is lost than one needless sealing.
 */
export function digestOf(
  key: Uint8Array,
  content: { readonly recipients: readonly EscrowRecipient[]; readonly secrets: readonly Secret[] },
): string {
  const { recipients, secrets } = content;
  // Field by field: the order in which somebody wrote an object must not count.
  const told = [
    recipients.map(({ key: age, name }) => [age, name]).sort(),
    secrets
      .map((secret) => [
        secret.name,
        'variable' in secret
          ? [secret.variable]
          : [secret.secret.namespace, secret.secret.name, secret.secret.key],
        'value' in secret ? ['text', secret.value] : ['base64', secret.base64],
      ])
      .sort(),
  ];
  return createHmac('sha256', key).update(JSON.stringify(told)).digest('hex');
}

/** Of what was encrypted already: shows damage, and tells nothing. */
export function checksumOf(sealed: string): string {
  return createHash('sha256').update(sealed).digest('hex');
}
