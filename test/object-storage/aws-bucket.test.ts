import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { bucketWriterPolicy, type PolicyDocument } from '../../constructs/aws/policies';
import { Duration, type EnvironmentStack } from '../../constructs/core';
import { AwsBucket, type AwsBucketProps } from '../../constructs/object-storage/aws';
import { Recovery } from '../../constructs/recovery';
import { decide } from '../aws/policies/evaluate';
import { get, type JsonObject, Template } from '../helpers/template';

const ACCOUNT = '111122223333';
const VAULT_ACCOUNT = '444455556666';
const ADMINISTRATOR = `arn:aws:iam::${ACCOUNT}:role/vault-administrator`;
const REPLICATION_ROLE = `arn:aws:iam::${ACCOUNT}:role/acme-data-replication`;
const KEY = `arn:aws:kms:eu-west-3:${ACCOUNT}:key/k1`;
const REPLICA = { bucketName: 'acme-copy', region: 'eu-central-1', account: VAULT_ACCOUNT };
const REPLICA_KEY = `arn:aws:kms:eu-central-1:${VAULT_ACCOUNT}:key/k2`;

const declare =
  (
    props: Partial<AwsBucketProps> = {},
    then: (bucket: AwsBucket, stack: EnvironmentStack) => void = () => {},
  ) =>
  (stack: EnvironmentStack): void => {
    new AwsProvider(stack, 'aws', { region: 'eu-west-3' });
    const bucket = new AwsBucket(stack, 'data', {
      name: 'acme-data',
      region: 'eu-west-3',
      account: ACCOUNT,
      administrators: [ADMINISTRATOR],
      ...props,
    });
    then(bucket, stack);
  };
const template = (props: Partial<AwsBucketProps> = {}) => Template.of(declare(props));
const faults = (props: Partial<AwsBucketProps>) => Template.faults(declare(props));

/** The one resource of a type. */
function one(it: Template, type: string): JsonObject {
  const all = [...it.resources(type).values()];
  if (all.length !== 1 || all[0] === undefined) throw new Error(`${all.length} resources ${type}`);
  return all[0];
}

/** A policy as it is when Terraform has put the bucket's ARN in. */
function policyOf(it: Template, type: string): PolicyDocument {
  const text = String(one(it, type)['policy']).replaceAll(
    /\$\{aws_s3_bucket\.[^}]*\.arn\}/g,
    'arn:aws:s3:::acme-data',
  );
  expect(text).not.toContain('${');
  return JSON.parse(text) as PolicyDocument;
}

test('no deploy destroys it, and it is in its region whatever the provider says', () => {
  const bucket = one(template({ region: 'eu-west-1' }), 'aws_s3_bucket');
  expect(get(bucket, 'bucket')).toBe('acme-data');
  expect(get(bucket, 'region')).toBe('eu-west-1');
  expect(get(bucket, 'force_destroy')).toBe(false);
  expect(get(bucket, 'lifecycle.prevent_destroy')).toBe(true);
  expect(template().json['import']).toBeUndefined();
});

test('it is versioned, private, encrypted, and owns what others write', () => {
  const it = template();
  expect(get(one(it, 'aws_s3_bucket_versioning'), 'versioning_configuration.status')).toBe('Enabled');
  const access = one(it, 'aws_s3_bucket_public_access_block');
  for (const what of [
    'block_public_acls',
    'block_public_policy',
    'ignore_public_acls',
    'restrict_public_buckets',
  ])
    expect([what, access[what]]).toEqual([what, true]);
  expect(get(one(it, 'aws_s3_bucket_ownership_controls'), 'rule.object_ownership')).toBe(
    'BucketOwnerEnforced',
  );
  const rule = 'rule.0.apply_server_side_encryption_by_default';
  const type = 'aws_s3_bucket_server_side_encryption_configuration';
  expect(get(one(it, type), `${rule}.sse_algorithm`)).toBe('AES256');
  const keyed = one(template({ kmsKeyArn: KEY }), type);
  expect(get(keyed, `${rule}.sse_algorithm`)).toBe('aws:kms');
  expect(get(keyed, `${rule}.kms_master_key_id`)).toBe(KEY);
  expect(get(keyed, 'rule.0.bucket_key_enabled')).toBe(true);
});

test('uploads end, what was deleted is kept, what has aged moves where it is read at once', () => {
  const it = template({ keepDeletedFor: Duration.days(60), coldStorage: { after: Duration.days(30) } });
  const rules = one(it, 'aws_s3_bucket_lifecycle_configuration');
  expect(get(rules, 'rule.0.abort_incomplete_multipart_upload.0.days_after_initiation')).toBe(7);
  expect(get(rules, 'rule.1.noncurrent_version_expiration.0.noncurrent_days')).toBe(60);
  expect(get(rules, 'rule.2.transition.0')).toEqual({ days: 30, storage_class: 'GLACIER_IR' });
  expect(get(one(template(), 'aws_s3_bucket_lifecycle_configuration'), 'rule.2')).toBeUndefined();
});

