import type { SecretRef } from '../core';
import type { EscrowedSecret, EscrowFact, EscrowRecipient } from './facts';
import type { Asset } from './recovery';

/** Where a value is found at a deploy. */
export type EscrowSource =
  | {
      /** `TF_VAR_repository_passphrase` */
      readonly variable: string;
    }
  | { readonly secret: { readonly namespace: string; readonly name: string; readonly key: string } };

/** `escrow.json`: what a deploy seals, and for whom. It holds no value. */
export interface EscrowFile {
  readonly environment: string;
  readonly recipients: readonly EscrowRecipient[];
  readonly secrets: readonly ({ readonly name: string } & EscrowSource)[];
}

export function describeEscrow(environment: string, { recipients, secrets }: EscrowFact): EscrowFile {
  return {
    environment,
    recipients: recipients.map(({ name, key }) => ({ name, key })),
    secrets: secrets.map((secret) => ({ name: secret.name, ...sourceOf(secret) })),
  };
}

function sourceOf({ reference, namespace }: EscrowedSecret): EscrowSource {
  if (reference.kind === 'variable') return { variable: reference.environmentVariable };
  return { secret: { namespace: namespace ?? '', name: reference.name, key: reference.key } };
}

/** Whether all by which an asset's copies are encrypted is in the escrow. */
export function escrowOf(
  asset: Asset,
  escrow: EscrowFact | undefined,
): 'declared' | 'missing' | 'not needed' {
  const needed = asset.protections.flatMap(({ encryptedBy }) => encryptedBy ?? []);
  if (needed.length === 0) return 'not needed';
  const kept = (secret: (typeof needed)[number]): boolean =>
    escrow !== undefined && isEscrowed(escrow, secret);
  return needed.every(kept) ? 'declared' : 'missing';
}

/** Whether a secret is kept for somebody. @param secret with the namespace where it is, if it is an existing Secret */
export function isEscrowed(
  { secrets }: EscrowFact,
  secret: { readonly reference: SecretRef; readonly namespace: string },
): boolean {
  return secrets.some((one) => isSame(one, secret));
}

function isSame(
  one: { readonly reference: SecretRef; readonly namespace?: string },
  other: { readonly reference: SecretRef; readonly namespace: string },
): boolean {
  const [a, b] = [one.reference, other.reference];
  if (a.kind === 'variable' || b.kind === 'variable') return a.kind === b.kind && a.name === b.name;
  return a.name === b.name && a.key === b.key && one.namespace === other.namespace;
}
