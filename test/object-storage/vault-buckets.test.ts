import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { Duration } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { type ColdStorage, VaultBuckets, type VaultBucketsProps } from '../../constructs/object-storage/aws';
import { decide } from '../aws/policies/evaluate';
import { get, Template } from '../helpers/template';

const vault = Vault.aws({
  region: 'eu-west-3',
  account: '123456789012',
  bucket: 'acme-vault',
  otherBuckets: ['acme-velero'],
});

function template(props: Partial<VaultBucketsProps> = {}): Template {
  return Template.of((stack) => {
    new AwsProvider(stack, 'aws', { region: 'eu-west-3' });
    new VaultBuckets(stack, 'buckets', { vault, ...props });
  });
}

function faults(props: Partial<VaultBucketsProps>): string[] {
  return Template.faults((stack) => {
    new AwsProvider(stack, 'aws', { region: 'eu-west-3' });
    new VaultBuckets(stack, 'buckets', { vault, ...props });
  }).map(({ rule }) => rule);
}

/** Every resource of a type, without its logical id. */
function all(it: Template, type: string, ...paths: string[]): unknown[] {
  return [...it.resources(type).values()].map((resource) => paths.map((path) => get(resource, path)));
}

test('each bucket is taken over by import, and no deploy destroys it', () => {
  const it = template();
  expect(
    all(it, 'aws_s3_bucket', 'bucket', 'force_destroy', 'object_lock_enabled', 'lifecycle.prevent_destroy'),
  ).toEqual([
    ['acme-vault', false, false, true],
    ['acme-velero', false, false, true],
  ]);
  const ids = [...it.resources('aws_s3_bucket').keys()];
  expect(it.json['import']).toEqual([
    { id: 'acme-vault', to: `aws_s3_bucket.${ids[0]}` },
    { id: 'acme-velero', to: `aws_s3_bucket.${ids[1]}` },
  ]);
});

test('each is versioned, private, encrypted', () => {
  const it = template();
  const twice = (value: unknown): unknown[] => [value, value];
  expect(all(it, 'aws_s3_bucket_versioning', 'versioning_configuration.status')).toEqual(twice(['Enabled']));
  expect(
    all(
      it,
      'aws_s3_bucket_public_access_block',
      'block_public_acls',
      'block_public_policy',
      'ignore_public_acls',
      'restrict_public_buckets',
    ),
  ).toEqual(twice([true, true, true, true]));
  expect(all(it, 'aws_s3_bucket_ownership_controls', 'rule.object_ownership')).toEqual(
    twice(['BucketOwnerEnforced']),
  );
  const encryption = 'rule.0.apply_server_side_encryption_by_default';
  const type = 'aws_s3_bucket_server_side_encryption_configuration';
  expect(all(it, type, `${encryption}.sse_algorithm`)).toEqual(twice(['AES256']));
  const arn = 'arn:aws:kms:eu-west-3:123456789012:key/k';
  expect(
    all(template({ kmsKeyArn: arn }), type, `${encryption}.sse_algorithm`, `${encryption}.kms_master_key_id`),
  ).toEqual(twice(['aws:kms', arn]));
});

test('the policy denies plain HTTP, and the destruction of bucket and versions', () => {
  const it = template();
  const id = [...it.resources('aws_s3_bucket').keys()][0];
  const policy = [...it.resources('aws_s3_bucket_policy').values()][0];
  const arn = `\${aws_s3_bucket.${id}.arn}`;
  expect(JSON.parse(String(policy?.['policy']))).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:*'],
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      { Sid: 'KeepBucket', Effect: 'Deny', Principal: '*', Action: ['s3:DeleteBucket'], Resource: [arn] },
      {
        Sid: 'KeepVersions',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:DeleteObjectVersion'],
        Resource: [`${arn}/*`],
      },
    ],
  });
});

