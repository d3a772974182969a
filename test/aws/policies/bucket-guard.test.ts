import { bucketGuardPolicy, bucketWriterPolicy, type PolicyDocument } from '../../../constructs/aws/policies';
import { ACCOUNT, decide, describePolicy, describeRows, type Row } from './evaluate';

const bucketArn = 'arn:aws:s3:::acme-vault';
const kmsKeyArn = `arn:aws:kms:eu-west-3:${ACCOUNT}:key/k1`;
const ADMINISTRATOR = `arn:aws:iam::${ACCOUNT}:role/vault-administrator`;
const REPLICATION = 'arn:aws:iam::444455556666:role/acme-data-replication';

/** An identity that may do anything: what is denied is denied by the bucket. */
const everything: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['s3:*'], Resource: ['*'] }],
};

const on =
  (resource: string) =>
  (what: string, expect: Row['expect'], action: string, more: Partial<Row> = {}): Row => ({
    what,
    expect,
    action,
    resource,
    ...more,
  });
const object = on(`${bucketArn}/production/orders/a`);
const bucket = on(bucketArn);
const plain = { context: { 'aws:SecureTransport': 'false' } };
const asAdministrator = { principal: ADMINISTRATOR };
const breakingTheGlass = { principal: `arn:aws:iam::${ACCOUNT}:role/break-glass-7` };
const SETTINGS = [
  's3:PutBucketPolicy',
  's3:DeleteBucketPolicy',
  's3:PutLifecycleConfiguration',
  's3:PutBucketVersioning',
  's3:PutBucketObjectLockConfiguration',
  's3:PutReplicationConfiguration',
  's3:PutEncryptionConfiguration',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketOwnershipControls',
  's3:PutBucketAcl',
];

describePolicy(
  'a guarded bucket, before an identity that may do anything',
  'resource',
  {
    identity: everything,
    resource: bucketGuardPolicy({
      bucketArn,
      administrators: [ADMINISTRATOR, `arn:aws:iam::${ACCOUNT}:role/break-glass-*`],
      kmsKeyArn,
    }),
  },
  [
    object('writes', 'allowed', 's3:PutObject'),
    object('reads', 'allowed', 's3:GetObject'),
    object('deletes, leaving the version', 'allowed', 's3:DeleteObject'),
    object('reads without TLS', 'denied', 's3:GetObject', plain),
    bucket('lists without TLS', 'denied', 's3:ListBucket', plain),
    bucket('lists', 'allowed', 's3:ListBucket'),
    object('destroys a version', 'denied', 's3:DeleteObjectVersion'),
    object('destroys a version, as administrator', 'allowed', 's3:DeleteObjectVersion', asAdministrator),
    bucket('deletes the bucket', 'denied', 's3:DeleteBucket'),
    bucket('deletes the bucket, as administrator', 'denied', 's3:DeleteBucket', asAdministrator),
    ...SETTINGS.flatMap((action) => [
      bucket(`${action} by the environment`, 'denied', action),
      bucket(`${action} by an administrator`, 'allowed', action, asAdministrator),
      bucket(`${action} by an administrator without TLS`, 'denied', action, {
        ...asAdministrator,
        ...plain,
      }),
    ]),
    bucket('opens the policy again, breaking the glass', 'allowed', 's3:PutBucketPolicy', breakingTheGlass),
    object('destroys a version, breaking the glass', 'allowed', 's3:DeleteObjectVersion', breakingTheGlass),
    object('lifts a lock, breaking the glass', 'allowed', 's3:BypassGovernanceRetention', breakingTheGlass),
    bucket('is a role of a like name elsewhere', 'denied', 's3:PutBucketPolicy', {
      principal: 'arn:aws:iam::777788889999:role/break-glass-7',
      owner: ACCOUNT,
    }),
    object('lifts a lock', 'denied', 's3:BypassGovernanceRetention'),
    object('lifts a legal hold', 'denied', 's3:PutObjectLegalHold'),
    object('lifts a lock, as administrator', 'allowed', 's3:BypassGovernanceRetention', asAdministrator),
    object('lifts a legal hold, as administrator', 'allowed', 's3:PutObjectLegalHold', asAdministrator),
    object('writes with the right key', 'allowed', 's3:PutObject', {
      context: {
        's3:x-amz-server-side-encryption': 'aws:kms',
        's3:x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn,
      },
    }),
    object('writes without KMS', 'denied', 's3:PutObject', {
      context: { 's3:x-amz-server-side-encryption': 'AES256' },
    }),
    object('writes with a key of another account', 'denied', 's3:PutObject', {
      context: {
        's3:x-amz-server-side-encryption': 'aws:kms',
        's3:x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-3:999999999999:key/ransom',
      },
    }),
    object('writes with a key of its own', 'denied', 's3:PutObject', {
      context: { 's3:x-amz-server-side-encryption-customer-algorithm': 'AES256' },
    }),
  ],
);

