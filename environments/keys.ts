import { readFileSync } from 'node:fs';
import { SecretRef } from '../constructs/core';
import type { KeyMint } from '../constructs/object-storage';
import { setting } from './environment';

/** Keys and passphrase of the vault, the same names in every environment; the deploy sets the keys where the vault mints them. */
export const VAULT_KEYS = {
  accessKey: SecretRef.variable('vault_access_key', {
    description: 'access key with which databases write to the vault',
  }),
  secretKey: SecretRef.variable('vault_secret_key', {
    description: 'secret key with which databases write to the vault',
  }),
  reader: {
    accessKey: SecretRef.variable('vault_reader_access_key', {
      description:
        'access key with which clones read from the vault; that of the databases where there is no other',
    }),
    secretKey: SecretRef.variable('vault_reader_secret_key', {
      description:
        'secret key with which clones read from the vault; that of the databases where there is no other',
    }),
  },
  passphrase: SecretRef.variable('repository_passphrase', {
    description: 'passphrase of the pgBackRest repositories; without it no backup can ever be read',
  }),
};

/** The authority of a store whose certificate is not publicly trusted: the file that `VAULT_CA_FILE` names. */
export function vaultAuthority(): { readonly caPem?: string } {
  const file = setting('VAULT_CA_FILE', '');
  return file === '' ? {} : { caPem: readFileSync(file, 'utf8') };
}

/** How the store makes keys, by `VAULT_MINTS`: `none`, or one that `Vault.s3Compatible` knows. */
export function vaultMinting(fallback: 'none' | KeyMint): { readonly mints?: KeyMint } {
  const mints = setting('VAULT_MINTS', fallback);
  // What the vault does not know is its fault to tell, with its place.
  return mints === 'none' ? {} : { mints: mints as KeyMint };
}
