import { randomBytes } from 'node:crypto';
import { damage, describeWithRclone, MirrorPod } from './mirror-pod';

interface Restored {
  readonly run: string | null;
  readonly objects: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
  readonly written: number;
  readonly deleted: number;
  readonly applied: boolean;
}

describeWithRclone('the way back from a mirror', () => {
  let pod: MirrorPod;
  beforeAll(async () => {
    pod = await MirrorPod.start();
  }, 60_000);
  afterAll(() => pod?.stop());
  beforeEach(() => {
    pod.forgetMirror();
    pod.empty();
    pod.putAll({
      'a/1': 'one',
      'a/2': 'two',
      'b/3': 'three',
      'b/4': 'four',
      big: randomBytes(6 * 1024 * 1024),
    });
  });

  const restored = async (env: Readonly<Record<string, string>> = {}): Promise<Restored> => {
    const result = await pod.run('restore.sh', env);
    if (result.status !== 0) throw new Error(`it ended with ${result.status}:\n${result.stderr}`);
    return JSON.parse(result.stdout) as Restored;
  };
  const instant = async (): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    return new Date().toISOString();
  };

  test('tells first, changes nothing, then brings everything back', async () => {
    const big = pod.rclone('md5sum', 'target:uploads/big');
    await pod.mirrored();
    pod.empty();
    expect(await restored()).toMatchObject({
      objects: 5,
      missing: 5,
      different: 0,
      written: 0,
      applied: false,
    });
    expect(await pod.store.keys('')).toEqual([]);
    expect(await restored({ RESTORE_APPLY: 'true' })).toMatchObject({ missing: 5, written: 5, deleted: 0 });
    expect(await pod.store.read('a/1')).toBe('one');
    expect(pod.rclone('md5sum', 'target:uploads/big')).toBe(big);
    expect(await restored({ RESTORE_APPLY: 'true' })).toMatchObject({ missing: 0, different: 0, written: 0 });
    // What came back is no change to the mirror.
    expect(await pod.mirrored()).toMatchObject({ copied: { objects: 0 }, replaced: 0 });
  });

  test('as of a moment: what was deleted, overwritten, and added since', async () => {
    const first = await pod.mirrored();
    const then = await instant();
    await pod.put('a/1', 'ONE, overwritten');
    await pod.remove('a/2', 'b/3');
    await pod.put('c/5', 'new');
    await pod.mirrored({ MAXIMUM_LOSS: '0.9' });
    await pod.put('a/1', 'overwritten once more');
    await pod.put('b/3', 'three, again');
    await pod.remove('c/5');
    await pod.mirrored();
    expect(await restored({ RESTORE_AT: then })).toMatchObject({
      run: first.id,
      objects: 5,
      missing: 1,
      different: 2,
    });
    expect(await restored({ RESTORE_AT: then, RESTORE_PREFIX: 'a/', RESTORE_APPLY: 'true' })).toMatchObject({
      run: first.id,
      objects: 2,
      missing: 1,
      different: 1,
      written: 2,
    });
    expect([await pod.store.read('a/1'), await pod.store.read('a/2')]).toEqual(['one', 'two']);
    expect(await pod.store.read('b/3')).toBe('three, again');
    await restored({ RESTORE_AT: then, RESTORE_APPLY: 'true' });
    expect(await pod.store.read('b/3')).toBe('three');
    expect(await restored({ RESTORE_AT: 'latest' })).toMatchObject({ objects: 4 });
  });

  test('with its content type, and what its owner said of it', async () => {
    const { HeadObjectCommand, PutObjectCommand } = await import('@aws-sdk/client-s3');
    const { client, target } = pod.store;
    const said = {
      ContentType: 'image/png',
      CacheControl: 'max-age=60',
      Metadata: { owner: 'ann', note: 'a b' },
    };
    await client.send(new PutObjectCommand({ ...target, Key: 'picture', Body: 'png', ...said }));
    await pod.mirrored();
    pod.empty();
    await restored({ RESTORE_APPLY: 'true' });
    const { CacheControl, ContentType, Metadata } = await client.send(
      new HeadObjectCommand({ ...target, Key: 'picture' }),
    );
    expect({ CacheControl, ContentType }).toEqual({ CacheControl: 'max-age=60', ContentType: 'image/png' });
    expect(Metadata).toMatchObject({ owner: 'ann', note: 'a b' });
  });

  test('one that was uploaded in parts, whose checksum no store tells', async () => {
    const body = randomBytes(12 * 1024 * 1024);
    await uploadInParts(pod, 'parts', body);
    // What was written within the two whole seconds before is copied once more: so three have to pass.
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    await pod.mirrored();
    expect((await pod.mirrored()).copied.objects).toBe(0);
    await uploadInParts(pod, 'parts', Buffer.alloc(body.length));
    const changed = await pod.mirrored();
    expect(changed).toMatchObject({ copied: { objects: 1 }, replaced: 1 });
    await restored({ RESTORE_AT: 'latest', RESTORE_PREFIX: 'parts', RESTORE_APPLY: 'true' });
    pod.empty();
    expect(await restored({ RESTORE_APPLY: 'true' })).toMatchObject({ written: 6 });
    expect(await restored({ RESTORE_APPLY: 'true' })).toMatchObject({ written: 0 });
    expect(pod.rclone('lsf', '--format', 's', 'target:uploads/parts').trim()).toBe(String(body.length));
  });

  test('deletes what was not there then only when it is told to', async () => {
    await pod.mirrored();
    await pod.put('a/new', 'new');
    const env = { RESTORE_APPLY: 'true', RESTORE_PREFIX: 'a/' };
    expect(await restored(env)).toMatchObject({ extra: 1, deleted: 0, written: 0 });
    expect(await pod.store.read('a/new')).toBe('new');
    expect(await restored({ ...env, RESTORE_DELETE: 'true' })).toMatchObject({ extra: 1, deleted: 1 });
    expect(await pod.store.read('a/new')).toBeUndefined();
    expect(await pod.store.read('b/3')).toBe('three');
  });

  test('into another bucket, and the mirrored one is left alone', async () => {
    await pod.mirrored();
    pod.empty();
    pod.rclone('mkdir', 'target:elsewhere', '--s3-no-check-bucket=false');
    await restored({ RESTORE_APPLY: 'true', TARGET_BUCKET: 'elsewhere' });
    expect(pod.rclone('lsf', '-R', '--files-only', 'target:elsewhere').trim().split('\n').sort()).toEqual([
      'a/1',
      'a/2',
      'b/3',
      'b/4',
      'big',
    ]);
    expect(await pod.store.keys('')).toEqual([]);
  });

  test('an object that is damaged in the mirror is named, and all others come back', async () => {
    await pod.mirrored();
    damage(pod.mirrorFile('current/b/3'));
    pod.empty();
    const result = await pod.run('restore.sh', { RESTORE_APPLY: 'true' });
    expect(result.status).not.toBe(0);
    expect(result.lastLine).toMatch(
      /b\/3: Failed to copy: BadDigest.*FIX: the object is damaged where it is read: take it from another time/,
    );
    expect(await pod.store.keys('')).toEqual(['a/1', 'a/2', 'b/4', 'big']);
  });

  test.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ RESTORE_AT: '2026-05-04 03:02' }, /'2026-05-04 03:02' is no instant — FIX: give one with its zone/],
    [
      { RESTORE_AT: '2020-05-04T03:02:01Z' },
      /no run had ended at 2020-05-04T03:02:01Z — FIX: choose a later moment/,
    ],
    [{ RESTORE_PREFIX: 'nothing/' }, /nothing below 'nothing\/' then — FIX/],
    [{ TARGET_BUCKET: 'none' }, /there is no such bucket: the target .*bucket none.*FIX: make it/],
    [{ RCLONE_CONFIG_TARGET_ACCESS_KEY_ID: 'who' }, /the target .* does not know the access key — FIX/],
  ])('what is in the way: %j', async (env, message) => {
    await pod.mirrored();
    const result = await pod.run('restore.sh', env);
    expect(result.status).not.toBe(0);
    expect(result.lastLine).toMatch(message);
  });

  test('without a complete run it takes what lies there when that is said', async () => {
    await pod.mirrored();
    const [id = ''] = pod.runs();
    damage(pod.mirrorFile(`runs/${id}/record.json`));
    expect((await pod.run('restore.sh')).lastLine).toMatch(
      /no run of it was ever completed — FIX: .*--at current/,
    );
    expect(await restored({ RESTORE_AT: 'current' })).toMatchObject({ run: null, objects: 5 });
  });
});

/** As most programs upload what is large: its ETag is no MD5. */
async function uploadInParts({ store }: MirrorPod, key: string, body: Buffer): Promise<void> {
  const { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } = await import(
    '@aws-sdk/client-s3'
  );
  const { client, target } = store;
  const object = { ...target, Key: key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const half = body.length / 2;
  const parts = await Promise.all(
    [0, 1].map(async (n) => {
      const part = { ...object, UploadId, PartNumber: n + 1, Body: body.subarray(n * half, (n + 1) * half) };
      const { ETag } = await client.send(new UploadPartCommand(part));
      return { ETag, PartNumber: n + 1 };
    }),
  );
  await client.send(
    new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts: parts } }),
  );
}
