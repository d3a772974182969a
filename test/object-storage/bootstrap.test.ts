import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Duration } from '../../constructs/core';
import { openClient, prepareVault, StoreProblem } from '../../constructs/object-storage/client';
import { FakeS3, type Misbehaviour } from './fake-s3';
import { freshStore, onEveryStore, vaultAt, versitygw } from './stores';
import { Versitygw } from './versitygw';

/** What a run of the bootstrap says, when it fails; the last line holds cause and fix. */
async function failure(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof StoreProblem)) throw new Error(`expected a StoreProblem, got ${String(error)}`);
  expect(error.message).toMatch(/ — FIX: .+$/);
  return error.message;
}

onEveryStore((server) => {
  test('makes what is missing, and nothing twice', async () => {
    const { keys } = server();
    const vault = server().vault();
    const said: string[] = [];
    const progress = (message: string): number => said.push(message);
    const bucket = vault.bucket;
    expect(await prepareVault(vault, { keys, progress })).toEqual([
      { bucket, created: true, versioned: true, locked: false, locksState: expect.any(Boolean) },
    ]);
    expect(await prepareVault(vault, { keys, progress })).toEqual([
      { bucket, created: false, versioned: true, locked: false, locksState: expect.any(Boolean) },
    ]);
    expect(said).toEqual([
      `bucket ${bucket}: created`,
      `bucket ${bucket}: versioned, written, read and deleted from`,
      `bucket ${bucket}: was there`,
      `bucket ${bucket}: versioned, written, read and deleted from`,
    ]);
  });

  test('leaves nothing of its probe behind', async () => {
    const { keys } = server();
    const vault = server().vault();
    await prepareVault(vault, { keys });
    const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
    const page = await openClient(vault, keys).send(new ListObjectVersionsCommand({ Bucket: vault.bucket }));
    expect([page.Versions ?? [], page.DeleteMarkers ?? []]).toEqual([[], []]);
  });

  test('takes what is large, by its own authority as well', async () => {
    const store = await freshStore(server());
    await store.write('large', 'x'.repeat(3 * 1024 * 1024));
    expect((await store.read('large'))?.length).toBe(3 * 1024 * 1024);
    store.client.destroy();
  });

  test('two at once do not disturb each other', async () => {
    const { keys } = server();
    const vault = server().vault();
    const both = await Promise.all([prepareVault(vault, { keys }), prepareVault(vault, { keys })]);
    expect(both.flat().map(({ versioned }) => versioned)).toEqual([true, true]);
  });

  test('object lock is not given to a bucket that was made without', async () => {
    const { keys } = server();
    const bare = server().vault();
    await prepareVault(bare, { keys });
    const locked = server().vault({
      bucket: bare.bucket,
      objectLock: { mode: 'compliance', retention: Duration.days(30) },
    });
    expect(await failure(prepareVault(locked, { keys }))).toMatch(
      /made without object lock.*FIX: choose a name for a new bucket/,
    );
  });
});

