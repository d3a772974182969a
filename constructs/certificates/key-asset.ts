import { addCheck, type Construct, environmentOf, SecretRef } from '../core';
import { type Asset, isEscrowed, Recovery } from '../recovery';

export interface KeyAsset {
  /** Unique in its environment. */
  readonly id: string;
  readonly kind: 'certificate-authority' | 'acme-account';
  readonly reference: SecretRef;
  readonly namespace: string;
  /** A new one may take its place. */
  readonly recreatable: boolean;
  /** What happens without it. */
  readonly impact: string;
}

/** A key that somebody outside knows: an asset that is made anew after a loss, or that is kept in the escrow. */
export function declareKey(
  scope: Construct,
  { id, impact, kind, namespace, recreatable, reference }: KeyAsset,
): Asset {
  addCheck(scope, () => {
    if (recreatable || !SecretRef.is(reference)) return [];
    const escrowed = Recovery.escrows(scope).some(
      (escrow) => escrow.environment === environmentOf(scope) && isEscrowed(escrow, { reference, namespace }),
    );
    if (escrowed) return [];
    return [
      {
        rule: 'certificates/escrow',
        message: `the key of ${id} (${reference.describe()}${reference.kind === 'existing' ? `, namespace ${namespace}` : ''}) is in no escrow, and not declared as one that may be replaced`,
        fix: 'add it to the secrets of the Escrow, or set recreatable: true where nothing outside relies on this very key',
      },
    ];
  });
  return Recovery.of(scope).asset({
    id,
    kind,
    criticality: recreatable ? 'low' : 'moderate',
    // A value that is given at run time comes with the deploy; one that only the cluster had, somebody has to put back.
    recoveredBy: recreatable || reference.kind === 'variable' ? 'redeploy' : 'people',
    degradedMode: {
      impact,
      workaround: 'certificates that were issued go on being valid until they end',
    },
  });
}
