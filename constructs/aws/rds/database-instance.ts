import { aws } from '../../bindings/aws';
import { addCheck, addWarning, Construct, Duration, type Size } from '../../core';
import type { Asset, AssetProps } from '../../recovery';
import type { BackupTarget } from '../backup';
import { type AwsPlace, daysOf, inPlace } from '../place';
import { partitionOf } from '../policies';
import type { AutomatedBackupsReplication } from './automated-backups';
import { declareBackups } from './backups';
import { instanceFaults } from './faults';
import { type DatabaseRecovery, recoveryArguments, recoveryFaults, recoveryWarnings } from './recovery-order';

export interface ProtectedDatabaseInstanceProps
  extends AwsPlace,
    Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode'> {
  /** Lower case letters, digits and hyphens, 50 at most: of the instance, and of the asset. */
  readonly name: string;
  readonly engine: 'postgres' | 'mysql' | 'mariadb';
  /** `17.6`; `17` follows minor versions. */
  readonly engineVersion: string;
  /** `db.m7g.large` */
  readonly instanceClass: string;
  /** Whole GiB. */
  readonly storage: Size;
  /** Up to which it grows by itself. @default - it does not: a full database is one that is down */
  readonly maximumStorage?: Size;
  /** Of a database that is made new. Its password is made by RDS and kept in Secrets Manager, never in state. */
  readonly masterUsername: string;
  /** Name of the first database. @default - none: it is created by hand, or restored */
  readonly databaseName?: string;
  readonly subnetGroupName: string;
  readonly securityGroupIds: readonly string[];
  /** @default - the engine's default parameters */
  readonly parameterGroupName?: string;
  /** A standby in a second zone of the region. It is no backup: it does what the first one does. @default true */
  readonly multiAz?: boolean;
  /**
   * KMS key of the region; it encrypts the instance and its backups, and cannot be changed.
   * @default - Amazon's own for RDS: no backup can ever be copied into another account
   */
  readonly kmsKeyArn?: string;
  /** Any instant of so many days can be restored: 1 to 35. @default Duration.days(14) */
  readonly keepBackups?: Duration;
  /** `02:00-03:00`, in UTC, for the daily snapshot. @default - RDS chooses one */
  readonly backupWindow?: string;
  /** @default - none: automated backups go with the region */
  readonly replicateBackups?: AutomatedBackupsReplication;
  /** How large it is expected to become. @default - `storage` */
  readonly expectedSize?: Size;
  /**
   * Whether deleting it is refused, by RDS and by Terraform. Backups are kept after a deletion either way, and a final
   * snapshot is made.
   * @default true
   */
  readonly protect?: boolean;
  /** An order of recovery: the instance is made from a backup. It has no effect on one that is there. @default - made new */
  readonly recover?: DatabaseRecovery;
  /** @default none */
  readonly tags?: Readonly<Record<string, string>>;
}

const KEEP_BACKUPS = Duration.days(14);

/** Of a database in RDS, as plans and copies need to know it. */
export interface DatabaseReference extends BackupTarget {
  readonly name: string;
  readonly arn: string;
  /** Key of the instance. */
  readonly kmsKeyArn: string | undefined;
}

/**
 * A database in RDS that can be restored to any instant of the last days, here and in a second region, and is not deleted
 * by any deploy. It is brought back by the provider: `recover`, or a `DatabaseInstanceCopy` beside it.
 *
 * What is ordered by `recover` is done when the instance is made, and never again: Terraform is told to ignore the order on
 * an instance that is there, so taking it out, or changing it, replaces nothing.
 */
export class ProtectedDatabaseInstance extends Construct implements DatabaseReference {
  readonly type = 'RDS';
  /** AWS Backup would take its retention over. */
  readonly ownContinuousBackups = true;
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly arn: string;
  readonly kmsKeyArn: string | undefined;
  readonly asset: Asset;
  /** Host that clients connect to; known when it is made. */
  readonly address: string;
  /** ARN of the secret with the master's password. */
  readonly masterSecretArn: string;
  /** Automated backups in the second region, for a recovery there; `undefined` when they are not replicated. */
  readonly replicatedBackupsArn: string | undefined;

  constructor(scope: Construct, id: string, props: ProtectedDatabaseInstanceProps) {
    super(scope, id);
    const { keepBackups = KEEP_BACKUPS, name, protect = true, recover } = props;
    this.name = name;
    this.region = props.region;
    this.account = props.account;
    this.kmsKeyArn = props.kmsKeyArn;
    this.arn = databaseArn(props);
    addCheck(this, () => [...instanceFaults({ ...props, keepBackups }), ...recoveryFaults(recover)]);
    addWarning(this, () => recoveryWarnings(recover));
    const instance = new aws.DbInstance(this, 'instance', {
      ...inPlace(props),
      identifier: name,
      engine: props.engine,
      engineVersion: props.engineVersion,
      instanceClass: props.instanceClass,
      allocatedStorage: gibibytes(props.storage),
      storageType: 'gp3',
      storageEncrypted: true,
      username: props.masterUsername,
      manageMasterUserPassword: true,
      dbSubnetGroupName: props.subnetGroupName,
      vpcSecurityGroupIds: [...props.securityGroupIds],
      publiclyAccessible: false,
      multiAz: props.multiAz ?? true,
      backupRetentionPeriod: daysOf(keepBackups),
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: false,
      deletionProtection: protect,
      skipFinalSnapshot: false,
      finalSnapshotIdentifier: `${name}-final`,
      // A change that restarts it waits for its window.
      applyImmediately: false,
      tags: { ...props.tags, ...(recover === undefined ? {} : { recovered: recover.id }) },
      lifecycle: {
        preventDestroy: protect,
        // What only its making reads: an order that is taken out, or changed, must not replace the instance.
        ignoreChanges: ['restore_to_point_in_time', 'snapshot_identifier', 'db_name', 'username'],
      },
      ...(props.maximumStorage === undefined ? {} : { maxAllocatedStorage: gibibytes(props.maximumStorage) }),
      ...(props.databaseName === undefined ? {} : { dbName: props.databaseName }),
      ...(props.parameterGroupName === undefined ? {} : { parameterGroupName: props.parameterGroupName }),
      ...(props.kmsKeyArn === undefined ? {} : { kmsKeyId: props.kmsKeyArn }),
      ...(props.backupWindow === undefined ? {} : { backupWindow: props.backupWindow }),
      ...(recover === undefined ? {} : recoveryArguments(recover)),
    });
    this.address = instance.address;
    this.masterSecretArn = instance.masterUserSecret.get(0).secretArn;
    const { asset, replicatedBackupsArn } = declareBackups(this, {
      ...props,
      keepBackups,
      expectedSize: props.expectedSize ?? props.storage,
      arn: instance.arn,
    });
    this.asset = asset;
    this.replicatedBackupsArn = replicatedBackupsArn;
  }
}

export function databaseArn({ account, name, region }: AwsPlace & { readonly name: string }): string {
  return `arn:${partitionOf(region)}:rds:${region}:${account}:db:${name}`;
}

export function gibibytes(size: Size): number {
  return size.bytes / 1024 ** 3;
}
