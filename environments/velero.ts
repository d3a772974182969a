import { Duration, Schedule, SecretRef } from '../constructs/core';
import type { VeleroInstallation, VeleroRecoveryOrder } from '../constructs/velero';
import { type Environment, setting } from './environment';

/**
 * Velero by environment variables, off unless `VELERO` says how it gets onto the cluster: `chart` or `others`.
 * `VELERO_SCHEDULE` is cron, `VELERO_KEEP_DAYS` how long each backup is kept, `VELERO_NAMESPACES` and
 * `VELERO_EXCLUDED_NAMESPACES` what is in it, `VELERO_ARCHIVE_SECRETS=true` whether Secrets are. `VELERO_RECOVER=id` or
 * `id=backup` orders one restore.
 */
export function veleroFromSettings(): Pick<Environment, 'velero'> {
  const by = setting('VELERO', 'none');
  if (by === 'none') return {};
  const included = list('VELERO_NAMESPACES');
  const excluded = list('VELERO_EXCLUDED_NAMESPACES');
  const recover = order(setting('VELERO_RECOVER', ''));
  return {
    velero: {
      installation: installation(by),
      credentials: {
        accessKey: SecretRef.variable('velero_access_key', {
          description: 'access key with which Velero writes to the vault',
        }),
        secretKey: SecretRef.variable('velero_secret_key', {
          description: 'secret key with which Velero writes to the vault',
        }),
      },
      repositoryKey: SecretRef.variable('velero_repository_key', {
        description: 'encrypts the volumes in Velero backups; without it none of them can ever be read',
      }),
      schedules: {
        cluster: {
          schedule: Schedule.cron(setting('VELERO_SCHEDULE', '15 1 * * *')),
          keep: Duration.days(Number(setting('VELERO_KEEP_DAYS', '30'))),
          ...(included.length === 0 ? {} : { includedNamespaces: included }),
          ...(excluded.length === 0 ? {} : { excludedNamespaces: excluded }),
          archiveSecrets: setting('VELERO_ARCHIVE_SECRETS', 'false') === 'true',
        },
      },
      ...(recover === undefined ? {} : { recover }),
    },
  };
}

function installation(by: string): VeleroInstallation {
  if (by === 'others') return { by };
  if (by === 'chart') return { by, version: setting('VELERO_CHART_VERSION', '12.1.0') };
  throw new Error(`VELERO is "${by}"; it must be chart, others or none`);
}

function order(text: string): VeleroRecoveryOrder | undefined {
  if (text === '') return undefined;
  const [id = '', backup = 'latest'] = text.split('=');
  return { id: id.trim(), backup: backup.trim() };
}

function list(name: string): string[] {
  return setting(name, '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
