import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { Duration } from '../../constructs/core';
import { Bucket, type S3CompatibleBucketProps, Vault } from '../../constructs/object-storage';
import {
  openMinter,
  openStore,
  prepareBucket,
  type S3Store,
  StoreProblem,
} from '../../constructs/object-storage/client';
import { lifecycleRules } from '../../constructs/object-storage/client/bucket-settings';
import { versitygw } from './stores';
import { Versitygw } from './versitygw';

(versitygw === undefined ? describe.skip : describe)('a bucket with data, on versitygw', () => {
  let server: Versitygw;
  beforeAll(async () => {
    server = await Versitygw.start(versitygw ?? '');
  });
  afterAll(() => server?.stop());

  let count = 0;
  const reference = (different: Partial<S3CompatibleBucketProps> = {}): Bucket => {
    count += 1;
    return Bucket.s3Compatible({
      endpoint: server.endpoint,
      caPem: server.caPem,
      name: `uploads-${count}`,
      ...different,
    });
  };
  const vaultOf = ({ name }: Bucket): Vault =>
    Vault.s3Compatible({ endpoint: server.endpoint, caPem: server.caPem, bucket: name, mints: 'versitygw' });

  test('is made and set up, as far as the store can; again, nothing is made twice', async () => {
    const bucket = reference();
    const said: string[] = [];
    const options = { keys: server.keys, progress: (message: string) => void said.push(message) };
    const first = await prepareBucket(bucket, options);
    expect(first).toEqual({
      bucket: bucket.name,
      created: true,
      applied: ['versioned', 'no key may destroy it, or a version'],
      cannot: [
        expect.stringMatching(
          /^older versions end after 35 days: the store has no such thing; versions stay until/,
        ),
        expect.stringMatching(/^closed to the public: the store has no such thing; give nobody/),
      ],
    });
    expect(await prepareBucket(bucket, options)).toEqual({ ...first, created: false });
    expect(said[0]).toBe(`bucket ${bucket.name}: created`);
    expect(said[2]).toBe(`bucket ${bucket.name}: was there`);
  });

  test('no key of the environment destroys it or a version, whatever it may do otherwise', async () => {
    const bucket = reference();
    const minter = openMinter(vaultOf(bucket), server.keys);
    await prepareBucket(bucket, { keys: server.keys });
    const minted = await minter?.mint({ name: `app-${bucket.name}`, prefix: '' });
    minter?.close();
    const administrator = openStore(vaultOf(bucket), { keys: server.keys });
    await allowEverything(administrator, `app-${bucket.name}`);
    // What was set by others stays, and so does what is ours.
    await prepareBucket(bucket, { keys: server.keys });
    const { Policy } = await administrator.client.send(new GetBucketPolicyCommand(administrator.target));
    expect(JSON.parse(Policy ?? '').Statement).toHaveLength(5);
    const app = openStore(vaultOf(bucket), { keys: minted ?? server.keys });
    await app.write('a', 'first');
    const put = await app.client.send(new DeleteObjectCommand({ ...app.target, Key: 'a' }));
    const denied = async (request: Promise<unknown>) =>
      expect(
        await request.then(
          () => 'it succeeded',
          (error: { name: string }) => error.name,
        ),
      ).toBe('AccessDenied');
    await denied(
      app.client.send(new DeleteObjectCommand({ ...app.target, Key: 'a', VersionId: put.VersionId })),
    );
    await denied(app.client.send(new DeleteBucketCommand(app.target)));
    for (const store of [app, administrator]) store.client.destroy();
  });

  test('with a lock, which only a new one can have', async () => {
    const objectLock = { mode: 'governance' as const, retention: Duration.days(7) };
    const bucket = reference({ objectLock });
    expect((await prepareBucket(bucket, { keys: server.keys })).applied).toContain('locked');
    const bare = reference();
    await prepareBucket(bare, { keys: server.keys });
    const locked = reference({ name: bare.name, objectLock });
    await expect(prepareBucket(locked, { keys: server.keys })).rejects.toThrow(
      /made without object lock.*FIX/,
    );
  });

  test('a store that does not answer is told with its fix', async () => {
    const bucket = reference({ endpoint: 'https://127.0.0.1:1' });
    await expect(prepareBucket(bucket, { keys: server.keys })).rejects.toThrow(StoreProblem);
  }, 120_000);
});

test('versions end, and what has aged moves to a class that is read at once', () => {
  const bucket = Bucket.s3Compatible({
    endpoint: 'https://objects.example.com',
    name: 'uploads',
    keepNoncurrent: Duration.days(14),
    coldStorage: { after: Duration.days(90) },
  });
  expect(lifecycleRules(bucket)).toEqual([
    {
      ID: 'DisasterRecoveryVersions',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      NoncurrentVersionExpiration: { NoncurrentDays: 14 },
      Expiration: { ExpiredObjectDeleteMarker: true },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
    {
      ID: 'DisasterRecoveryColdStorage',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      Transitions: [{ Days: 90, StorageClass: 'GLACIER_IR' }],
    },
  ]);
});

/** As a careless administrator does it. */
async function allowEverything({ bucket, client, target }: S3Store, user: string): Promise<void> {
  const { Policy = '{}' } = await client.send(new GetBucketPolicyCommand(target));
  const policy = JSON.parse(Policy) as { Statement: object[] };
  policy.Statement.push({
    Sid: 'Careless',
    Effect: 'Allow',
    Principal: { AWS: [user] },
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  });
  await client.send(new PutBucketPolicyCommand({ ...target, Policy: JSON.stringify(policy) }));
}
