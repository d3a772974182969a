import {
  bucketMirrorPolicy,
  bucketReplicationPolicy,
  serviceAccountTrust,
  serviceTrust,
  veleroPolicy,
} from '../../../constructs/aws/policies';
import { ACCOUNT, describePolicy, REGION, type Row } from './evaluate';

const request =
  (resource: string) =>
  (what: string, expect: Row['expect'], action: string, context?: Row['context']): Row => ({
    what,
    expect,
    action,
    resource,
    ...(context === undefined ? {} : { context }),
  });

const data = 'arn:aws:s3:::acme-data';
const copy = 'arn:aws:s3:::acme-copy';
const keyOf = (region: string) => `arn:aws:kms:${region}:${ACCOUNT}:key/k`;
const viaS3 = (region: string, arn: string) => ({
  'kms:ViaService': `s3.${region}.amazonaws.com`,
  'kms:EncryptionContext:aws:s3:arn': arn,
});
const AWAY = 'eu-central-1';

/** What is denied with a key whatever it is used for: by itself, elsewhere, on another bucket. */
function keyRows(region: string, bucket: string, action: string): Row[] {
  const key = request(keyOf(region));
  return [
    key(`${action} by S3 for the bucket in ${region}`, 'allowed', action, viaS3(region, bucket)),
    key(`${action} by S3 for an object in ${region}`, 'allowed', action, viaS3(region, `${bucket}/a`)),
    key(`${action} by itself in ${region}`, 'denied', action, {
      'kms:EncryptionContext:aws:s3:arn': bucket,
    }),
    key(
      `${action} by S3 for another bucket in ${region}`,
      'denied',
      action,
      viaS3(region, 'arn:aws:s3:::other'),
    ),
  ];
}

describePolicy(
  'a mirror',
  'identity',
  {
    identity: bucketMirrorPolicy({
      from: { bucketArn: data, prefix: 'uploads', kmsKeyArn: keyOf(REGION) },
      to: { bucketArn: copy, prefix: 'production/mirrors/uploads', kmsKeyArn: keyOf(AWAY) },
    }),
  },
  [
    request(data)('finds the source', 'allowed', 's3:GetBucketLocation'),
    request(copy)('finds the copy', 'allowed', 's3:GetBucketLocation'),
    request(data)('lists the source', 'allowed', 's3:ListBucket', { 's3:prefix': 'uploads/a/' }),
    request(data)('lists the rest of the source', 'denied', 's3:ListBucket', { 's3:prefix': 'private/' }),
    request(`${data}/uploads/a`)('reads the source', 'allowed', 's3:GetObject'),
    request(`${data}/private/a`)('reads the rest of the source', 'denied', 's3:GetObject'),
    request(`${data}/uploads/a`)('writes into the source', 'denied', 's3:PutObject'),
    request(`${data}/uploads/a`)('deletes from the source', 'denied', 's3:DeleteObject'),
    request(copy)('lists the copy', 'allowed', 's3:ListBucket', {
      's3:prefix': 'production/mirrors/uploads/',
    }),
    request(copy)('lists the vault', 'denied', 's3:ListBucket', { 's3:prefix': 'production/orders/' }),
    ...['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'].map((action) =>
      request(`${copy}/production/mirrors/uploads/a`)(`${action} in the copy`, 'allowed', action),
    ),
    request(`${copy}/production/mirrors/uploads/a`)('lists parts', 'allowed', 's3:ListMultipartUploadParts'),
    request(`${copy}/production/mirrors/uploads/a`)('destroys a version', 'denied', 's3:DeleteObjectVersion'),
    request(`${copy}/production/orders/a`)('writes into a repository', 'denied', 's3:PutObject'),
    ...keyRows(REGION, data, 'kms:Decrypt'),
    ...keyRows(AWAY, copy, 'kms:Decrypt'),
    ...keyRows(AWAY, copy, 'kms:GenerateDataKey'),
    request(keyOf(REGION))(
      'encrypts with the key of the source',
      'denied',
      'kms:GenerateDataKey',
      viaS3(REGION, data),
    ),
  ],
);

