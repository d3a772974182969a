import { partitionOf } from './arn';
import { type PolicyDocument, policyDocument, type Statement } from './document';
import { copyingKeys } from './key-use';

/** Kinds of resources for which this library knows what AWS Backup needs. */
export const BACKUP_TYPES = ['EBS', 'EFS', 'RDS'] as const;
export type BackupType = (typeof BACKUP_TYPES)[number];

export interface BackupRoleProps {
  readonly types: readonly BackupType[];
  /** Where the resources are. */
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** Vaults into which it copies, wherever they are. */
  readonly copyTo: readonly { readonly arn: string; readonly region: string }[];
  /** Keys of resources, snapshots and vaults, if they are not Amazon's own. @default none */
  readonly kmsKeyArns?: readonly string[];
  /** Continuous backups of databases: their retention is a setting of the instance. @default false */
  readonly continuous?: boolean;
}

/** Every snapshot that AWS Backup made bears it (policy AWSBackupServiceRolePolicyForBackup, version 29). */
const MADE_BY_BACKUP = { Null: { 'aws:ResourceTag/aws:backup:source-resource': 'false' } } as const;

/**
 * What AWS Backup needs to back up and copy these kinds of resources, and no others: the parts of Amazon's own
 * AWSBackupServiceRolePolicyForBackup that are about them, bound to regions, account and vaults.
 */
export function backupRolePolicy(props: BackupRoleProps): PolicyDocument {
  const { account, copyTo, kmsKeyArns = [], region, types } = props;
  const regions = [...new Set([region, ...copyTo.map((vault) => vault.region)])];
  const arn = (rest: string): string => `arn:${partitionOf(region)}:${rest}`;
  return policyDocument(
    anywhereIn('FindResources', ['tag:GetResources'], regions),
    copyTo.length === 0
      ? undefined
      : [
          {
            Sid: 'CopyIntoVaults',
            Effect: 'Allow',
            Action: ['backup:DescribeBackupVault', 'backup:CopyIntoBackupVault'],
            Resource: copyTo.map((vault) => vault.arn),
          },
          anywhereIn('CopyFromVault', ['backup:CopyFromBackupVault'], [region]),
        ],
    types.includes('EBS') ? volumes(arn, account, region, regions) : undefined,
    types.includes('RDS') ? databases(arn, account, region, regions) : undefined,
    types.includes('RDS') && props.continuous === true ? instants(arn, account, region) : undefined,
    types.includes('EFS')
      ? {
          Sid: 'BackUpFileSystems',
          Effect: 'Allow',
          Action: ['elasticfilesystem:Backup', 'elasticfilesystem:DescribeTags'],
          Resource: [arn(`elasticfilesystem:${region}:${account}:file-system/*`)],
        }
      : undefined,
    copyingKeys(kmsKeyArns),
  );
}

type ArnOf = (rest: string) => string;

function volumes(arn: ArnOf, account: string, region: string, regions: readonly string[]): Statement[] {
  const snapshots = regions.map((one) => arn(`ec2:${one}::snapshot/*`));
  return [
    anywhereIn(
      'SeeVolumes',
      ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots', 'ec2:DescribeTags', 'ec2:DescribeSnapshotTierStatus'],
      regions,
    ),
    {
      Sid: 'SnapshotVolumes',
      Effect: 'Allow',
      Action: ['ec2:CreateSnapshot'],
      Resource: [arn(`ec2:${region}:${account}:volume/*`), arn(`ec2:${region}::snapshot/*`)],
    },
    {
      Sid: 'CopySnapshots',
      Effect: 'Allow',
      Action: ['ec2:CopySnapshot', 'ec2:CreateTags'],
      Resource: snapshots,
    },
    {
      Sid: 'ExpireSnapshots',
      Effect: 'Allow',
      Action: ['ec2:DeleteSnapshot', 'ec2:ModifySnapshotAttribute'],
      Resource: snapshots,
      Condition: MADE_BY_BACKUP,
    },
  ];
}