describe('what stands in the way is told with its fix', () => {
  let fake: FakeS3 | undefined;
  afterEach(() => fake?.stop());

  const start = async (misbehaviour: Misbehaviour): Promise<FakeS3> => {
    fake = await FakeS3.start(misbehaviour);
    return fake;
  };
  const prepare = async (misbehaviour: Misbehaviour): Promise<string> => {
    const { endpoint, caPem } = await start(misbehaviour);
    return failure(prepareVault(vaultAt(endpoint, caPem, { bucket: 'acme-vault' }), { keys }));
  };
  const keys = { accessKeyId: 'key', secretAccessKey: 'secret' };

  test('the clocks disagree', async () => {
    expect(await prepare({ skewMinutes: 12 })).toMatch(
      /clocks of this machine and of the store are 12 minutes apart — FIX: synchronise/,
    );
  });

  test('the bucket exists and is closed to this key', async () => {
    expect(await prepare({ intercept: () => ({ status: 403 }) })).toMatch(
      /no access to the bucket acme-vault, or the bucket belongs to somebody else — FIX/,
    );
    expect(fake?.buckets.size).toBe(0);
  });

  test('the name of the bucket is taken', async () => {
    const message = await prepare({
      intercept: ({ method }) =>
        method === 'PUT' ? { status: 409, code: 'BucketAlreadyExists' } : undefined,
    });
    expect(message).toMatch(/acme-vault belongs to somebody else — FIX: choose another name/);
  });

  test.each([
    [301, 'PermanentRedirect', /not in the region us-east-1 — FIX: set the region/],
    [403, 'InvalidAccessKeyId', /does not know the access key in AWS_ACCESS_KEY_ID — FIX/],
    [403, 'SignatureDoesNotMatch', /refuses the signature.*FIX: set AWS_SECRET_ACCESS_KEY/],
    [403, 'RequestTimeTooSkewed', /more than 15 minutes apart — FIX: synchronise/],
    [
      403,
      'AccessDenied',
      /could not create the bucket acme-vault: the key .* may not do this .* — FIX: allow it/,
    ],
    [418, 'Teapot', /could not create the bucket acme-vault.*Teapot.*FIX: look this answer up/],
  ])('%s %s', async (status, code, expected) => {
    const message = await prepare({
      intercept: ({ method }) => (method === 'PUT' ? { status, code } : undefined),
    });
    expect(message).toMatch(expected);
  });

  test('the store ignores conditions', async () => {
    expect(await prepare({ ignoresConditions: true })).toMatch(/overwrites an object.*FIX: use a store with/);
  });

  test('the store takes the order to keep versions, and does not', async () => {
    expect(await prepare({ ignoresVersioning: true })).toMatch(
      /keeps no versions.*FIX: switch on versioning/,
    );
  });

  test('the store says that it keeps versions, and does not', async () => {
    expect(await prepare({ forgetsVersions: true })).toMatch(
      /does not keep the version of an object that is deleted — FIX/,
    );
  });

  test.each([
    [{}, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set'],
    [{ AWS_ACCESS_KEY_ID: 'key' }, 'AWS_SECRET_ACCESS_KEY is not set'],
    [{ AWS_ACCESS_KEY_ID: ' ', AWS_SECRET_ACCESS_KEY: 's' }, 'AWS_ACCESS_KEY_ID is not set'],
  ])('keys are missing: %p', async (environment, expected) => {
    const before = { ...process.env };
    process.env = { PATH: before['PATH'], ...environment };
    try {
      const vault = vaultAt('https://vault.invalid', '', {});
      expect(await failure(prepareVault(vault))).toContain(expected);
    } finally {
      process.env = before;
    }
  });
});

describe('what the network says', () => {
  let said: Record<string, string> = {};
  beforeAll(() => {
    const program = join(__dirname, 'network-faults.ts');
    const options = { encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } } as const;
    said = JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', program], options));
  }, 60_000);

  test.each([
    ['works', /it succeeded/],
    ['nothingListens', /nothing listens at https:\/\/127\.0\.0\.1:\d+ — FIX: start the store/],
    ['unknownHost', /https:\/\/vault\.invalid — FIX: check the/],
    ['untrusted', /signed by an authority that is not trusted here — FIX: give .* as caPem/],
    ['otherName', /made out for other names than the one in https:\/\/localhost:\d+ — FIX: use a name/],
    ['noTls', /does not speak TLS — FIX: serve the store by TLS/],
    ['dropped', /did not answer in time|closed the connection/],
  ])('%s', (name, expected) => expect(said[name]).toMatch(expected));
});

(versitygw === undefined ? describe.skip : describe)('versitygw in the way', () => {
  const started: Versitygw[] = [];
  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop();
  });
  const start = async (options: Parameters<typeof Versitygw.start>[1]): Promise<Versitygw> => {
    const server = await Versitygw.start(versitygw ?? '', options);
    started.push(server);
    return server;
  };

  test('another access key', async () => {
    const { endpoint, caPem, keys } = await start({});
    const wrong = { ...keys, accessKeyId: 'nobody' };
    expect(await failure(prepareVault(vaultAt(endpoint, caPem, {}), { keys: wrong }))).toMatch(
      /key in AWS_ACCESS_KEY_ID/,
    );
  });

  test('another secret', async () => {
    const { endpoint, caPem, keys } = await start({});
    const wrong = { ...keys, secretAccessKey: 'guess' };
    expect(await failure(prepareVault(vaultAt(endpoint, caPem, {}), { keys: wrong }))).toMatch(
      /AWS_(SECRET_ACCESS_KEY|ACCESS_KEY_ID)/,
    );
  });

  test('another region', async () => {
    const { endpoint, caPem, keys } = await start({ region: 'eu-west-3' });
    expect(await failure(prepareVault(vaultAt(endpoint, caPem, {}), { keys }))).toMatch(
      /FIX: .*region of the vault/,
    );
  });

  test('no versions', async () => {
    const { endpoint, caPem, keys } = await start({ versioning: false });
    expect(await failure(prepareVault(vaultAt(endpoint, caPem, {}), { keys }))).toMatch(/versioning/);
  });

  test('object lock, asked for at creation, holds', async () => {
    const { endpoint, caPem, keys } = await start({});
    const objectLock = { mode: 'compliance', retention: Duration.days(30) } as const;
    const vault = vaultAt(endpoint, caPem, { bucket: 'locked', objectLock });
    for (const created of [true, false])
      expect(await prepareVault(vault, { keys })).toEqual([
        { bucket: 'locked', created, versioned: true, locked: true, locksState: expect.any(Boolean) },
      ]);
    const weaker = vaultAt(endpoint, caPem, {
      bucket: 'locked',
      objectLock: { mode: 'governance', retention: Duration.days(30) },
    });
    expect(await failure(prepareVault(weaker, { keys }))).toMatch(/compliance mode, more than/);
  });
});
