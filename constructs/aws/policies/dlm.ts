import { partitionOf } from './arn';
import { type PolicyDocument, policyDocument, type Statement } from './document';
import { copyingKeys } from './key-use';

export interface SnapshotPolicyRoleProps {
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** Tags of the volumes; one is enough. */
  readonly targetTags: Readonly<Record<string, string>>;
  /** Tag that each snapshot gets, and each copy with it: by it the role knows what it may delete. */
  readonly mark: { readonly key: string; readonly value: string };
  /** Regions of copies. @default none */
  readonly copyTo?: readonly string[];
  /** Keys of volumes and copies, if they are not Amazon's own. @default none */
  readonly kmsKeyArns?: readonly string[];
  /** Whether snapshots are made ready for fast restores. @default false */
  readonly fastRestore?: boolean;
}

/**
 * What Data Lifecycle Manager needs for one policy: the parts of AWSDataLifecycleManagerServiceRole (version 8) that it
 * uses, on the volumes and snapshots that are its own.
 */
export function snapshotPolicyRolePolicy(props: SnapshotPolicyRoleProps): PolicyDocument {
  const { account, copyTo = [], mark, region } = props;
  const regions = [...new Set([region, ...copyTo])];
  const ec2 = `arn:${partitionOf(region)}:ec2`;
  const snapshots = regions.map((one) => `${ec2}:${one}::snapshot/*`);
  const allow = (Sid: string, Action: readonly string[], Resource: readonly string[]): Statement => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
  });
  const marked = { StringEquals: { [`aws:ResourceTag/${mark.key}`]: [mark.value] } };
  return policyDocument(
    {
      ...allow('See', ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots', 'ec2:DescribeInstances'], ['*']),
      Condition: { StringEquals: { 'aws:RequestedRegion': regions } },
    },
    // Volumes with any of the tags: a statement for each.
    Object.entries(props.targetTags).map(([key, value], at) => ({
      ...allow(`SnapshotVolumes${at + 1}`, ['ec2:CreateSnapshot'], [`${ec2}:${region}:${account}:volume/*`]),
      Condition: { StringEquals: { [`aws:ResourceTag/${key}`]: [value] } },
    })),
    allow('MakeSnapshots', ['ec2:CreateSnapshot'], [`${ec2}:${region}::snapshot/*`]),
    allow('MarkSnapshots', ['ec2:CreateTags'], snapshots),
    { ...allow('ExpireSnapshots', ['ec2:DeleteSnapshot'], snapshots), Condition: marked },
    copyTo.length === 0 ? undefined : allow('CopySnapshots', ['ec2:CopySnapshot'], snapshots),
    props.fastRestore === true
      ? [
          {
            ...allow('SeeFastRestores', ['ec2:DescribeFastSnapshotRestores'], ['*']),
            Condition: { StringEquals: { 'aws:RequestedRegion': [region] } },
          },
          {
            ...allow(
              'FastRestores',
              ['ec2:EnableFastSnapshotRestores', 'ec2:DisableFastSnapshotRestores'],
              [`${ec2}:${region}::snapshot/*`],
            ),
            Condition: marked,
          },
        ]
      : undefined,
    copyingKeys(props.kmsKeyArns ?? []),
  );
}
