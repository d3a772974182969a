import { readFileSync } from 'node:fs';
import { SecretRef } from '../constructs/core';
import { setting } from './environment';

/** Keys and passphrase of the vault, the same names in every environment. */
export const VAULT_KEYS = {
  accessKey: SecretRef.variable('vault_access_key', {
    description: 'access key with which databases write to the vault',
  }),
  secretKey: SecretRef.variable('vault_secret_key', {
    description: 'secret key with which databases write to the vault',
  }),
  passphrase: SecretRef.variable('repository_passphrase', {
    description: 'passphrase of the pgBackRest repositories; without it no backup can ever be read',
  }),
};

/** The authority of a store whose certificate is not publicly trusted: the file that `VAULT_CA_FILE` names. */
export function vaultAuthority(): { readonly caPem?: string } {
  const file = setting('VAULT_CA_FILE', '');
  return file === '' ? {} : { caPem: readFileSync(file, 'utf8') };
}
