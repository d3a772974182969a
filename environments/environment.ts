import type { Alerting } from '../constructs/alerts';
import type { RoutingPlan } from '../constructs/alerts/routing';
import type { SecretRef } from '../constructs/core';
import type { DashboardBackupProps } from '../constructs/dashboards';
import type { Recipient } from '../constructs/escrow';
import type { PrimaryBucketProps, Vault } from '../constructs/object-storage';
import type { BucketMirrorProps } from '../constructs/object-storage/mirror';
import type { OperatorProps } from '../constructs/operators';
import type { ExportersProps, PostgresDatabaseProps, RepositoryProps } from '../constructs/postgres';
import type { PushTarget } from '../constructs/pushgateway';
import type { VeleroSettings } from '../constructs/velero';

/** A database of an environment; where it runs and what it runs on is said once, by the environment. */
export type DatabaseDeclaration = Omit<
  PostgresDatabaseProps,
  'namespace' | 'image' | 'repositories' | 'imagePullPolicy' | 'alerting' | 'exporters'
> &
  Pick<PostgresDatabaseProps['repositories'][number], 'retention'>;

/** Where every database of an environment has a repository of its own. */
export interface EnvironmentRepository
  extends Pick<RepositoryProps, 'vault' | 'number' | 'accessKey' | 'secretKey' | 'reader' | 'passphrase'> {
  /**
   * Sets it apart from another one in the same vault: the path is `/<environment>/<folder>/<database>`.
   * @default - none: `/<environment>/<database>`
   */
  readonly folder?: string;
}

/** A bucket with primary data, and its mirror in the environment's vault. */
export interface BucketDeclaration extends Omit<PrimaryBucketProps, 'assetId'> {
  /** Of the asset and of its mirror. */
  readonly name: string;
  /** @default - none: a fault where the bucket is critical or moderate, unless something else brings it back */
  readonly mirror?: Omit<
    BucketMirrorProps,
    | 'name'
    | 'namespace'
    | 'image'
    | 'imagePullPolicy'
    | 'of'
    | 'vault'
    | 'vaultKeys'
    | 'path'
    | 'alerting'
    | 'pushgateway'
  >;
}

/** One deployment of the platform: everything that differs between two of them. */
export interface Environment {
  /** First part of its stacks' names. */
  readonly name: string;
  /** Where everything lives that has to survive. */
  readonly vault: Vault;
  /** The cluster, which exists already. */
  readonly cluster: {
    /** @default - the current context of `KUBE_CONFIG_PATH` */
    readonly context?: string;
    /** @default - the cluster's default class */
    readonly storageClass?: string;
  };
  /** Images by what they hold. */
  readonly images: {
    readonly postgres: string;
    /** Of images/rclone. @default - none: only where no bucket is mirrored */
    readonly rclone?: string;
    /** @default 'IfNotPresent' */
    readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  };
  /**
   * Where Terraform's state is kept. `vault` puts it there, under the incarnation's name. `vault-unlocked` is for a
   * store on which `npm run vault` found that it cannot lock: see to it that nobody deploys twice at once.
   */
  readonly state: 'workstation' | 'vault' | 'vault-unlocked';
  readonly namespace: string;
  /** Keys and passphrase with which databases reach their repository in the vault. */
  readonly repositoryKeys: Pick<RepositoryProps, 'accessKey' | 'secretKey' | 'reader' | 'passphrase'>;
  /**
   * All repositories, where there are several, or another one than the first: see "Another repository" in the
   * construct's README. Keys are minted for `vault` alone.
   * @default - one in `vault`, by `repositoryKeys`
   */
  readonly repositories?: readonly EnvironmentRepository[];
  /**
   * What keeps the cluster of an earlier incarnation from the backups where the vault mints no keys. `lease`: the
   * lease on the data alone, which a cluster honours and an intruder with its keys does not.
   * @default 'keys': a new incarnation with the access key of an earlier one is refused, and needs new ones
   */
  readonly fencing?: 'keys' | 'lease';
  /** Who can open the environment's secrets when nobody has them at hand. */
  readonly escrow: {
    /** Nobody: no escrow is declared. */
    readonly recipients: readonly Recipient[];
    /**
     * What a deploy does when nothing was ever sealed and nobody is named: `refuse` it, `warn`, or `accept` it
     * silently, where the data is worth nothing.
     */
    readonly without: 'refuse' | 'warn' | 'accept';
  };
  /** How it is watched. @default - not at all */
  readonly alerting?: Alerting;
  /**
   * More about the exporters of its databases, where it is watched.
   * @default - they are in the databases' image, all may scrape them, and repositories are asked every five minutes
   */
  readonly exporters?: ExportersProps;
  /** The Prometheus and the Alertmanager that do so. @default - none of this environment: alerts on them are elsewhere */
  readonly monitoring?: {
    readonly namespace: string;
    /** @default - none: whoever runs the Alertmanager says who is told */
    readonly routing?: RoutingPlan;
  };
  /** A Grafana whose dashboards are exported into the vault. @default - none */
  readonly grafana?: Pick<DashboardBackupProps, 'url' | 'caPem' | 'token' | 'restoreToken'>;
  /** Where jobs leave their figures: the URL of a Pushgateway that is scraped with `honorLabels`. @default - nowhere */
  readonly pushgateway?: PushTarget;
  /** Buckets with primary data. @default - none */
  readonly buckets?: readonly BucketDeclaration[];
  /** Brings back objects and volumes that neither Terraform nor a database brings back. @default - none: nothing of Velero is declared */
  readonly velero?: VeleroSettings;
  /** Charts that are installed before the platform. @default - none */
  readonly operators?: readonly OperatorProps[];
  readonly databases: readonly DatabaseDeclaration[];
}

/** What opens each repository, by the number that pods know it by. */
export function repositoryPassphrases({
  repositories,
  repositoryKeys,
}: Pick<Environment, 'repositories' | 'repositoryKeys'>): readonly {
  readonly number: number;
  readonly passphrase: SecretRef;
}[] {
  return (repositories ?? [repositoryKeys as Partial<EnvironmentRepository> & typeof repositoryKeys]).map(
    ({ number, passphrase }, index) => ({ number: number ?? index + 1, passphrase }),
  );
}

/** A setting from the environment variables of whoever deploys; never a secret. */
export function setting(name: string, fallback: string): string {
  const value = process.env[name]?.trim();
  return value === undefined || value === '' ? fallback : value;
}
