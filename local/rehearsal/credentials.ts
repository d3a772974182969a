import { randomBytes } from 'node:crypto';
import { EnvironmentProblem } from '../../deploy/progress';

/** Secrets of one rehearsal: made for it, known to nobody else, gone with it. The vault's keys are the site's. */
export function inventSecrets(site: Readonly<Record<string, string>>): Record<string, string> {
  const random = (): string => randomBytes(18).toString('base64url');
  return {
    ...vaultKeys(site),
    TF_VAR_repository_passphrase: random(),
    TF_VAR_orders_superuser_password: random(),
    TF_VAR_orders_app_password: random(),
  };
}

/** The site's own keys of the vault, for a store that mints none. */
export function vaultKeys(site: Readonly<Record<string, string>>): Record<string, string> {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = site;
  if (accessKey === undefined || secretKey === undefined) {
    throw new EnvironmentProblem(
      'the vault gave no keys — FIX: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  }
  return {
    TF_VAR_vault_access_key: accessKey,
    TF_VAR_vault_secret_key: secretKey,
    TF_VAR_vault_reader_access_key: accessKey,
    TF_VAR_vault_reader_secret_key: secretKey,
  };
}
