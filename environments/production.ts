import { Duration, Schedule, SecretRef, Size } from '../constructs/core';
import { Vault } from '../constructs/object-storage';
import { type Environment, setting } from './environment';
import { VAULT_KEYS } from './keys';

const context = setting('KUBE_CONTEXT', '');
const registry = setting('IMAGE_REGISTRY', 'registry.example.com/platform');

/** On a Kubernetes and an S3 store that exist already; both are named by environment variables. */
export const production: Environment = {
  name: 'production',
  namespace: 'production',
  vault: Vault.s3Compatible({
    name: 'production-vault',
    endpoint: setting('VAULT_ENDPOINT', 'https://vault.example.com'),
    region: setting('VAULT_REGION', 'us-east-1'),
    bucket: setting('VAULT_BUCKET', 'production-vault'),
  }),
  cluster: context === '' ? {} : { context },
  images: { postgres: `${registry}/postgres:17` },
  state: 'vault',
  repositoryKeys: VAULT_KEYS,
  databases: [
    {
      name: 'orders',
      criticality: 'critical',
      objectives: { rpo: Duration.minutes(2), rto: Duration.minutes(30) },
      degradedMode: {
        impact: 'no order can be taken',
        workaround: 'none: orders wait until the restore is done',
      },
      storage: Size.gibibytes(200),
      expectedSize: Size.gibibytes(100),
      backups: {
        full: Schedule.weekly({ on: 'sunday', hour: 2 }),
        differential: Schedule.cron('0 2 * * 1-6'),
      },
      retention: { full: 4, differential: 7 },
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
