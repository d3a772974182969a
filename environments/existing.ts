import { Vault } from '../constructs/object-storage';
import { alertingFromSettings } from './alerting';
import { bucketsFromSettings } from './buckets';
import { type DatabaseDeclaration, type Environment, setting } from './environment';
import { escrowRecipients } from './escrow';
import { grafanaFromSettings } from './grafana';
import { VAULT_KEYS, vaultAuthority, vaultMinting } from './keys';
import { veleroFromSettings } from './velero';

/** An environment on a Kubernetes and an S3 store that exist already; both are named by environment variables.
 * `VAULT_MINTS=versitygw` where the store is one; elsewhere every incarnation needs new keys. */
export function onExistingCluster(name: string, databases: readonly DatabaseDeclaration[]): Environment {
  const context = setting('KUBE_CONTEXT', '');
  const registry = setting('IMAGE_REGISTRY', 'registry.example.com/platform');
  return {
    name,
    namespace: name,
    vault: Vault.s3Compatible({
      name: `${name}-vault`,
      endpoint: setting('VAULT_ENDPOINT', 'https://vault.example.com'),
      region: setting('VAULT_REGION', 'us-east-1'),
      bucket: setting('VAULT_BUCKET', `${name}-vault`),
      ...vaultAuthority(),
      ...vaultMinting('none'),
    }),
    cluster: context === '' ? {} : { context },
    images: {
      postgres: setting('POSTGRES_IMAGE', `${registry}/postgres:17`),
      rclone: setting('RCLONE_IMAGE', `${registry}/rclone:1.60`),
    },
    state: setting('STATE_LOCK', 'on') === 'off' ? 'vault-unlocked' : 'vault',
    repositoryKeys: VAULT_KEYS,
    // A cluster that is just coming back may lack the operator: databases come back all the same, and the deploy says so.
    ...alertingFromSettings('prometheus-operator'),
    ...grafanaFromSettings(),
    ...bucketsFromSettings(name),
    ...veleroFromSettings(),
    escrow: {
      recipients: escrowRecipients(),
      without: setting('ESCROW', 'required') === 'none' ? 'warn' : 'refuse',
    },
    databases,
  };
}
