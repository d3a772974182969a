import { readFileSync } from 'node:fs';
import { Duration, Schedule, SecretRef, Size } from '../constructs/core';
import { Vault } from '../constructs/object-storage';
import { type Environment, setting } from './environment';
import { VAULT_KEYS } from './keys';

const caFile = setting('VAULT_CA_FILE', '');

/** The rehearsal's: one small database, with times short enough to watch. */
export const local: Environment = {
  name: 'local',
  namespace: 'local',
  vault: Vault.s3Compatible({
    name: 'local-vault',
    endpoint: setting('VAULT_ENDPOINT', 'https://vault.local.test:9443'),
    bucket: setting('VAULT_BUCKET', 'local-vault'),
    ...(caFile === '' ? {} : { caPem: readFileSync(caFile, 'utf8') }),
  }),
  cluster: {},
  images: { postgres: setting('POSTGRES_IMAGE', 'docker.io/local/postgres:17') },
  state: 'workstation',
  repositoryKeys: VAULT_KEYS,
  databases: [
    {
      name: 'orders',
      criticality: 'critical',
      objectives: { rpo: Duration.minutes(1), rto: Duration.minutes(10) },
      degradedMode: {
        impact: 'no order can be taken',
        workaround: 'none: orders wait until the restore is done',
      },
      storage: Size.gibibytes(10),
      expectedSize: Size.gibibytes(1),
      backups: {
        full: Schedule.weekly({ on: 'sunday', hour: 2 }),
        differential: Schedule.cron('0 2 * * 1-6'),
      },
      retention: { full: 4, differential: 7 },
      archiveTimeout: Duration.seconds(30),
      backupSpread: Duration.ZERO,
      superuserPassword: SecretRef.variable('orders_superuser_password', {
        description: 'password of the superuser of orders',
      }),
      application: {
        role: 'orders_app',
        database: 'orders',
        password: SecretRef.variable('orders_app_password', {
          description: 'password of the role orders_app',
        }),
      },
    },
  ],
};
