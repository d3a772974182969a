import { snapshotPolicyRolePolicy } from '../../../constructs/aws/policies';
import { ACCOUNT, describePolicy, REGION, type Row } from './evaluate';

const AWAY = 'eu-central-1';
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/k`;
const request =
  (resource: string) =>
  (what: string, expect: Row['expect'], action: string, context: Row['context'] = {}): Row => ({
    what,
    expect,
    action,
    resource,
    context,
  });
const any = request('*');
const volume = request(`arn:aws:ec2:${REGION}:${ACCOUNT}:volume/vol-1`);
const snapshot = (region = REGION) => request(`arn:aws:ec2:${region}::snapshot/snap-1`);
const key = request(KEY);
const marked = { 'aws:ResourceTag/disaster-recovery-policy': 'nightly' };
const of = { region: REGION, account: ACCOUNT, mark: { key: 'disaster-recovery-policy', value: 'nightly' } };

const always: Row[] = [
  ...['ec2:DescribeVolumes', 'ec2:DescribeSnapshots', 'ec2:DescribeInstances'].flatMap((action) => [
    any(action, 'allowed', action),
    any(`${action} elsewhere`, 'denied', action, { 'aws:RequestedRegion': 'us-east-1' }),
  ]),
  volume('a volume of the cluster', 'allowed', 'ec2:CreateSnapshot', {
    'aws:ResourceTag/ebs.csi.aws.com/cluster': 'true',
  }),
  volume('a volume of somebody else', 'denied', 'ec2:CreateSnapshot'),
  snapshot()('makes a snapshot', 'allowed', 'ec2:CreateSnapshot'),
  snapshot()('marks it', 'allowed', 'ec2:CreateTags'),
  snapshot()('expires its own', 'allowed', 'ec2:DeleteSnapshot', marked),
  snapshot()('deletes that of another policy', 'denied', 'ec2:DeleteSnapshot', {
    'aws:ResourceTag/disaster-recovery-policy': 'weekly',
  }),
  snapshot()("deletes somebody's", 'denied', 'ec2:DeleteSnapshot'),
  volume('deletes a volume', 'denied', 'ec2:DeleteVolume'),
];

describePolicy(
  'the role of snapshots without copies',
  'identity',
  { identity: snapshotPolicyRolePolicy({ ...of, targetTags: { 'ebs.csi.aws.com/cluster': 'true' } }) },
  [
    ...always,
    snapshot()('copies', 'denied', 'ec2:CopySnapshot'),
    snapshot()('makes it fast', 'denied', 'ec2:EnableFastSnapshotRestores', marked),
    key('uses a key', 'denied', 'kms:Decrypt'),
  ],
);

describePolicy(
  'the role of snapshots with copies, keys and fast restores',
  'identity',
  {
    identity: snapshotPolicyRolePolicy({
      ...of,
      targetTags: { 'ebs.csi.aws.com/cluster': 'true', backup: 'yes' },
      copyTo: [AWAY],
      kmsKeyArns: [KEY],
      fastRestore: true,
    }),
  },
  [
    ...always,
    volume('a volume with the other tag', 'allowed', 'ec2:CreateSnapshot', {
      'aws:ResourceTag/backup': 'yes',
    }),
    any('sees copies', 'allowed', 'ec2:DescribeSnapshots', { 'aws:RequestedRegion': AWAY }),
    ...[REGION, AWAY].map((region) => snapshot(region)(`copies in ${region}`, 'allowed', 'ec2:CopySnapshot')),
    snapshot('us-east-1')('copies to a wrong region', 'denied', 'ec2:CopySnapshot'),
    snapshot(AWAY)('marks a copy', 'allowed', 'ec2:CreateTags'),
    snapshot(AWAY)('expires a copy', 'allowed', 'ec2:DeleteSnapshot', marked),
    any('sees which are fast', 'allowed', 'ec2:DescribeFastSnapshotRestores'),
    any('sees which are fast elsewhere', 'denied', 'ec2:DescribeFastSnapshotRestores', {
      'aws:RequestedRegion': AWAY,
    }),
    ...['ec2:EnableFastSnapshotRestores', 'ec2:DisableFastSnapshotRestores'].flatMap((action) => [
      snapshot()(action, 'allowed', action, marked),
      snapshot()(`${action} of somebody's`, 'denied', action),
    ]),
    ...[
      'kms:DescribeKey',
      'kms:Decrypt',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ].map((action) => key(action, 'allowed', action)),
    key('lends the key to a service', 'allowed', 'kms:CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }),
    key('lends the key to anybody', 'denied', 'kms:CreateGrant'),
    request(`arn:aws:kms:${REGION}:${ACCOUNT}:key/other`)('uses another key', 'denied', 'kms:Decrypt'),
  ],
);