test('object lock is set when it is made', () => {
  const it = template({ objectLock: { mode: 'governance', retention: Duration.days(7) } });
  expect(get(one(it, 'aws_s3_bucket'), 'object_lock_enabled')).toBe(true);
  expect(get(one(it, 'aws_s3_bucket_object_lock_configuration'), 'rule.default_retention')).toEqual({
    mode: 'GOVERNANCE',
    days: 7,
  });
});

test.each<[string, string, string, Record<string, string>, string]>([
  ['writes', 's3:PutObject', '/uploads/a', {}, 'Allowed'],
  ['deletes, leaving the version', 's3:DeleteObject', '/uploads/a', {}, 'Allowed'],
  [
    'writes without TLS',
    's3:PutObject',
    '/uploads/a',
    { 'aws:SecureTransport': 'false' },
    'ExplicitlyDenied',
  ],
  ['writes beside its prefix', 's3:PutObject', '/private/a', {}, 'ImplicitlyDenied'],
  ['destroys a version', 's3:DeleteObjectVersion', '/uploads/a', {}, 'ExplicitlyDenied'],
  ['deletes the bucket', 's3:DeleteBucket', '', {}, 'ExplicitlyDenied'],
  ['lets everything expire', 's3:PutLifecycleConfiguration', '', {}, 'ExplicitlyDenied'],
  ['removes the policy', 's3:DeleteBucketPolicy', '', {}, 'ExplicitlyDenied'],
])(
  "the environment's role, by the policies as synthesised: %s",
  async (what, action, key, context, expected) => {
    const identity = { value: bucketWriterPolicy({ bucketArn: '' }) };
    const it = Template.of(
      declare({}, (bucket) => (identity.value = bucketWriterPolicy(bucket.area('uploads')))),
    );
    const row = {
      what,
      expect: 'denied',
      action,
      resource: `arn:aws:s3:::acme-data${key}`,
      context,
    } as const;
    const policies = { identity: identity.value, resource: policyOf(it, 'aws_s3_bucket_policy') };
    expect(await decide(row, policies)).toBe(expected);
  },
);

test('replication goes where it is declared, deletions with it, within a time that is promised', () => {
  const it = template({ kmsKeyArn: KEY, replication: { to: { ...REPLICA, kmsKeyArn: REPLICA_KEY } } });
  const configuration = one(it, 'aws_s3_bucket_replication_configuration');
  const [versioning] = it.resources('aws_s3_bucket_versioning').keys();
  const [permissions] = it.resources('aws_iam_role_policy').keys();
  expect(configuration['depends_on']).toEqual([
    `aws_s3_bucket_versioning.${versioning}`,
    `aws_iam_role_policy.${permissions}`,
  ]);
  expect(get(configuration, 'rule.0')).toEqual({
    id: 'everything',
    priority: 0,
    status: 'Enabled',
    filter: { prefix: '' },
    delete_marker_replication: { status: 'Enabled' },
    source_selection_criteria: { sse_kms_encrypted_objects: { status: 'Enabled' } },
    destination: {
      bucket: 'arn:aws:s3:::acme-copy',
      account: VAULT_ACCOUNT,
      storage_class: 'STANDARD',
      encryption_configuration: { replica_kms_key_id: REPLICA_KEY },
      replication_time: { status: 'Enabled', time: { minutes: 15 } },
      metrics: { status: 'Enabled', event_threshold: { minutes: 15 } },
    },
  });
  const role = one(it, 'aws_iam_role');
  expect(role['name']).toBe('acme-data-replication');
  expect(JSON.parse(String(role['assume_role_policy'])).Statement[0].Principal).toEqual({
    Service: ['s3.amazonaws.com'],
  });
});

test('its role writes into the replica, and nowhere else', async () => {
  const identity = policyOf(template({ replication: { to: REPLICA } }), 'aws_iam_role_policy');
  const ask = (resource: string) =>
    decide(
      {
        what: resource,
        expect: 'allowed',
        action: 's3:ReplicateObject',
        resource,
        principal: REPLICATION_ROLE,
      },
      { identity },
    );
  expect(await ask('arn:aws:s3:::acme-copy/a')).toBe('Allowed');
  expect(await ask('arn:aws:s3:::acme-data/a')).toBe('ImplicitlyDenied');
});

