import { veleroPolicy } from '../../constructs/velero';

const bucket = 'production-vault';
const actions = (document: ReturnType<typeof veleroPolicy>, resource: string): string[] =>
  document.Statement.filter(({ Resource }) => Resource.includes(resource))
    .flatMap(({ Action }) => [...Action])
    .sort();

test('a cluster that backs up reads, writes and deletes below its prefix, and lists the bucket there', () => {
  expect(veleroPolicy({ bucket, prefix: 'production/velero' })).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'List',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:aws:s3:::production-vault'],
        Condition: { StringLikeIfExists: { 's3:prefix': ['production/velero/*'] } },
      },
      {
        Sid: 'Read',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: ['arn:aws:s3:::production-vault/production/velero/*'],
      },
      {
        Sid: 'Write',
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        Resource: ['arn:aws:s3:::production-vault/production/velero/*'],
      },
    ],
  });
});

test('one that only restores writes results and nothing else', () => {
  const document = veleroPolicy({ bucket, prefix: 'p', access: 'restore' });
  expect(actions(document, 'arn:aws:s3:::production-vault/p/*')).toEqual(['s3:GetObject']);
  expect(actions(document, 'arn:aws:s3:::production-vault/p/restores/*')).toEqual(['s3:PutObject']);
  expect(JSON.stringify(document)).not.toMatch(/Delete|Abort/);
});

test('a bucket of its own needs no condition; another partition and a key are named', () => {
  const kmsKeyArn = 'arn:aws-cn:kms:cn-north-1:123456789012:key/k';
  const document = veleroPolicy({ bucket, partition: 'aws-cn', kmsKeyArn });
  expect(document.Statement[0]?.Condition).toBeUndefined();
  expect(actions(document, 'arn:aws-cn:s3:::production-vault/*')).toContain('s3:DeleteObject');
  expect(actions(document, kmsKeyArn)).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
});

test('never a version, the bucket itself, or everything', () => {
  for (const access of ['backup', 'restore'] as const) {
    const text = JSON.stringify(veleroPolicy({ bucket, prefix: 'p', access }));
    expect(text).not.toMatch(/Version"?:?"?s3|s3:\*|DeleteObjectVersion|DeleteBucket|PutBucket|"\*"/);
  }
});
