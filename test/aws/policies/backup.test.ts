import { backupRolePolicy, backupVaultPolicy, restoreRolePolicy } from '../../../constructs/aws/policies';
import { ACCOUNT, describePolicy, describeRows, type Policies, REGION, type Row } from './evaluate';

const AWAY = 'eu-central-1';
const ADMINISTRATOR = `arn:aws:iam::${ACCOUNT}:role/vault-administrator`;
const OTHER = '444455556666';
const request =
  (resource: string) =>
  (what: string, expect: Row['expect'], action: string, more: Partial<Row> = {}): Row => ({
    what,
    expect,
    action,
    resource,
    ...more,
  });

const everything: NonNullable<Policies['identity']> = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['backup:*'], Resource: ['*'] }],
};
const vaultArn = (name: string, region = REGION, account = ACCOUNT) =>
  `arn:aws:backup:${region}:${account}:backup-vault:${name}`;
const vault = request(vaultArn('nightly'));
const recoveryPoint = request(`arn:aws:backup:${REGION}:${ACCOUNT}:recovery-point:1`);
const admin = { principal: ADMINISTRATOR };

describePolicy(
  'a backup vault, before an identity that may do anything',
  'resource',
  {
    identity: everything,
    resource: backupVaultPolicy({ administrators: [ADMINISTRATOR], copiesFrom: [OTHER] }),
  },
  [
    ...(
      [
        [recoveryPoint, 'backup:DeleteRecoveryPoint'],
        [recoveryPoint, 'backup:DisassociateRecoveryPoint'],
        [recoveryPoint, 'backup:UpdateRecoveryPointLifecycle'],
        [vault, 'backup:PutBackupVaultAccessPolicy'],
        [vault, 'backup:DeleteBackupVaultAccessPolicy'],
        [vault, 'backup:PutBackupVaultLockConfiguration'],
        [vault, 'backup:DeleteBackupVaultLockConfiguration'],
      ] as const
    ).flatMap(([on, action]) => [
      on(`${action} by the environment`, 'denied', action),
      on(`${action} by an administrator`, 'allowed', action, admin),
    ]),
    vault('deletes the vault', 'denied', 'backup:DeleteBackupVault'),
    vault('deletes the vault, as administrator', 'denied', 'backup:DeleteBackupVault', admin),
    vault('backs up', 'allowed', 'backup:StartBackupJob'),
    vault('copies into it from the other account', 'allowed', 'backup:CopyIntoBackupVault', {
      principal: `arn:aws:iam::${OTHER}:role/backup`,
      owner: ACCOUNT,
    }),
    vault('copies into it from a third account', 'denied', 'backup:CopyIntoBackupVault', {
      principal: 'arn:aws:iam::777788889999:role/backup',
      owner: ACCOUNT,
    }),
    vault('starts jobs from the other account', 'denied', 'backup:StartBackupJob', {
      principal: `arn:aws:iam::${OTHER}:role/backup`,
      owner: ACCOUNT,
    }),
  ],
);

