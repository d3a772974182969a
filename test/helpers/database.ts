import { Schedule, SecretRef, Size } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import type { PostgresDatabaseProps } from '../../constructs/postgres';

export const VAULT = Vault.s3Compatible({
  name: 'vault',
  endpoint: 'https://vault.example.com:9443',
  bucket: 'backups',
});

/** A secret of a test: its name is all there is. */
export function secret(name: string): SecretRef {
  return SecretRef.variable(name, { description: `${name}, for a test` });
}

export const REPOSITORY = {
  vault: VAULT,
  accessKey: secret('access_key'),
  secretKey: secret('secret_key'),
  passphrase: secret('passphrase'),
  retention: { full: 4, differential: 7 },
};

/** A sound database; a test says what is different about its own. */
export function databaseProps(different: Partial<PostgresDatabaseProps> = {}): PostgresDatabaseProps {
  return {
    name: 'orders',
    namespace: 'shop',
    image: 'registry.example.com/postgres:17',
    criticality: 'critical',
    storage: Size.gibibytes(10),
    repositories: [REPOSITORY],
    backups: {
      full: Schedule.weekly({ on: 'sunday', hour: 2 }),
      differential: Schedule.cron('0 2 * * 1-6'),
    },
    superuserPassword: secret('superuser_password'),
    ...different,
  };
}
