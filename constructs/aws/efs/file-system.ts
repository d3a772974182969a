import { aws } from '../../bindings/aws';
import { addCheck, Construct, Duration, type Finding, Schedule } from '../../core';
import { type Asset, type AssetProps, Recovery } from '../../recovery';
import type { BackupTarget } from '../backup';
import { type AwsPlace, checkCopies, inPlace, keyFaults, locationOf, placeFaults } from '../place';

/** A second file system, which can only be read while it is kept like the first one. */
export interface FileSystemReplication {
  /** Another region of the same account: `eu-central-1`. */
  readonly region: string;
  /** Key in that region. @default - Amazon's own for EFS there */
  readonly kmsKeyArn?: string;
  /**
   * How far behind it is held to be: in objectives, and above it `BackupAlarms` tells.
   * @default - unknown: it gives no RPO, and its lag is not watched
   */
  readonly assumedLag?: Duration;
}

export interface ProtectedFileSystemProps
  extends AwsPlace,
    Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  /** Of the file system, and of the asset; 64 characters at most. */
  readonly name: string;
  /** One of each availability zone from which it is mounted. @default none: it cannot be mounted */
  readonly subnetIds?: readonly string[];
  /** Who reaches it. Needed where there are subnets. @default none */
  readonly securityGroupIds?: readonly string[];
  /** KMS key in its region; it cannot be changed. @default - Amazon's own for EFS */
  readonly kmsKeyArn?: string;
  /**
   * Amazon's default plan: each day, kept for 35 days, in its own vault in the same region and account.
   * @default true; false where a `BackupPlan` of yours backs it up, which would be paid for twice
   */
  readonly automaticBackups?: boolean;
  /** @default - none: what is lost with the region comes back from a copied backup, or not at all */
  readonly replication?: FileSystemReplication;
  /** Whether Terraform refuses to destroy it. @default true */
  readonly protect?: boolean;
  /** @default none */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Each day; when on it, Amazon chooses (docs.aws.amazon.com/efs/latest/ug/awsbackup.html). */
const AUTOMATIC = { schedule: Schedule.daily({ hour: 0 }), delay: Duration.days(1) };

/**
 * A file system that is backed up, and replicated where that is declared. Failing over means to take `replication` out of
 * the code: the second file system can then be written, and stays. Backups are restored into a directory of an existing
 * file system, or into a new one.
 */
export class ProtectedFileSystem extends Construct implements BackupTarget {
  readonly type = 'EFS';
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly kmsKeyArn: string | undefined;
  /** Known when it is made. */
  readonly arn: string;
  readonly fileSystemId: string;
  readonly asset: Asset;
  /** Where it is replicated to, for who watches it; `undefined` when it is not. */
  readonly replica:
    | { readonly region: string; readonly fileSystemId: string; readonly assumedLag: Duration | undefined }
    | undefined;

  constructor(scope: Construct, id: string, props: ProtectedFileSystemProps) {
    super(scope, id);
    const { automaticBackups = true, name, protect = true, replication } = props;
    this.name = name;
    this.region = props.region;
    this.account = props.account;
    this.kmsKeyArn = props.kmsKeyArn;
    addCheck(this, () => faults(props));
    const place = inPlace(props);
    const fileSystem = new aws.EfsFileSystem(this, 'file-system', {
      ...place,
      // A second deploy whose state was lost finds that it is there.
      creationToken: name,
      encrypted: true,
      throughputMode: 'elastic',
      // Not to be overwritten as somebody's replica.
      protection: { replicationOverwrite: 'ENABLED' },
      tags: { ...props.tags, Name: name },
      lifecycle: { preventDestroy: protect },
      ...(props.kmsKeyArn === undefined ? {} : { kmsKeyId: props.kmsKeyArn }),
    });
    this.arn = fileSystem.arn;
    this.fileSystemId = fileSystem.id;
    for (const [at, subnetId] of (props.subnetIds ?? []).entries())
      new aws.EfsMountTarget(this, `mount-target-${at + 1}`, {
        ...place,
        fileSystemId: fileSystem.id,
        subnetId,
        securityGroups: [...(props.securityGroupIds ?? [])],
      });
    new aws.EfsBackupPolicy(this, 'backups', {
      ...place,
      fileSystemId: fileSystem.id,
      backupPolicy: { status: automaticBackups ? 'ENABLED' : 'DISABLED' },
    });
    this.replica = replication === undefined ? undefined : this.replicate(replication, props);
    this.asset = this.declareAsset(props, automaticBackups);
  }

  private replicate(
    { assumedLag, kmsKeyArn, region }: FileSystemReplication,
    props: ProtectedFileSystemProps,
  ) {
    const replication = new aws.EfsReplicationConfiguration(this, 'replication', {
      ...inPlace(props),
      sourceFileSystemId: this.fileSystemId,
      destination: { region, ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }) },
    });
    return { region, fileSystemId: replication.destination.fileSystemId, assumedLag };
  }

  private declareAsset(props: ProtectedFileSystemProps, automaticBackups: boolean): Asset {
    const recovery = Recovery.of(this);
    const asset = recovery.asset({
      id: props.name,
      kind: 'efs',
      criticality: props.criticality,
      recoveredBy: 'provider',
      ...(props.expectedSize === undefined ? {} : { expectedSize: props.expectedSize }),
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
    });
    if (automaticBackups)
      recovery.protects(asset, {
        kind: 'snapshot',
        ...AUTOMATIC,
        retention: '35 days',
        location: locationOf('aws/efs/automatic-backup-vault', props),
      });
    if (this.replica !== undefined)
      recovery.protects(asset, {
        kind: 'mirror',
        ...(this.replica.assumedLag === undefined ? {} : { maximumLag: this.replica.assumedLag }),
        // It follows whatever is done to the first one: no way back to yesterday.
        retention: 'as the original, without a history',
        location: locationOf('EFS replica', { ...props, region: this.replica.region }),
      });
    checkCopies(this, asset, props);
    return asset;
  }
}

function faults(props: ProtectedFileSystemProps): Finding[] {
  const { name, replication, securityGroupIds = [], subnetIds = [] } = props;
  const wrong = (rule: string, message: string, fix: string): Finding => ({
    rule: `aws-efs/${rule}`,
    message,
    fix,
  });
  return [
    ...placeFaults(props),
    ...(name.length >= 1 && name.length <= 64
      ? []
      : [wrong('name', `name has ${name.length} characters, and EFS takes 1 to 64`, 'give a shorter one')]),
    ...keyFaults('kmsKeyArn', props.kmsKeyArn, props),
    ...(subnetIds.length > 0 && securityGroupIds.length === 0
      ? [
          wrong(
            'network',
            'subnetIds are given and securityGroupIds not: the default group of the network would decide who mounts it',
            'name the groups that let its clients in',
          ),
        ]
      : []),
    ...(replication === undefined
      ? []
      : [
          ...placeFaults({ ...props, region: replication.region }, 'replication').filter(
            ({ rule }) => rule === 'aws/region',
          ),
          ...keyFaults('replication.kmsKeyArn', replication.kmsKeyArn, replication),
          ...(replication.region === props.region
            ? [
                wrong(
                  'replication',
                  `replication.region is ${props.region}, where the file system itself is`,
                  'name another region',
                ),
              ]
            : []),
        ]),
  ];
}