const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/k`;
const key = request(KEY);
const elsewhere = { context: { 'aws:RequestedRegion': 'us-east-1' } };
const away = { context: { 'aws:RequestedRegion': AWAY } };
const made = { context: { 'aws:ResourceTag/aws:backup:source-resource': 'volume/vol-1' } };
const any = request('*');
const seen = (action: string, ...regions: readonly Partial<Row>[]) => [
  any(action, 'allowed', action),
  ...regions.map((region) => any(`${action} in the region of the copies`, 'allowed', action, region)),
  any(`${action} in any region`, 'denied', action, elsewhere),
];

const KEYS: Row[] = [
  'kms:DescribeKey',
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
].map((action) => key(action, 'allowed', action));
const GRANTS: Row[] = [
  key('lends the key to a service', 'allowed', 'kms:CreateGrant', {
    context: { 'kms:GrantIsForAWSResource': 'true' },
  }),
  key('lends the key to anybody', 'denied', 'kms:CreateGrant'),
  key('ends the key', 'denied', 'kms:ScheduleKeyDeletion'),
  request(`arn:aws:kms:${REGION}:${ACCOUNT}:key/other`)('uses another key', 'denied', 'kms:Decrypt'),
];

const automated = request(`arn:aws:rds:${REGION}:${ACCOUNT}:auto-backup:ab-1`);
const database = request(`arn:aws:rds:${REGION}:${ACCOUNT}:db:orders`);
const snapshot = (region: string, name = 'awsbackup:job-1') =>
  request(`arn:aws:rds:${region}:${ACCOUNT}:snapshot:${name}`);
const ebsSnapshot = (region: string) => request(`arn:aws:ec2:${region}::snapshot/snap-1`);
const volume = request(`arn:aws:ec2:${REGION}:${ACCOUNT}:volume/vol-1`);
const fileSystem = request(`arn:aws:elasticfilesystem:${REGION}:${ACCOUNT}:file-system/fs-1`);

describePolicy(
  'the role of backups, with copies in a second region and account',
  'identity',
  {
    identity: backupRolePolicy({
      types: ['EBS', 'RDS', 'EFS'],
      region: REGION,
      account: ACCOUNT,
      copyTo: [{ arn: vaultArn('copies', AWAY, OTHER), region: AWAY }],
      kmsKeyArns: [KEY],
    }),
  },
  [
    ...seen('tag:GetResources', away),
    request(vaultArn('copies', AWAY, OTHER))(
      'copies into the vault',
      'allowed',
      'backup:CopyIntoBackupVault',
      away,
    ),
    request(vaultArn('copies', AWAY, OTHER))(
      'looks at the vault',
      'allowed',
      'backup:DescribeBackupVault',
      away,
    ),
    request(vaultArn('copies', 'us-east-1', OTHER))(
      'copies into a wrong region',
      'denied',
      'backup:CopyIntoBackupVault',
      elsewhere,
    ),
    request(vaultArn('copies', AWAY, '777788889999'))(
      'copies into a wrong account',
      'denied',
      'backup:CopyIntoBackupVault',
      away,
    ),
    recoveryPoint('copies from the vault', 'allowed', 'backup:CopyFromBackupVault'),
    recoveryPoint('copies from elsewhere', 'denied', 'backup:CopyFromBackupVault', elsewhere),
    recoveryPoint('deletes a recovery point', 'denied', 'backup:DeleteRecoveryPoint'),
    ...[
      'ec2:DescribeVolumes',
      'ec2:DescribeSnapshots',
      'ec2:DescribeTags',
      'ec2:DescribeSnapshotTierStatus',
    ].flatMap((action) => seen(action, away)),
    volume('takes a snapshot of a volume', 'allowed', 'ec2:CreateSnapshot'),
    ebsSnapshot(REGION)('makes a snapshot', 'allowed', 'ec2:CreateSnapshot'),
    ...[REGION, AWAY].flatMap((region) => [
      ebsSnapshot(region)(`copies a snapshot to ${region}`, 'allowed', 'ec2:CopySnapshot'),
      ebsSnapshot(region)(`tags a snapshot in ${region}`, 'allowed', 'ec2:CreateTags'),
      ebsSnapshot(region)(`expires a snapshot in ${region}`, 'allowed', 'ec2:DeleteSnapshot', made),
      ebsSnapshot(region)(`shares a snapshot in ${region}`, 'allowed', 'ec2:ModifySnapshotAttribute', made),
    ]),
    ebsSnapshot('us-east-1')('copies a snapshot to a wrong region', 'denied', 'ec2:CopySnapshot'),
    ebsSnapshot(REGION)("deletes somebody's snapshot", 'denied', 'ec2:DeleteSnapshot'),
    ebsSnapshot(REGION)("shares somebody's snapshot", 'denied', 'ec2:ModifySnapshotAttribute'),
    volume('deletes a volume', 'denied', 'ec2:DeleteVolume'),
    ...['rds:DescribeDBInstances', 'rds:DescribeDBSnapshots'].flatMap((action) => seen(action, away)),
    ...['rds:CreateDBSnapshot', 'rds:ListTagsForResource'].flatMap((action) => [
      database(`${action} of a database`, 'allowed', action),
      snapshot(REGION)(`${action} as a snapshot`, 'allowed', action),
    ]),
    snapshot(AWAY)('lists tags of a copy', 'allowed', 'rds:ListTagsForResource'),
    ...[
      'rds:AddTagsToResource',
      'rds:CopyDBSnapshot',
      'rds:DeleteDBSnapshot',
      'rds:ModifyDBSnapshotAttribute',
    ].flatMap((action) => [
      snapshot(REGION)(`${action} here`, 'allowed', action),
      snapshot(AWAY)(`${action} there`, 'allowed', action),
      snapshot(REGION, 'final')(`${action} of somebody else's snapshot`, 'denied', action),
    ]),
    database('deletes a database', 'denied', 'rds:DeleteDBInstance'),
    database('changes a database', 'denied', 'rds:ModifyDBInstance'),
    automated('expires automated backups', 'denied', 'rds:DeleteDBInstanceAutomatedBackup'),
    fileSystem('backs up a file system', 'allowed', 'elasticfilesystem:Backup'),
    fileSystem('sees its tags', 'allowed', 'elasticfilesystem:DescribeTags'),
    fileSystem('deletes a file system', 'denied', 'elasticfilesystem:DeleteFileSystem'),
    ...KEYS,
    ...GRANTS,
  ],
);

