import { partitionOf } from './arn';
import { type BucketArea, keyUse, listing, objectsOf, prefixOf } from './bucket-area';
import { type PolicyDocument, policyDocument, type Statement } from './document';

export interface VeleroVolumeSnapshots {
  /** Where the cluster's volumes are. */
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /**
   * Tag by which the cluster's volumes are told from others.
   * @default ebs.csi.aws.com/cluster=true, which the EBS driver gives to every volume: those of other clusters in this
   * region and account as well, where there are any
   */
  readonly volumeTag?: { readonly key: string; readonly value: string };
}

export interface VeleroPolicyProps extends BucketArea {
  /**
   * `restore` is for a cluster that shall write no backup and delete none: it reads, and writes logs and results of
   * restores, without which each would be partially failed.
   * @default 'backup'
   */
  readonly access?: 'backup' | 'restore';
  /**
   * Snapshots of EBS volumes by Velero's own plugin.
   * @default - none: no permission on volumes at all. CSI snapshots and file-system backups need none either
   */
  readonly volumeSnapshots?: VeleroVolumeSnapshots;
}

/** Velero gives this tag to each snapshot it makes, in the request that makes it (velero-plugin-for-aws, `CreateSnapshot`). */
const BACKUP_TAG = 'velero.io/backup';

/** What Velero does to its part of a bucket, and to volumes only where they are switched on. */
export function veleroPolicy(props: VeleroPolicyProps): PolicyDocument {
  const restores = props.access === 'restore';
  const multipart = ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
  return policyDocument(
    listing(props, 'List', ['s3:ListBucket']),
    restores
      ? [
          { Sid: 'Read', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [objectsOf(props)] },
          {
            Sid: 'WriteResultsOfRestores',
            Effect: 'Allow',
            Action: ['s3:PutObject'],
            Resource: [`${props.bucketArn}/${prefixOf(props)}restores/*`],
          },
        ]
      : {
          Sid: 'ReadAndWrite',
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', ...multipart],
          Resource: [objectsOf(props)],
        },
    keyUse(props, 'UseKey', ['kms:Decrypt', 'kms:GenerateDataKey']),
    props.volumeSnapshots === undefined ? undefined : volumes(props.volumeSnapshots, restores),
  );
}

function volumes(
  { account, region, volumeTag = { key: 'ebs.csi.aws.com/cluster', value: 'true' } }: VeleroVolumeSnapshots,
  restores: boolean,
): Statement[] {
  const ec2 = `arn:${partitionOf(region)}:ec2:${region}`;
  const volume = `${ec2}:${account}:volume/*`;
  // A snapshot's ARN names no account.
  const snapshot = `${ec2}::snapshot/*`;
  const bornAsBackup = { Null: { [`aws:RequestTag/${BACKUP_TAG}`]: 'false' } };
  const isBackup = { Null: { [`aws:ResourceTag/${BACKUP_TAG}`]: 'false' } };
  const allow = (Sid: string, Action: readonly string[], Resource: readonly string[]): Statement => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
  });
  return [
    {
      // Describing knows no resources.
      ...allow('SeeVolumes', ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots'], ['*']),
      Condition: { StringEquals: { 'aws:RequestedRegion': [region] } },
    },
    // The new volume has the snapshot's tags, so it shows of which backup it is.
    { ...allow('RestoreVolumes', ['ec2:CreateVolume'], [volume]), Condition: bornAsBackup },
    { ...allow('RestoreFromSnapshots', ['ec2:CreateVolume'], [snapshot]), Condition: isBackup },
    {
      ...allow('TagWhatIsMade', ['ec2:CreateTags'], [volume, snapshot]),
      Condition: {
        StringEquals: {
          'ec2:CreateAction': restores ? ['CreateVolume'] : ['CreateVolume', 'CreateSnapshot'],
        },
      },
    },
    ...(restores
      ? []
      : [
          {
            ...allow('SnapshotVolumes', ['ec2:CreateSnapshot'], [volume]),
            Condition: { StringEquals: { [`aws:ResourceTag/${volumeTag.key}`]: [volumeTag.value] } },
          },
          { ...allow('MakeSnapshots', ['ec2:CreateSnapshot'], [snapshot]), Condition: bornAsBackup },
          { ...allow('ExpireSnapshots', ['ec2:DeleteSnapshot'], [snapshot]), Condition: isBackup },
        ]),
  ];
}