describe('without identity policies, as for another account', () => {
  const resource = bucketGuardPolicy({ bucketArn, replicasFrom: [REPLICATION] });
  const foreign = { principal: REPLICATION, owner: ACCOUNT };
  describePolicy('a destination of replicas', 'resource', { identity: everything, resource }, [
    object('replicates an object', 'allowed', 's3:ReplicateObject', foreign),
    object('replicates a deletion', 'allowed', 's3:ReplicateDelete', foreign),
    object('replicates tags', 'allowed', 's3:ReplicateTags', foreign),
    bucket('sees that it is versioned', 'allowed', 's3:GetBucketVersioning', foreign),
    object('replicates without TLS', 'denied', 's3:ReplicateObject', { ...foreign, ...plain }),
    bucket('lists without TLS', 'denied', 's3:ListBucket', plain),
    object('reads what it has replicated', 'denied', 's3:GetObject', foreign),
    object('destroys a version', 'denied', 's3:DeleteObjectVersion'),
    bucket('deletes the bucket', 'denied', 's3:DeleteBucket'),
    object('is another role of that account', 'denied', 's3:ReplicateObject', {
      principal: 'arn:aws:iam::444455556666:role/other',
      owner: ACCOUNT,
    }),
  ]);
});

describeRows(
  "the environment's writer together with the bucket's policy",
  {
    identity: bucketWriterPolicy({ bucketArn, prefix: 'production', kmsKeyArn }),
    resource: bucketGuardPolicy({ bucketArn, administrators: [ADMINISTRATOR], kmsKeyArn }),
  },
  [
    object('writes', 'allowed', 's3:PutObject'),
    object('reads', 'allowed', 's3:GetObject'),
    object('expires', 'allowed', 's3:DeleteObject'),
    object('writes without TLS', 'denied', 's3:PutObject', plain),
    bucket('finds the bucket without TLS', 'denied', 's3:GetBucketLocation', plain),
    object('destroys a version', 'denied', 's3:DeleteObjectVersion'),
    bucket('deletes the bucket', 'denied', 's3:DeleteBucket'),
    bucket('lets everything expire', 'denied', 's3:PutLifecycleConfiguration'),
    bucket('ends versioning', 'denied', 's3:PutBucketVersioning'),
    bucket('opens the policy', 'denied', 's3:PutBucketPolicy'),
    bucket('removes the policy', 'denied', 's3:DeleteBucketPolicy'),
    object('writes with a key of its own', 'denied', 's3:PutObject', {
      context: { 's3:x-amz-server-side-encryption-customer-algorithm': 'AES256' },
    }),
    on(`${bucketArn}/staging/a`)('writes for another environment', 'denied', 's3:PutObject'),
    on('arn:aws:s3:::acme-other/production/a')('writes into another bucket', 'denied', 's3:PutObject'),
  ],
);

test('no algorithm but the default of S3 is taken where the bucket has no key', async () => {
  const resource = bucketGuardPolicy({ bucketArn, administrators: [ADMINISTRATOR] });
  const written = (algorithm: string) =>
    decide(
      object('writes', 'allowed', 's3:PutObject', {
        context: { 's3:x-amz-server-side-encryption': algorithm },
      }),
      { identity: everything, resource },
    );
  expect(await written('AES256')).toBe('Allowed');
  expect(await written('aws:kms')).toBe('ExplicitlyDenied');
});

test('an administrator by a pattern', async () => {
  const resource = bucketGuardPolicy({
    bucketArn,
    administrators: [`arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*`],
  });
  const principal = `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123`;
  const row = bucket('changes the policy', 'allowed', 's3:PutBucketPolicy', { principal });
  expect(await decide(row, { identity: everything, resource })).toBe('Allowed');
});
