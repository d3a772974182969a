import { randomBytes } from 'node:crypto';

/** Secrets of one rehearsal: made for it, known to nobody else, gone with it. */
export function inventSecrets(vault: { accessKey: string; secretKey: string }): Record<string, string> {
  const random = (): string => randomBytes(18).toString('base64url');
  return {
    TF_VAR_vault_access_key: vault.accessKey,
    TF_VAR_vault_secret_key: vault.secretKey,
    TF_VAR_repository_passphrase: random(),
    TF_VAR_orders_superuser_password: random(),
    TF_VAR_orders_app_password: random(),
  };
}