test('named administrators alone change its settings, and destroy versions', async () => {
  const administrator = 'arn:aws:iam::123456789012:role/vault';
  const it = template({ administrators: [administrator] });
  const [id] = it.resources('aws_s3_bucket').keys();
  const text = String([...it.resources('aws_s3_bucket_policy').values()][0]?.['policy']);
  const resource = JSON.parse(text.replaceAll(`\${aws_s3_bucket.${id}.arn}`, 'arn:aws:s3:::acme-vault'));
  const everything = { Sid: 'All', Effect: 'Allow', Action: ['s3:*'], Resource: ['*'] } as const;
  const ask = (action: string, on: string, principal: string) =>
    decide(
      { what: action, expect: 'allowed', action, resource: `arn:aws:s3:::acme-vault${on}`, principal },
      { identity: { Version: '2012-10-17', Statement: [everything] }, resource },
    );
  const environment = 'arn:aws:iam::123456789012:role/production';
  expect(await ask('s3:PutLifecycleConfiguration', '', environment)).toBe('ExplicitlyDenied');
  expect(await ask('s3:PutLifecycleConfiguration', '', administrator)).toBe('Allowed');
  expect(await ask('s3:DeleteObjectVersion', '/a', environment)).toBe('ExplicitlyDenied');
  expect(await ask('s3:DeleteObjectVersion', '/a', administrator)).toBe('Allowed');
  expect(await ask('s3:DeleteBucket', '', administrator)).toBe('ExplicitlyDenied');
  expect(await ask('s3:PutObject', '/a', environment)).toBe('Allowed');
});

test('unfinished uploads end, deleted objects are kept for 35 days, nothing moves', () => {
  const rules = all(template(), 'aws_s3_bucket_lifecycle_configuration', 'rule')[0];
  expect(rules).toEqual([
    [
      {
        id: 'abort-unfinished-uploads',
        status: 'Enabled',
        filter: [{ prefix: '' }],
        abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
      },
      {
        id: 'expire-deleted',
        status: 'Enabled',
        filter: [{ prefix: '' }],
        noncurrent_version_expiration: [{ noncurrent_days: 35 }],
        expiration: [{ expired_object_delete_marker: true }],
      },
    ],
  ]);
});

test('old objects move where they can still be read at once', () => {
  const moved = (props: ColdStorage): unknown =>
    get(
      [...template({ coldStorage: props }).resources('aws_s3_bucket_lifecycle_configuration').values()][0],
      'rule.2.transition.0',
    );
  expect(moved({ after: Duration.days(14) })).toEqual({ days: 14, storage_class: 'GLACIER_IR' });
  expect(moved({ after: Duration.days(30), storageClass: 'STANDARD_IA' })).toEqual({
    days: 30,
    storage_class: 'STANDARD_IA',
  });
});

test('object lock is set at creation, and its retention afterwards', () => {
  const locked = Vault.aws({
    region: 'eu-west-3',
    account: '123456789012',
    bucket: 'acme-vault',
    objectLock: { mode: 'compliance', retention: Duration.days(30) },
  });
  const it = template({ vault: locked });
  expect(all(it, 'aws_s3_bucket', 'object_lock_enabled')).toEqual([[true]]);
  expect(all(it, 'aws_s3_bucket_object_lock_configuration', 'rule.default_retention')).toEqual([
    [{ mode: 'COMPLIANCE', days: 30 }],
  ]);
  expect(all(template(), 'aws_s3_bucket_object_lock_configuration')).toEqual([]);
});

test.each<[string, Partial<VaultBucketsProps>, string]>([
  [
    'another store',
    { vault: Vault.s3Compatible({ endpoint: 'https://vault.example.com', bucket: 'acme-vault' }) },
    'vault/not-aws',
  ],
  [
    'infrequent access too early',
    { coldStorage: { after: Duration.days(7), storageClass: 'STANDARD_IA' } },
    'vault/cold-storage',
  ],
  ['cold storage by the hour', { coldStorage: { after: Duration.hours(36) } }, 'vault/cold-storage'],
  ['nothing kept', { keepDeletedFor: Duration.ZERO }, 'vault/keep-deleted'],
  ['everybody as administrator', { administrators: ['*'] }, 'aws/administrators'],
])('%s is a fault', (_, props, rule) => expect(faults(props)).toEqual([rule]));

test('the faults of the vault itself are seen, too', () => {
  expect(faults({ vault: Vault.aws({ region: 'x y', account: '1', bucket: 'acme-vault' }) })).toEqual([
    'vault/region',
    'vault/account',
  ]);
});
