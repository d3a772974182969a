import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Vault } from '../../constructs/object-storage';
import {
  type Minter,
  openMinter,
  openStore,
  prepareVault,
  probeMinting,
  type S3Store,
  type StoreKeys,
  StoreProblem,
} from '../../constructs/object-storage/client';
import { VersitygwAdmin } from '../../constructs/object-storage/client/minting/versitygw-admin';
import { FakeS3 } from './fake-s3';
import { vaultAt, versitygw } from './stores';
import { Versitygw } from './versitygw';

const failure = async (run: Promise<unknown>): Promise<StoreProblem> => {
  const error = await run.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof StoreProblem)) throw new Error(`expected a StoreProblem, got ${String(error)}`);
  return error;
};
const NAME = 'shop.eu-1';
const GRANT = { name: NAME, prefix: 'shop/' };
const WAL = 'shop/orders/archive/000000010000000000000001';
/** What is in the vault beside the repositories of this environment. */
const ELSEWHERE = [
  'records/shop/incarnations/000001.json',
  'published/shop/eu-1/latest.json',
  'state/shop/eu-1/shop-platform.tfstate',
  'shopping/orders/archive/000000010000000000000001',
];

(versitygw === undefined ? describe.skip : describe)('keys of versitygw', () => {
  let server: Versitygw;
  let vault: Vault;
  let root: S3Store;
  let minter: Minter;
  let admin: VersitygwAdmin;

  beforeAll(async () => {
    server = await Versitygw.start(versitygw ?? '');
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    vault = vaultAt(server.endpoint, server.caPem, { mints: 'versitygw' });
    await prepareVault(vault, { keys: server.keys });
    root = openStore(vault, { keys: server.keys });
    admin = new VersitygwAdmin(vault, root.client);
    minter = openMinter(vault, server.keys) as Minter;
  });
  afterEach(async () => {
    await minter.revoke([NAME, 'shop.eu-2']);
    minter.close();
    root.client.destroy();
  });

  const as = (keys: StoreKeys): S3Store => openStore(vault, { keys });
  const Bucket = () => vault.bucket;
  const policy = async (): Promise<string | undefined> => {
    try {
      return (await root.client.send(new GetBucketPolicyCommand({ Bucket: Bucket() }))).Policy;
    } catch (error) {
      if ((error as Error).name === 'NoSuchBucketPolicy') return undefined;
      throw error;
    }
  };

  describe('a key of an incarnation', () => {
    let shop: S3Store;
    beforeEach(async () => {
      for (const key of [WAL, ...ELSEWHERE]) await root.write(key, key);
      shop = as(await minter.mint(GRANT));
    });
    afterEach(() => shop.client.destroy());

    test('lists, reads, writes and deletes in its environment, and reads what was deleted', async () => {
      expect(await shop.keys('shop/')).toEqual([WAL]);
      expect(await shop.read(WAL)).toBe(WAL);
      expect(await shop.writeNew('shop/orders/leases/000001.json', '1')).toBe(true);
      expect(await shop.writeNew('shop/orders/leases/000001.json', '2')).toBe(false);
      const { client } = shop;
      await client.send(new DeleteObjectCommand({ Bucket: Bucket(), Key: 'shop/orders/leases/000001.json' }));
      const deleted = await client.send(
        new DeleteObjectsCommand({ Bucket: Bucket(), Delete: { Objects: [{ Key: WAL }] } }),
      );
      expect(deleted.Errors).toBeUndefined();
      expect(await shop.keys('shop/')).toEqual([]);
      const versions = await client.send(
        new ListObjectVersionsCommand({ Bucket: Bucket(), Prefix: 'shop/' }),
      );
      const kept = versions.Versions?.find(({ Key }) => Key === WAL);
      const old = await client.send(
        new GetObjectCommand({ Bucket: Bucket(), Key: WAL, VersionId: kept?.VersionId }),
      );
      expect(await old.Body?.transformToString()).toBe(WAL);
    });

    test('one that reads lists and reads, and neither writes nor deletes', async () => {
      const reader = as(await minter.mint({ ...GRANT, name: `${NAME}.reader`, readOnly: true }));
      try {
        expect(await reader.keys('shop/')).toEqual([WAL]);
        expect(await reader.read(WAL)).toBe(WAL);
        expect((await failure(reader.write(WAL, 'overwritten'))).codes).toContain('403');
        await expect(
          reader.client.send(new DeleteObjectCommand({ Bucket: Bucket(), Key: WAL })),
        ).rejects.toMatchObject({ name: 'AccessDenied' });
        expect(await root.read(WAL)).toBe(WAL);
      } finally {
        await minter.revoke([`${NAME}.reader`]);
        reader.client.destroy();
      }
    });

    test.each(ELSEWHERE)('can do nothing to %s', async (key) => {
      for (const attempt of [
        shop.read(key),
        shop.write(key, 'overwritten'),
        shop.keys(key.slice(0, key.lastIndexOf('/') + 1)),
      ])
        expect((await failure(attempt)).codes).toContain('403');
      await expect(
        shop.client.send(new DeleteObjectCommand({ Bucket: Bucket(), Key: key })),
      ).rejects.toMatchObject({ name: 'AccessDenied' });
      expect(await root.read(key)).toBe(key);
    });

    const refused: [string, (client: S3Client, version: string) => Promise<unknown>][] = [
      ['list the whole bucket', (client) => client.send(new ListObjectsV2Command({ Bucket: Bucket() }))],
      ['list every version', (client) => client.send(new ListObjectVersionsCommand({ Bucket: Bucket() }))],
      [
        'destroy a version',
        (client, VersionId) =>
          client.send(new DeleteObjectCommand({ Bucket: Bucket(), Key: WAL, VersionId })),
      ],
      [
        'suspend versioning',
        (client) =>
          client.send(
            new PutBucketVersioningCommand({
              Bucket: Bucket(),
              VersioningConfiguration: { Status: 'Suspended' },
            }),
          ),
      ],
      [
        'write the policy',
        (client) => client.send(new PutBucketPolicyCommand({ Bucket: Bucket(), Policy: '{}' })),
      ],
      ['remove the policy', (client) => client.send(new DeleteBucketPolicyCommand({ Bucket: Bucket() }))],
      ['delete the bucket', (client) => client.send(new DeleteBucketCommand({ Bucket: Bucket() }))],
      ['make a bucket', (client) => client.send(new CreateBucketCommand({ Bucket: `${Bucket()}-2` }))],
    ];
    test.each(refused)('cannot %s', async (_, attempt) => {
      const found = await root.client.send(new ListObjectVersionsCommand({ Bucket: Bucket(), Prefix: WAL }));
      const version = found.Versions?.[0]?.VersionId ?? '';
      await expect(attempt(shop.client, version)).rejects.toMatchObject({
        name: 'AccessDenied',
        $metadata: { httpStatusCode: 403 },
      });
    });

    test('cannot destroy versions by the dozen', async () => {
      const before = await root.client.send(new ListObjectVersionsCommand({ Bucket: Bucket() }));
      const Objects = [{ Key: WAL, VersionId: before.Versions?.find(({ Key }) => Key === WAL)?.VersionId }];
      const answer = await shop.client.send(
        new DeleteObjectsCommand({ Bucket: Bucket(), Delete: { Objects } }),
      );
      expect(answer.Errors).toMatchObject([{ Key: WAL, Code: 'AccessDenied' }]);
      const after = await root.client.send(new ListObjectVersionsCommand({ Bucket: Bucket() }));
      expect(after.Versions).toEqual(before.Versions);
    });

    test('cannot make keys', async () => {
      const { codes } = await failure(new VersitygwAdmin(vault, shop.client).create('intruder', 'secret'));
      expect(codes).toContain('XAdminAccessDenied');
    });

    test('can do nothing at all once it is revoked; its successor is not touched', async () => {
      const next = as(await minter.mint({ ...GRANT, name: 'shop.eu-2' }));
      expect(await minter.revoke([NAME])).toEqual([NAME]);
      for (const attempt of [shop.read(WAL), shop.write(WAL, 'pushed'), shop.keys('shop/')])
        expect((await failure(attempt)).codes).toContain('403');
      expect(await next.read(WAL)).toBe(WAL);
      await next.write('shop/orders/next', 'wal');
      expect(await minter.revoke([NAME])).toEqual([]);
      next.client.destroy();
    });
  });

  test('the pair stays the same, whoever asks, and is written nowhere in the bucket', async () => {
    const first = await minter.mint(GRANT);
    const once = await policy();
    expect(await minter.mint(GRANT)).toEqual(first);
    expect(await policy()).toBe(once);
    await admin.create('other-admin', 'its-secret');
    // The administrator's key has changed: pods that run have the pair, and keep it.
    const changed = openMinter(vault, server.keys) as Minter;
    Object.assign(changed, { keys: { ...server.keys, secretAccessKey: 'rotated' } });
    expect(await changed.mint(GRANT)).toEqual(first);
    changed.close();
    await admin.delete('other-admin');
    expect(first.secretAccessKey).toMatch(/^[\w-]{43}$/);
    expect(`${once}${await root.keys('')}`).not.toContain(first.secretAccessKey);
  });

  test('one that was deleted by hand comes back as running pods know it', async () => {
    const first = await minter.mint(GRANT);
    await admin.delete(NAME);
    expect(await minter.mint(GRANT)).toEqual(first);
    const shop = as(first);
    await shop.write(WAL, 'wal');
    shop.client.destroy();
  });

  test('every name has another secret', async () => {
    const [one, two] = [await minter.mint(GRANT), await minter.mint({ ...GRANT, name: 'shop.eu-2' })];
    expect(one.secretAccessKey).not.toBe(two.secretAccessKey);
  });

  test('what was interrupted is completed: a user without rights', async () => {
    await admin.create(NAME, 'made-before');
    expect(await minter.mint(GRANT)).toEqual({ accessKeyId: NAME, secretAccessKey: 'made-before' });
    const shop = as({ accessKeyId: NAME, secretAccessKey: 'made-before' });
    await shop.write(WAL, 'wal');
    shop.client.destroy();
  });

  test('what was interrupted is completed: rights of a user who is gone', async () => {
    await minter.mint(GRANT);
    await admin.delete(NAME);
    expect(await minter.revoke([NAME])).toEqual([]);
    expect(await policy()).toBeUndefined();
  });

  test('statements of others stay as they are, in every word', async () => {
    const others = {
      Version: '2012-10-17',
      Id: 'by hand',
      Statement: [
        {
          Sid: 'TlsOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [`arn:aws:s3:::${Bucket()}`, `arn:aws:s3:::${Bucket()}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
        {
          Sid: 'Auditors',
          Effect: 'Allow',
          Principal: { AWS: ['auditor'] },
          Action: 's3:GetObject',
          Resource: `arn:aws:s3:::${Bucket()}/audit/*`,
        },
      ],
    };
    await admin.create('auditor', 'secret');
    await admin.create(NAME, 'secret');
    await root.client.send(new PutBucketPolicyCommand({ Bucket: Bucket(), Policy: JSON.stringify(others) }));
    await minter.mint(GRANT);
    await minter.mint({ ...GRANT, name: 'shop.eu-2' });
    await minter.mint(GRANT);
    const { Statement, ...rest } = JSON.parse((await policy()) ?? '');
    expect({ ...rest, Statement: Statement.slice(0, 2) }).toEqual(others);
    expect(Statement).toHaveLength(6);
    await minter.revoke(['shop.eu-2']);
    expect(JSON.parse((await policy()) ?? '').Statement).toHaveLength(4);
  });

  test('the check of a vault passes, and leaves nothing', async () => {
    const before = await policy();
    expect(await probeMinting(vault, server.keys)).toBe(true);
    expect(await policy()).toBe(before);
    expect([...(await admin.users()).keys()].filter((name) => name.startsWith('probe'))).toEqual([]);
    const left = await root.client.send(new ListObjectVersionsCommand({ Bucket: Bucket() }));
    expect([left.Versions ?? [], left.DeleteMarkers ?? []]).toEqual([[], []]);
  });

  test('the check finds a policy by which keys may write anywhere', async () => {
    const open = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${Bucket()}/*` },
      ],
    };
    await root.client.send(new PutBucketPolicyCommand({ Bucket: Bucket(), Policy: JSON.stringify(open) }));
    expect((await failure(probeMinting(vault, server.keys))).message).toMatch(
      /may write beyond its prefix in vault-.* — FIX: .*bucket's policy/,
    );
    expect(JSON.parse((await policy()) ?? '')).toEqual(open);
  });

  test('a key that is no administrator', async () => {
    await admin.create('plain', 'secret');
    const plain = { accessKeyId: 'plain', secretAccessKey: 'secret' };
    expect((await failure(probeMinting(vault, plain))).message).toMatch(
      /AWS_ACCESS_KEY_ID is no administrator of the store.* — FIX: use an administrator's key, or drop mints/,
    );
  });

  test('a wrong secret', async () => {
    const wrong = { ...server.keys, secretAccessKey: 'guess' };
    expect((await failure(probeMinting(vault, wrong))).message).toMatch(/ — FIX: set AWS_SECRET_ACCESS_KEY/);
  });

  test('a policy of others that names a user who is gone: told, and the revoked key is dead all the same', async () => {
    await admin.create('gone', 'secret');
    const keys = await minter.mint(GRANT);
    const found = JSON.parse((await policy()) ?? '');
    const Statement = [
      ...found.Statement,
      {
        Effect: 'Allow',
        Principal: { AWS: ['gone'] },
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${Bucket()}/x`,
      },
    ];
    await root.client.send(
      new PutBucketPolicyCommand({ Bucket: Bucket(), Policy: JSON.stringify({ ...found, Statement }) }),
    );
    await admin.delete('gone');
    expect((await failure(minter.revoke([NAME]))).message).toMatch(/names a user who is gone — FIX: look at/);
    expect((await failure(as(keys).write(WAL, 'wal'))).codes).toContain('403');
    await root.client.send(new DeleteBucketPolicyCommand({ Bucket: Bucket() }));
  });
});

(versitygw === undefined ? describe.skip : describe)('stores that cannot mint', () => {
  test('a vault that does not say so is not asked', async () => {
    expect(
      await probeMinting(vaultAt('https://vault.invalid', '', {}), {
        accessKeyId: 'a',
        secretAccessKey: 'b',
      }),
    ).toBe(false);
  });

  test('versitygw with one user alone', async () => {
    const server = await Versitygw.start(versitygw ?? '', { users: false });
    try {
      const vault = vaultAt(server.endpoint, server.caPem, { mints: 'versitygw' });
      await prepareVault(vault, { keys: server.keys });
      expect((await failure(probeMinting(vault, server.keys))).message).toMatch(
        /has one user alone.* — FIX: start versitygw with users of its own \(--iam-dir\)/,
      );
    } finally {
      await server.stop();
    }
  });

  test('a store under load is asked again', async () => {
    let asked = 0;
    const fake = await FakeS3.start({
      intercept: () => {
        asked += 1;
        return asked < 3 ? { status: 503, code: 'SlowDown' } : { status: 403, code: 'XAdminAccessDenied' };
      },
    });
    const keys = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const minter = openMinter(vaultAt(fake.endpoint, fake.caPem, { mints: 'versitygw' }), keys) as Minter;
    try {
      expect((await failure(minter.revoke([NAME]))).message).toMatch(/is no administrator/);
      expect(asked).toBe(3);
    } finally {
      minter.close();
      await fake.stop();
    }
  });

  test('another store', async () => {
    const fake = await FakeS3.start({
      intercept: ({ method }) => (method === 'PATCH' ? { status: 405, code: 'MethodNotAllowed' } : undefined),
    });
    try {
      const vault = vaultAt(fake.endpoint, fake.caPem, { mints: 'versitygw' });
      const keys = { accessKeyId: 'key', secretAccessKey: 'secret' };
      expect((await failure(probeMinting(vault, keys))).message).toMatch(
        /has no admin API of versitygw \(it answers 405 MethodNotAllowed\) — FIX: .*drop mints/,
      );
    } finally {
      await fake.stop();
    }
  });
});