describePolicy(
  'replication',
  'identity',
  {
    identity: bucketReplicationPolicy({
      from: { bucketArn: data, kmsKeyArn: keyOf(REGION) },
      to: { bucketArn: copy, kmsKeyArn: keyOf(AWAY) },
    }),
  },
  [
    request(data)('reads what to replicate', 'allowed', 's3:GetReplicationConfiguration'),
    request(data)('lists the source', 'allowed', 's3:ListBucket'),
    request(copy)('lists the copy', 'denied', 's3:ListBucket'),
    ...[
      's3:GetObjectVersionForReplication',
      's3:GetObjectVersionAcl',
      's3:GetObjectVersionTagging',
      's3:GetObjectRetention',
      's3:GetObjectLegalHold',
    ].map((action) => request(`${data}/a`)(`${action} at the source`, 'allowed', action)),
    ...['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'].flatMap((action) => [
      request(`${copy}/a`)(`${action} into the copy`, 'allowed', action),
      request(`${data}/a`)(`${action} into the source`, 'denied', action),
      request('arn:aws:s3:::acme-elsewhere/a')(`${action} into a third bucket`, 'denied', action),
    ]),
    request(`${copy}/a`)('destroys a version of the copy', 'denied', 's3:DeleteObjectVersion'),
    request(`${data}/a`)('reads as a client', 'denied', 's3:GetObject'),
    ...keyRows(REGION, data, 'kms:Decrypt'),
    ...keyRows(AWAY, copy, 'kms:Encrypt'),
    ...keyRows(AWAY, copy, 'kms:GenerateDataKey'),
    request(keyOf(AWAY))('reads the copies', 'denied', 'kms:Decrypt', viaS3(AWAY, copy)),
  ],
);

const ec2 = `arn:aws:ec2:${REGION}`;
const volume = request(`${ec2}:${ACCOUNT}:volume/vol-1`);
const snapshot = request(`${ec2}::snapshot/snap-1`);
const anything = request('*');
const ours = { 'aws:ResourceTag/ebs.csi.aws.com/cluster': 'true' };
const asBackup = { 'aws:RequestTag/velero.io/backup': 'nightly' };
const isBackup = { 'aws:ResourceTag/velero.io/backup': 'nightly' };
const elsewhere = { 'aws:RequestedRegion': AWAY };

const veleroObjects = [
  request(data)('lists its prefix', 'allowed', 's3:ListBucket', {
    's3:prefix': 'production/velero/backups/',
  }),
  request(data)('lists the repositories', 'denied', 's3:ListBucket', { 's3:prefix': 'production/orders/' }),
  request(`${data}/production/velero/backups/a`)('reads', 'allowed', 's3:GetObject'),
  request(`${data}/production/orders/a`)('reads a repository', 'denied', 's3:GetObject'),
  request(`${data}/production/orders/a`)('deletes from a repository', 'denied', 's3:DeleteObject'),
  request(`${data}/production/velero/a`)('destroys a version', 'denied', 's3:DeleteObjectVersion'),
  request(`${data}/production/velero/restores/a`)('writes results', 'allowed', 's3:PutObject'),
];

describePolicy(
  'Velero with snapshots of volumes',
  'identity',
  {
    identity: veleroPolicy({
      bucketArn: data,
      prefix: 'production/velero',
      kmsKeyArn: keyOf(REGION),
      volumeSnapshots: { region: REGION, account: ACCOUNT },
    }),
  },
  [
    ...veleroObjects,
    ...['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'].map(
      (action) => request(`${data}/production/velero/backups/a`)(action, 'allowed', action),
    ),
    ...keyRows(REGION, data, 'kms:Decrypt'),
    ...keyRows(REGION, data, 'kms:GenerateDataKey'),
    anything('describes volumes', 'allowed', 'ec2:DescribeVolumes'),
    anything('describes snapshots', 'allowed', 'ec2:DescribeSnapshots'),
    anything('describes volumes elsewhere', 'denied', 'ec2:DescribeVolumes', elsewhere),
    volume('takes a snapshot of a volume of the cluster', 'allowed', 'ec2:CreateSnapshot', ours),
    volume('takes a snapshot of a foreign volume', 'denied', 'ec2:CreateSnapshot'),
    snapshot('makes it as one of its backups', 'allowed', 'ec2:CreateSnapshot', asBackup),
    snapshot('makes it without a mark', 'denied', 'ec2:CreateSnapshot'),
    snapshot('marks it when it is made', 'allowed', 'ec2:CreateTags', {
      'ec2:CreateAction': 'CreateSnapshot',
    }),
    snapshot('marks any snapshot as its own', 'denied', 'ec2:CreateTags', asBackup),
    snapshot('expires a backup', 'allowed', 'ec2:DeleteSnapshot', isBackup),
    snapshot("deletes somebody's snapshot", 'denied', 'ec2:DeleteSnapshot'),
    snapshot('restores from its backup', 'allowed', 'ec2:CreateVolume', isBackup),
    snapshot("restores from somebody's snapshot", 'denied', 'ec2:CreateVolume'),
    volume('makes a volume with its mark', 'allowed', 'ec2:CreateVolume', asBackup),
    volume('makes any volume', 'denied', 'ec2:CreateVolume'),
    volume('marks a new volume', 'allowed', 'ec2:CreateTags', { 'ec2:CreateAction': 'CreateVolume' }),
    volume('marks an old volume', 'denied', 'ec2:CreateTags'),
    volume('deletes a volume', 'denied', 'ec2:DeleteVolume', ours),
  ],
);

