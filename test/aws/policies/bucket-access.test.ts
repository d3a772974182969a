import { bucketReaderPolicy, bucketWriterPolicy } from '../../../constructs/aws/policies';
import { describePolicy, type Row } from './evaluate';

const bucketArn = 'arn:aws:s3:::acme-vault';
const kmsKeyArn = 'arn:aws:kms:eu-west-3:111122223333:key/k1';
const object = (key: string, what: string, expect: Row['expect'], action: string): Row => ({
  what,
  expect,
  action,
  resource: `${bucketArn}/${key}`,
});
const list = (
  prefix: string | undefined,
  what: string,
  expect: Row['expect'],
  action = 's3:ListBucket',
): Row => ({
  what,
  expect,
  action,
  resource: bucketArn,
  ...(prefix === undefined ? {} : { context: { 's3:prefix': prefix } }),
});
const viaS3 = {
  'kms:ViaService': 's3.eu-west-3.amazonaws.com',
  'kms:EncryptionContext:aws:s3:arn': bucketArn,
};
const key = (what: string, expect: Row['expect'], action: string, context: Row['context'] = viaS3): Row => ({
  what,
  expect,
  action,
  resource: kmsKeyArn,
  context,
});

describePolicy(
  'a writer of repositories',
  'identity',
  { identity: bucketWriterPolicy({ bucketArn, prefix: '/production/', kmsKeyArn }) },
  [
    object('production/orders/a', 'reads', 'allowed', 's3:GetObject'),
    object('production/orders/a', 'writes', 'allowed', 's3:PutObject'),
    object('production/orders/a', 'expires', 'allowed', 's3:DeleteObject'),
    object('production/orders/a', 'ends an upload', 'allowed', 's3:AbortMultipartUpload'),
    object('production/orders/a', 'lists parts', 'allowed', 's3:ListMultipartUploadParts'),
    { what: 'finds the bucket', expect: 'allowed', action: 's3:GetBucketLocation', resource: bucketArn },
    list('production/orders/', 'lists its own', 'allowed'),
    list('staging/', 'lists another environment', 'denied'),
    list('production-old/', 'lists a neighbour of a like name', 'denied'),
    list(undefined, 'asks for what is not there yet', 'allowed'),
    object('staging/orders/a', 'reads another environment', 'denied', 's3:GetObject'),
    object('staging/orders/a', 'writes for another environment', 'denied', 's3:PutObject'),
    object('production-old/a', 'writes beside its prefix', 'denied', 's3:PutObject'),
    object('production/orders/a', 'destroys a version', 'denied', 's3:DeleteObjectVersion'),
    object('production/orders/a', 'reads a version', 'denied', 's3:GetObjectVersion'),
    object('production/orders/a', 'lifts a lock', 'denied', 's3:BypassGovernanceRetention'),
    { what: 'deletes the bucket', expect: 'denied', action: 's3:DeleteBucket', resource: bucketArn },
    {
      what: 'lets objects expire',
      expect: 'denied',
      action: 's3:PutLifecycleConfiguration',
      resource: bucketArn,
    },
    { what: 'opens the bucket', expect: 'denied', action: 's3:PutBucketPolicy', resource: bucketArn },
    key('decrypts by S3', 'allowed', 'kms:Decrypt'),
    key('decrypts an object of the bucket', 'allowed', 'kms:Decrypt', {
      ...viaS3,
      'kms:EncryptionContext:aws:s3:arn': `${bucketArn}/production/orders/a`,
    }),
    key('encrypts by S3', 'allowed', 'kms:GenerateDataKey'),
    key('decrypts by itself', 'denied', 'kms:Decrypt', {
      'kms:EncryptionContext:aws:s3:arn': bucketArn,
    }),
    key('decrypts in another region', 'denied', 'kms:Decrypt', {
      ...viaS3,
      'kms:ViaService': 's3.eu-central-1.amazonaws.com',
    }),
    key('decrypts another bucket', 'denied', 'kms:Decrypt', {
      ...viaS3,
      'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::other/a',
    }),
    key('ends the key', 'denied', 'kms:ScheduleKeyDeletion', {}),
  ],
);

describePolicy(
  'a reader',
  'identity',
  { identity: bucketReaderPolicy({ bucketArn, prefix: 'production', kmsKeyArn }) },
  [
    object('production/orders/a', 'reads', 'allowed', 's3:GetObject'),
    { what: 'finds the bucket', expect: 'allowed', action: 's3:GetBucketLocation', resource: bucketArn },
    list('production/', 'lists', 'allowed'),
    list('staging/', 'lists another environment', 'denied'),
    object('staging/orders/a', 'reads another environment', 'denied', 's3:GetObject'),
    object('production/orders/a', 'writes', 'denied', 's3:PutObject'),
    object('production/orders/a', 'deletes', 'denied', 's3:DeleteObject'),
    object('production/orders/a', 'reads an earlier version', 'denied', 's3:GetObjectVersion'),
    key('decrypts by S3', 'allowed', 'kms:Decrypt'),
    key('decrypts an object', 'allowed', 'kms:Decrypt', {
      ...viaS3,
      'kms:EncryptionContext:aws:s3:arn': `${bucketArn}/production/a`,
    }),
    key('encrypts', 'denied', 'kms:GenerateDataKey'),
    key('decrypts by itself', 'denied', 'kms:Decrypt', { 'kms:EncryptionContext:aws:s3:arn': bucketArn }),
    key('decrypts another bucket', 'denied', 'kms:Decrypt', {
      ...viaS3,
      'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::other',
    }),
  ],
);

describePolicy(
  'a reader of versions, in the whole bucket',
  'identity',
  { identity: bucketReaderPolicy({ bucketArn, versions: true }) },
  [
    object('anything', 'reads', 'allowed', 's3:GetObject'),
    object('anything', 'reads an earlier version', 'allowed', 's3:GetObjectVersion'),
    { what: 'finds the bucket', expect: 'allowed', action: 's3:GetBucketLocation', resource: bucketArn },
    list(undefined, 'lists', 'allowed'),
    list(undefined, 'lists versions', 'allowed', 's3:ListBucketVersions'),
    object('anything', 'destroys a version', 'denied', 's3:DeleteObjectVersion'),
    object('anything', 'writes', 'denied', 's3:PutObject'),
  ],
);

test.each(['production/*', 'prod?', '${aws:username}'])(
  'a prefix %s is refused, for it would open more',
  (prefix) => expect(() => bucketWriterPolicy({ bucketArn, prefix })).toThrow(/plain name of a folder/),
);
