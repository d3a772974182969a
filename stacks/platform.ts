import type { Alerting } from '../constructs/alerts';
import { type App, addCheck, EnvironmentStack, type Finding, type SecretRef } from '../constructs/core';
import { DashboardBackup } from '../constructs/dashboards';
import { Escrow } from '../constructs/escrow';
import { PrimaryBucket } from '../constructs/object-storage';
import { BucketMirror } from '../constructs/object-storage/mirror';
import { PostgresDatabase } from '../constructs/postgres';
import {
  type Environment,
  type EnvironmentRepository,
  repositoryPassphrases,
} from '../environments/environment';
import { kubernetesProvider } from './providers';
import { keepState } from './state';

/** Folders of the vault beside those of the environments, in which repositories lie: another one's records must not. */
const VAULT_FOLDERS = ['escrow', 'published', 'records', 'state', 'velero'];

/** The platform itself: what holds state, and what brings it back. */
export class PlatformStack extends EnvironmentStack {
  readonly databases: readonly PostgresDatabase[];

  /** @param alerting that of the environment, which says where objects that watch are declared; `undefined`: not watched */
  constructor(app: App, environment: Environment, alerting: Alerting | undefined) {
    super(app, { environment: environment.name, layer: 'platform' });
    addCheck(this, () => [...checkName(environment), ...checkImages(environment)]);
    keepState(this, environment);
    kubernetesProvider(this, environment);
    const { cluster, images, namespace } = environment;
    const repositories: readonly EnvironmentRepository[] = environment.repositories ?? [
      { vault: environment.vault, ...environment.repositoryKeys },
    ];
    this.databases = environment.databases.map(
      ({ retention, ...declaration }) =>
        new PostgresDatabase(this, declaration.name, {
          ...declaration,
          namespace,
          image: images.postgres,
          repositories: repositories.map(({ folder, ...repository }) => ({
            ...repository,
            retention,
            ...(folder === undefined ? {} : { path: `/${environment.name}/${folder}/${declaration.name}` }),
          })),
          ...(alerting === undefined ? {} : { alerting, exporters: environment.exporters ?? {} }),
          ...(images.pullPolicy === undefined ? {} : { imagePullPolicy: images.pullPolicy }),
          ...(cluster.storageClass === undefined ? {} : { storageClass: cluster.storageClass }),
        }),
    );
    if (environment.grafana !== undefined)
      new DashboardBackup(this, 'dashboard-backup', {
        ...environment.grafana,
        name: 'grafana',
        namespace,
        image: images.postgres,
        vault: environment.vault,
        accessKey: environment.repositoryKeys.accessKey,
        secretKey: environment.repositoryKeys.secretKey,
        ...(alerting === undefined ? {} : { alerting }),
        ...(images.pullPolicy === undefined ? {} : { imagePullPolicy: images.pullPolicy }),
      });
    for (const { mirror, name, ...declaration } of environment.buckets ?? []) {
      const bucket = new PrimaryBucket(this, name, { ...declaration, assetId: name });
      if (mirror === undefined) continue;
      const { pushgateway } = environment;
      new BucketMirror(bucket, 'mirror', {
        ...mirror,
        name,
        namespace,
        of: bucket,
        image: images.rclone ?? '',
        vault: environment.vault,
        vaultKeys: environment.repositoryKeys,
        ...(pushgateway === undefined ? {} : { pushgateway }),
        ...(alerting === undefined ? {} : { alerting }),
        ...(images.pullPolicy === undefined ? {} : { imagePullPolicy: images.pullPolicy }),
      });
    }
    const { recipients } = environment.escrow;
    if (recipients.length > 0)
      new Escrow(this, 'escrow', { recipients, namespace, secrets: secretsToKeep(environment) });
  }
}

function checkName({ name }: Environment): Finding[] {
  if (!VAULT_FOLDERS.includes(name)) return [];
  return [
    {
      rule: 'environment/name',
      message: `name is "${name}", a folder of the vault in which the records of all environments lie, and its repositories would lie there, too`,
      fix: `any other name than ${VAULT_FOLDERS.join(', ')}`,
    },
  ];
}

function checkImages({ buckets = [], images }: Environment): Finding[] {
  if (images.rclone !== undefined || buckets.every(({ mirror }) => mirror === undefined)) return [];
  return [
    {
      rule: 'environment/images',
      message: 'images.rclone is not set, and a bucket is mirrored by it',
      fix: 'build images/rclone, and name the image there',
    },
  ];
}

/**
 * All that a deploy after a loss needs beside the way to the vault. The vault's keys are not among them: the next
 * life needs new ones.
 */
function secretsToKeep(environment: Environment): Record<string, SecretRef> {
  const { buckets = [], databases } = environment;
  return {
    ...Object.fromEntries(
      repositoryPassphrases(environment).map(({ number, passphrase }) => [
        number === 1 ? 'repository passphrase' : `passphrase of repository ${number}`,
        passphrase,
      ]),
    ),
    ...Object.fromEntries(
      databases.flatMap(({ application, name, replicas = 0, replicationPassword, superuserPassword }) => [
        [`superuser password of ${name}`, superuserPassword] as const,
        ...(application === undefined
          ? []
          : [[`password of ${application.role} in ${name}`, application.password] as const]),
        ...(replicas === 0 || replicationPassword === undefined
          ? []
          : [[`replication password of ${name}`, replicationPassword] as const]),
      ]),
    ),
    // The store of a bucket outlives the environment: its keys are the same after a loss.
    ...Object.fromEntries(
      buckets.flatMap(({ mirror, name }) => [
        ...pair(`reader of the bucket ${name}`, mirror?.sourceKeys),
        ...pair(`writer of the bucket ${name}`, mirror?.restoreKeys),
      ]),
    ),
    // Its keys of the vault are not among them, as those of the databases are not.
    ...(environment.velero === undefined
      ? {}
      : { 'repository key of Velero': environment.velero.repositoryKey }),
  };
}

function pair(
  who: string,
  keys: { readonly accessKey: SecretRef; readonly secretKey: SecretRef } | undefined,
): [string, SecretRef][] {
  if (keys === undefined) return [];
  return [
    [`access key of the ${who}`, keys.accessKey],
    [`secret key of the ${who}`, keys.secretKey],
  ];
}
