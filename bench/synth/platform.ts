import { Alerting } from '../../constructs/alerts';
import { Duration, Schedule, SecretRef, Size } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import type { DatabaseDeclaration, Environment } from '../../environments/environment';

/** An environment with this many databases; each with an application of its own, and passwords of its own. */
export function platformOf(databases: number): Environment {
  return {
    name: 'bench',
    namespace: 'bench',
    vault: Vault.s3Compatible({
      name: 'bench-vault',
      endpoint: 'https://vault.example.com',
      bucket: 'bench-vault',
    }),
    cluster: {},
    images: {
      postgres: 'registry.example.com/platform/postgres:17',
    },
    state: 'workstation',
    repositoryKeys: {
      accessKey: secret('vault_access_key'),
      secretKey: secret('vault_secret_key'),
      passphrase: secret('repository_passphrase'),
    },
    escrow: { recipients: [], without: 'accept' },
    alerting: new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' }),
    databases: Array.from({ length: databases }, (_, index) => database(index + 1)),
  };
}

function database(number: number): DatabaseDeclaration {
  return {
    name: `orders-${number}`,
    criticality: 'critical',
    objectives: { rpo: Duration.minutes(2), rto: Duration.minutes(30) },
    degradedMode: {
      impact: 'no order can be taken',
      workaround: 'none: orders wait until the restore is done',
    },
    storage: Size.gibibytes(20),
    expectedSize: Size.gibibytes(5),
    backups: {
      full: Schedule.weekly({ on: 'sunday', hour: 2 }),
      differential: Schedule.cron('0 2 * * 1-6'),
    },
    retention: { full: 4, differential: 7 },
    superuserPassword: secret(`superuser_password_${number}`),
    application: { role: 'app', database: 'app', password: secret(`app_password_${number}`) },
  };
}

function secret(name: string): SecretRef {
  return SecretRef.variable(name, { description: `${name} of the benchmark` });
}