describePolicy(
  'Velero with snapshots, while it restores',
  'identity',
  {
    identity: veleroPolicy({
      bucketArn: data,
      prefix: 'production/velero',
      access: 'restore',
      volumeSnapshots: {
        region: REGION,
        account: ACCOUNT,
        volumeTag: { key: 'kubernetes.io/cluster/a', value: 'owned' },
      },
    }),
  },
  [
    ...veleroObjects,
    request(`${data}/production/velero/backups/a`)('writes a backup', 'denied', 's3:PutObject'),
    request(`${data}/production/velero/backups/a`)('deletes a backup', 'denied', 's3:DeleteObject'),
    anything('describes volumes', 'allowed', 'ec2:DescribeVolumes'),
    anything('describes snapshots', 'allowed', 'ec2:DescribeSnapshots'),
    anything('describes volumes elsewhere', 'denied', 'ec2:DescribeVolumes', elsewhere),
    snapshot('restores from its backup', 'allowed', 'ec2:CreateVolume', isBackup),
    snapshot("restores from somebody's snapshot", 'denied', 'ec2:CreateVolume'),
    volume('makes a volume with its mark', 'allowed', 'ec2:CreateVolume', asBackup),
    volume('makes any volume', 'denied', 'ec2:CreateVolume'),
    volume('marks a new volume', 'allowed', 'ec2:CreateTags', { 'ec2:CreateAction': 'CreateVolume' }),
    snapshot('marks a snapshot that it makes of it', 'allowed', 'ec2:CreateTags', {
      'ec2:CreateAction': 'CreateVolume',
    }),
    volume('marks an old volume', 'denied', 'ec2:CreateTags'),
    volume('takes a snapshot', 'denied', 'ec2:CreateSnapshot', {
      'aws:ResourceTag/kubernetes.io/cluster/a': 'owned',
    }),
    snapshot('expires a backup', 'denied', 'ec2:DeleteSnapshot', isBackup),
  ],
);

describePolicy(
  'Velero without snapshots of volumes',
  'identity',
  { identity: veleroPolicy({ bucketArn: data, prefix: 'production/velero' }) },
  [
    ...veleroObjects,
    ...['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'].map(
      (action) => request(`${data}/production/velero/backups/a`)(action, 'allowed', action),
    ),
    anything('describes volumes', 'denied', 'ec2:DescribeVolumes'),
    volume('takes a snapshot', 'denied', 'ec2:CreateSnapshot', ours),
  ],
);

const ISSUER = `oidc.eks.${REGION}.amazonaws.com/id/ABC`;
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;
const claims = (subject: string, audience = 'sts.amazonaws.com'): Row['context'] => ({
  [`${ISSUER}:sub`]: subject,
  [`${ISSUER}:aud`]: audience,
});
const assume = (
  what: string,
  expect: Row['expect'],
  context: Row['context'] = {},
  principal = PROVIDER,
): Row => ({
  what,
  expect,
  action: 'sts:AssumeRoleWithWebIdentity',
  resource: `arn:aws:iam::${ACCOUNT}:role/velero`,
  principal,
  context,
});

describePolicy(
  'the trust of a role of service accounts',
  'resource',
  {
    resource: serviceAccountTrust({
      oidcProviderArn: PROVIDER,
      serviceAccounts: [
        { namespace: 'velero', name: 'velero' },
        { namespace: 'shop', name: 'orders' },
      ],
    }),
  },
  [
    assume('is the service account', 'allowed', claims('system:serviceaccount:velero:velero')),
    assume('is the other one', 'allowed', claims('system:serviceaccount:shop:orders')),
    assume('is another one of the namespace', 'denied', claims('system:serviceaccount:velero:default')),
    assume('has a token for somebody else', 'denied', claims('system:serviceaccount:velero:velero', 'vault')),
    assume(
      'is of another cluster',
      'denied',
      claims('system:serviceaccount:velero:velero'),
      `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.eks.${REGION}.amazonaws.com/id/OTHER`,
    ),
  ],
);

test('what is no provider is refused', () =>
  expect(() =>
    serviceAccountTrust({ oidcProviderArn: 'https://oidc.example.com', serviceAccounts: [] }),
  ).toThrow(/is no ARN of an OIDC provider/));

const asService = (what: string, expect: Row['expect'], principal: string): Row => ({
  what,
  expect,
  action: 'sts:AssumeRole',
  resource: `arn:aws:iam::${ACCOUNT}:role/dlm`,
  principal,
});

describePolicy(
  'the trust of a role of a service',
  'resource',
  { resource: serviceTrust('dlm.amazonaws.com') },
  [
    asService('is the service', 'allowed', 'dlm.amazonaws.com'),
    asService('is another service', 'denied', 'backup.amazonaws.com'),
  ],
);