describeRows(
  'the role of continuous backups',
  {
    identity: backupRolePolicy({
      types: ['RDS'],
      region: REGION,
      account: ACCOUNT,
      copyTo: [],
      continuous: true,
    }),
  },
  [
    database('sets its retention', 'allowed', 'rds:ModifyDBInstance'),
    automated('expires automated backups', 'allowed', 'rds:DeleteDBInstanceAutomatedBackup'),
    request(`arn:aws:rds:${AWAY}:${ACCOUNT}:db:orders`)('elsewhere', 'denied', 'rds:ModifyDBInstance'),
    database('deletes a database', 'denied', 'rds:DeleteDBInstance'),
    fileSystem('backs up a file system', 'denied', 'elasticfilesystem:Backup'),
  ],
);

describePolicy(
  'the role of backups of file systems alone, without copies',
  'identity',
  { identity: backupRolePolicy({ types: ['EFS'], region: REGION, account: ACCOUNT, copyTo: [] }) },
  [
    ...seen('tag:GetResources'),
    fileSystem('backs up a file system', 'allowed', 'elasticfilesystem:Backup'),
    fileSystem('sees its tags', 'allowed', 'elasticfilesystem:DescribeTags'),
    volume('takes a snapshot of a volume', 'denied', 'ec2:CreateSnapshot'),
    database('takes a snapshot of a database', 'denied', 'rds:CreateDBSnapshot'),
    request(vaultArn('copies', AWAY))('copies', 'denied', 'backup:CopyIntoBackupVault'),
    key('uses a key', 'denied', 'kms:Decrypt'),
  ],
);

describePolicy(
  'the role of restore tests',
  'identity',
  {
    identity: restoreRolePolicy({
      types: ['EBS', 'RDS', 'EFS'],
      region: REGION,
      account: ACCOUNT,
      kmsKeyArns: [KEY],
    }),
  },
  [
    ...[
      'ec2:DescribeVolumes',
      'ec2:DescribeSnapshots',
      'ec2:DescribeSnapshotTierStatus',
      'rds:DescribeDBInstances',
      'rds:DescribeDBSnapshots',
      'ec2:DescribeAccountAttributes',
      'ec2:DescribeAvailabilityZones',
      'ec2:DescribeInternetGateways',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ].flatMap((action) => seen(action)),
    database('lists tags', 'allowed', 'rds:ListTagsForResource'),
    database('lists tags elsewhere', 'denied', 'rds:ListTagsForResource', elsewhere),
    volume('makes a volume', 'allowed', 'ec2:CreateVolume'),
    ebsSnapshot(REGION)('from a snapshot', 'allowed', 'ec2:CreateVolume'),
    volume('tags a new volume', 'allowed', 'ec2:CreateTags', {
      context: { 'ec2:CreateAction': 'CreateVolume' },
    }),
    volume('tags an old volume', 'denied', 'ec2:CreateTags'),
    volume('deletes a volume', 'denied', 'ec2:DeleteVolume'),
    snapshot(REGION)('restores a database from a snapshot', 'allowed', 'rds:RestoreDBInstanceFromDBSnapshot'),
    database('restores a database to an instant', 'allowed', 'rds:RestoreDBInstanceToPointInTime'),
    database('tags what it restored', 'allowed', 'rds:AddTagsToResource'),
    request(`arn:aws:rds:us-east-1:${ACCOUNT}:db:orders`)(
      'restores elsewhere',
      'denied',
      'rds:RestoreDBInstanceToPointInTime',
    ),
    database('deletes a database', 'denied', 'rds:DeleteDBInstance'),
    ...[
      'elasticfilesystem:Restore',
      'elasticfilesystem:DescribeFileSystems',
      'elasticfilesystem:TagResource',
    ].map((action) => fileSystem(action, 'allowed', action)),
    any('makes a file system', 'allowed', 'elasticfilesystem:CreateFileSystem'),
    any('makes one elsewhere', 'denied', 'elasticfilesystem:CreateFileSystem', elsewhere),
    fileSystem('deletes a file system', 'denied', 'elasticfilesystem:DeleteFileSystem'),
    ...KEYS,
    ...GRANTS,
  ],
);