test('without time control and deletions, when that is asked for', () => {
  const it = template({
    replication: { to: REPLICA, timeControl: false, deletions: false, storageClass: 'GLACIER_IR' },
  });
  const rule = get(one(it, 'aws_s3_bucket_replication_configuration'), 'rule.0');
  expect(get(rule, 'delete_marker_replication.status')).toBe('Disabled');
  expect(get(rule, 'destination.replication_time')).toBeUndefined();
  expect(get(rule, 'destination.metrics')).toEqual({ status: 'Enabled' });
  expect(get(rule, 'destination.storage_class')).toBe('GLACIER_IR');
});

test('what is not copied, or too late, goes to a topic, and has a runbook', () => {
  const failuresTo = `arn:aws:sns:eu-west-3:${ACCOUNT}:pager`;
  const events = (timeControl: boolean) =>
    get(
      one(template({ replication: { to: REPLICA, failuresTo, timeControl } }), 'aws_s3_bucket_notification'),
      'topic',
    );
  expect(events(true)).toEqual([
    {
      topic_arn: failuresTo,
      events: [
        's3:Replication:OperationFailedReplication',
        's3:Replication:OperationMissedThreshold',
        's3:Replication:OperationReplicatedAfterThreshold',
      ],
    },
  ]);
  expect(get(events(false), '0.events')).toEqual(['s3:Replication:OperationFailedReplication']);
  expect(template({ replication: { to: REPLICA } }).resources('aws_s3_bucket_notification').size).toBe(0);
  Template.of(
    declare(
      { primaryData: { criticality: 'moderate' }, replication: { to: REPLICA, failuresTo } },
      (bucket, stack) => {
        const runbook = 'runbooks/acme-data-replication.md';
        expect(bucket.asset?.watches).toEqual([{ alert: 'acme-data-replication', runbook }]);
        const text = Recovery.writers(stack, 'test')[0]?.()[runbook] ?? '';
        expect(text.match(/^## .*$/gm)).toEqual([
          '## Symptoms',
          '## Diagnosis',
          '## Immediate actions',
          '## Recovery',
          '## Postmortem',
        ]);
        expect(text).toContain('--bucket acme-data');
        expect(text).toContain('`acme-copy` (eu-central-1,');
        expect(text).not.toContain('{{');
      },
    ),
  );
});

test('a replica lets the role of another account in', async () => {
  const resource = policyOf(template({ replicasFrom: [REPLICATION_ROLE] }), 'aws_s3_bucket_policy');
  const row = {
    what: '',
    expect: 'allowed',
    action: 's3:ReplicateObject',
    resource: 'arn:aws:s3:::acme-data/a',
  } as const;
  expect(resource.Statement.find(({ Sid }) => Sid === 'TakeReplicas')?.Principal).toEqual({
    AWS: [REPLICATION_ROLE],
  });
  expect(await decide({ ...row, principal: REPLICATION_ROLE }, { resource })).toBe('Allowed');
});

test('primary data is an asset: versions are no copy of it, its replica is', () => {
  const seen: unknown[] = [];
  const primaryData = { criticality: 'critical', objectives: { rpo: Duration.minutes(15) } } as const;
  const it = declare({ primaryData, replication: { to: REPLICA } }, (bucket, stack) => {
    expect(Recovery.assets(stack)).toEqual([bucket.asset]);
    seen.push(bucket.asset?.props, bucket.asset?.protections);
  });
  expect(Template.faults(it)).toEqual([]);
  expect(Template.warnings(it)).toEqual([]);
  expect(seen.slice(0, 2)).toEqual([
    { ...primaryData, id: 'acme-data', kind: 'bucket', recoveredBy: 'mirror' },
    [
      {
        kind: 'versioning',
        retention: '35 days after it was deleted or overwritten',
        location: {
          vault: 'acme-data',
          endpoint: 'https://s3.eu-west-3.amazonaws.com',
          region: 'eu-west-3',
          account: ACCOUNT,
        },
      },
      {
        kind: 'mirror',
        maximumLag: Duration.minutes(15),
        retention: 'as the original; deleted and overwritten objects as long as the replica keeps them',
        location: {
          vault: 'acme-copy',
          endpoint: 'https://s3.eu-central-1.amazonaws.com',
          region: 'eu-central-1',
          account: VAULT_ACCOUNT,
        },
      },
    ],
  ]);
  Template.of(
    declare({}, (bucket, stack) => {
      expect(bucket.asset).toBeUndefined();
      expect(Recovery.assets(stack)).toEqual([]);
    }),
  );
});

const critical = { criticality: 'critical', objectives: { rpo: Duration.minutes(15) } } as const;