function databases(arn: ArnOf, account: string, region: string, regions: readonly string[]): Statement[] {
  const snapshots = regions.map((one) => arn(`rds:${one}:${account}:snapshot:awsbackup:*`));
  const database = arn(`rds:${region}:${account}:db:*`);
  return [
    anywhereIn('SeeDatabases', ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'], regions),
    {
      Sid: 'SnapshotDatabases',
      Effect: 'Allow',
      Action: ['rds:CreateDBSnapshot', 'rds:ListTagsForResource'],
      Resource: [database, ...snapshots],
    },
    {
      Sid: 'KeepSnapshots',
      Effect: 'Allow',
      Action: [
        'rds:AddTagsToResource',
        'rds:CopyDBSnapshot',
        'rds:DeleteDBSnapshot',
        'rds:ModifyDBSnapshotAttribute',
      ],
      Resource: snapshots,
    },
  ];
}

function instants(arn: ArnOf, account: string, region: string): Statement[] {
  return [
    {
      Sid: 'SetRetention',
      Effect: 'Allow',
      Action: ['rds:ModifyDBInstance'],
      Resource: [arn(`rds:${region}:${account}:db:*`)],
    },
    {
      Sid: 'ExpireAutomatedBackups',
      Effect: 'Allow',
      Action: ['rds:DeleteDBInstanceAutomatedBackup'],
      Resource: [arn(`rds:${region}:${account}:auto-backup:*`)],
    },
  ];
}

export interface RestoreRoleProps
  extends Pick<BackupRoleProps, 'types' | 'region' | 'account' | 'kmsKeyArns'> {}

/**
 * What AWS Backup needs to restore these kinds of resources beside the live ones, from Amazon's own
 * AWSBackupServiceRolePolicyForRestores. It deletes nothing: what a restore test made is removed by the service's own role.
 */
export function restoreRolePolicy({
  account,
  kmsKeyArns = [],
  region,
  types,
}: RestoreRoleProps): PolicyDocument {
  const arn = (rest: string): string => `arn:${partitionOf(region)}:${rest}`;
  return policyDocument(
    types.includes('EBS')
      ? [
          anywhereIn(
            'SeeVolumes',
            ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots', 'ec2:DescribeSnapshotTierStatus'],
            [region],
          ),
          {
            Sid: 'RestoreVolumes',
            Effect: 'Allow',
            Action: ['ec2:CreateVolume'],
            Resource: [arn(`ec2:${region}:${account}:volume/*`), arn(`ec2:${region}::snapshot/*`)],
          },
          {
            Sid: 'TagNewVolumes',
            Effect: 'Allow',
            Action: ['ec2:CreateTags'],
            Resource: [arn(`ec2:${region}:${account}:volume/*`)],
            Condition: { StringEquals: { 'ec2:CreateAction': ['CreateVolume'] } },
          },
        ]
      : undefined,
    types.includes('RDS') ? restoredDatabases(arn, account, region) : undefined,
    types.includes('EFS')
      ? [
          // What does not exist yet has no name.
          anywhereIn('MakeFileSystems', ['elasticfilesystem:CreateFileSystem'], [region]),
          {
            Sid: 'RestoreFileSystems',
            Effect: 'Allow',
            Action: [
              'elasticfilesystem:Restore',
              'elasticfilesystem:DescribeFileSystems',
              'elasticfilesystem:TagResource',
            ],
            Resource: [arn(`elasticfilesystem:${region}:${account}:file-system/*`)],
          },
        ]
      : undefined,
    copyingKeys(kmsKeyArns),
  );
}

function restoredDatabases(arn: ArnOf, account: string, region: string): Statement[] {
  return [
    anywhereIn(
      'SeeDatabases',
      ['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots', 'rds:ListTagsForResource'],
      [region],
    ),
    // Where the restored instance could be placed.
    anywhereIn(
      'SeeNetworks',
      [
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ],
      [region],
    ),
    {
      Sid: 'RestoreDatabases',
      Effect: 'Allow',
      Action: [
        'rds:RestoreDBInstanceFromDBSnapshot',
        'rds:RestoreDBInstanceToPointInTime',
        'rds:AddTagsToResource',
      ],
      // The instance, and what it is made with: snapshot, subnet group, parameter and option groups.
      Resource: [arn(`rds:${region}:${account}:*`)],
    },
  ];
}

/** Actions that know no resources, only where they are asked for: describing above all. */
function anywhereIn(Sid: string, Action: readonly string[], regions: readonly string[]): Statement {
  return {
    Sid,
    Effect: 'Allow',
    Action,
    Resource: ['*'],
    Condition: { StringEquals: { 'aws:RequestedRegion': [...regions] } },
  };
}
