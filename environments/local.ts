import { Duration, Size } from '../constructs/core';
import { Vault } from '../constructs/object-storage';
import { alertingFromSettings } from './alerting';
import { bucketsFromSettings } from './buckets';
import { type Environment, setting } from './environment';
import { escrowRecipients } from './escrow';
import { grafanaFromSettings } from './grafana';
import { VAULT_KEYS, vaultAuthority, vaultMinting } from './keys';
import { orders } from './orders';
import { veleroFromSettings } from './velero';

/** The rehearsal's: one small database, with times short enough to watch. */
export const local: Environment = {
  name: 'local',
  namespace: 'local',
  vault: Vault.s3Compatible({
    name: 'local-vault',
    endpoint: setting('VAULT_ENDPOINT', 'https://vault.local.test'),
    bucket: setting('VAULT_BUCKET', 'local-vault'),
    ...vaultAuthority(),
    ...vaultMinting('versitygw'),
  }),
  cluster: {},
  images: {
    postgres: setting('POSTGRES_IMAGE', 'docker.io/local/postgres:17'),
    rclone: setting('RCLONE_IMAGE', 'docker.io/local/rclone:1.60'),
  },
  state: 'workstation',
  repositoryKeys: VAULT_KEYS,
  // The embedded cluster has no operator unless it is asked for, and the core is rehearsed without.
  ...alertingFromSettings('none'),
  ...grafanaFromSettings(),
  ...bucketsFromSettings('local'),
  ...veleroFromSettings(),
  exporters: { repositoryInterval: Duration.seconds(20) },
  escrow: { recipients: escrowRecipients(), without: 'accept' },
  databases: [
    orders({
      objectives: { rpo: Duration.minutes(1), rto: Duration.minutes(10) },
      storage: Size.gibibytes(10),
      expectedSize: Size.gibibytes(1),
      archiveTimeout: Duration.seconds(30),
      backupSpread: Duration.ZERO,
    }),
  ],
};