test.each<[string, Partial<AwsBucketProps>, string[]]>([
  ['a name that S3 refuses', { name: 'Acme_Data' }, ['bucket/name']],
  ['no administrator', { administrators: [] }, ['aws/administrators']],
  ['everybody as administrator', { administrators: ['*'] }, ['aws/administrators']],
  [
    'every role as administrator',
    { administrators: [`arn:aws:iam::${ACCOUNT}:role/*`] },
    ['aws/administrators'],
  ],
  ['any account as administrator', { administrators: ['arn:aws:iam::*:role/admin'] }, ['aws/administrators']],
  [
    'the environment as administrator',
    {
      administrators: [`arn:aws:iam::${ACCOUNT}:role/prod*`],
      environmentRoles: [`arn:aws:iam::${ACCOUNT}:role/production`],
    },
    ['aws/environment-administers'],
  ],
  ['a region and an account that are none', { region: 'paris', account: '1' }, ['aws/region', 'aws/account']],
  ['a key elsewhere', { kmsKeyArn: REPLICA_KEY }, ['aws/kms-key']],
  ['cold by the hour', { coldStorage: { after: Duration.hours(36) } }, ['vault/cold-storage']],
  ['nothing kept', { keepDeletedFor: Duration.ZERO }, ['vault/keep-deleted']],
  [
    'a lock by the hour',
    { objectLock: { mode: 'compliance', retention: Duration.hours(5) } },
    ['vault/object-lock'],
  ],
  [
    'a replica of itself',
    { replication: { to: { ...REPLICA, bucketName: 'acme-data' } } },
    ['bucket/replication'],
  ],
  [
    'a replica in another partition',
    { replication: { to: { ...REPLICA, region: 'cn-north-1' } } },
    ['bucket/replication'],
  ],
  ['a replica without a key', { kmsKeyArn: KEY, replication: { to: REPLICA } }, ['bucket/replication']],
  [
    'a replica that takes no locked objects',
    {
      objectLock: { mode: 'compliance', retention: Duration.days(5) },
      replication: { to: { ...REPLICA, objectLock: undefined } },
    },
    ['bucket/replication'],
  ],
  [
    'a replica that lets nobody in',
    { replication: { to: { ...REPLICA, replicasFrom: [] } } },
    ['bucket/replication'],
  ],
  [
    'failures to a topic elsewhere',
    { replication: { to: REPLICA, failuresTo: `arn:aws:sns:eu-west-1:${ACCOUNT}:pager` } },
    ['bucket/replication'],
  ],
  ['a replica that is nowhere', { replication: { to: { ...REPLICA, account: '' } } }, ['aws/account']],
  ['critical data without a copy', { primaryData: { criticality: 'critical' } }, ['bucket/no-mirror']],
  ['moderate data without a copy', { primaryData: { criticality: 'moderate' } }, ['bucket/no-mirror']],
  [
    'critical data copied in its place',
    {
      primaryData: { criticality: 'critical' },
      replication: { to: { ...REPLICA, region: 'eu-west-3', account: ACCOUNT } },
    },
    ['bucket/no-mirror'],
  ],
  [
    'an RPO that nobody promises',
    { primaryData: critical, replication: { to: REPLICA, timeControl: false } },
    ['aws/rpo'],
  ],
])('%s is a fault', (_, props, rules) => expect(faults(props).map(({ rule }) => rule)).toEqual(rules));

test('critical data whose only copy is in another account is told', () => {
  const replication = { to: { ...REPLICA, region: 'eu-west-3' } };
  const declared = declare({ primaryData: { criticality: 'critical' }, replication });
  expect(Template.faults(declared)).toEqual([]);
  expect(Template.warnings(declared).map(({ rule }) => rule)).toEqual(['aws/one-region']);
});

test('it is a bucket as any mirror takes it, with what it is to be', () => {
  Template.of(
    declare(
      {
        keepDeletedFor: Duration.days(60),
        objectLock: { mode: 'governance', retention: Duration.days(7) },
        coldStorage: { after: Duration.days(30) },
        primaryData: { criticality: 'low' },
      },
      ({ asset, bucket, primary }) => {
        expect(primary).toEqual({ bucket, asset });
        expect(bucket).toMatchObject({
          name: 'acme-data',
          account: ACCOUNT,
          versioning: true,
          keepNoncurrent: Duration.days(60),
          objectLock: { mode: 'governance', retention: Duration.days(7) },
          coldStorage: { after: Duration.days(30) },
        });
        expect(bucket.store).toMatchObject({ kind: 'aws', region: 'eu-west-3', pathStyle: false });
      },
    ),
  );
  Template.of(declare({}, (bucket) => expect(() => bucket.primary).toThrow(/acme-data has no primaryData/)));
});

test('all that is wrong is told at once', () =>
  expect(
    faults({ name: 'X', administrators: [], keepDeletedFor: Duration.ZERO, kmsKeyArn: 'alias/k' }).map(
      ({ rule }) => rule,
    ),
  ).toEqual(['bucket/name', 'aws/kms-key', 'aws/administrators', 'vault/keep-deleted']));
