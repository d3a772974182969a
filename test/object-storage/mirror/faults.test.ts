import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { eventually } from '../../postgres/scripts/processes';
import { damage, describeWithRclone, MirrorPod, type MirrorRecord } from './mirror-pod';

describeWithRclone('what a mirror meets', () => {
  let pod: MirrorPod;
  let gateway: FakeGateway;
  beforeAll(async () => {
    pod = await MirrorPod.start();
    gateway = await FakeGateway.start();
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await pod?.stop();
  });
  beforeEach(() => {
    gateway.pushes.length = 0;
    pod.forgetMirror();
    pod.empty();
    pod.putAll(objects(20));
  });
  const pushing = (): Readonly<Record<string, string>> => ({ PUSHGATEWAY_URL: gateway.url });

  test('it is killed half way: the next one goes on where it was', async () => {
    pod.putAll({ ...objects(20, 'large/', () => randomBytes(1024 * 1024)) });
    const running = pod.background('mirror.sh', { RCLONE_BWLIMIT: '1M', RCLONE_TRANSFERS: '1' });
    await eventually('some are there', () => pod.mirrorKeys('current/large').length >= 2);
    running.kill();
    await running.finished();
    const there = pod.mirrorKeys('current').length;
    expect(there).toBeLessThan(40);
    const next = await pod.mirrored();
    // One may have arrived and was not counted yet.
    expect(next.copied.objects).toBeLessThanOrEqual(40 - there);
    expect(next).toMatchObject({ run: 1, objects: 40, check: { differences: 0 } });
    expect(pod.runs()).toHaveLength(2);
  });

  test('it is killed while it replaces: the moment before can be had all the same', async () => {
    const first = await pod.mirrored();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const then = new Date().toISOString();
    pod.putAll(objects(20, 'files/', (n) => `overwritten ${n} ${'x'.repeat(200_000)}`));
    const running = pod.background('mirror.sh', { RCLONE_BWLIMIT: '400k', RCLONE_TRANSFERS: '2' });
    await eventually('some are replaced', () => pod.mirrorKeys('replaced').length >= 3);
    running.kill();
    await running.finished();
    const whole = await pod.run('restore.sh', { RESTORE_AT: then, RESTORE_APPLY: 'true' });
    expect(whole.lastLine).not.toMatch(/ERROR/);
    expect(JSON.parse(whole.stdout)).toMatchObject({
      run: first.id,
      objects: 20,
      different: 20,
      written: 20,
    });
    for (const n of [0, 7, 19]) expect(await pod.store.read(`files/${n}`)).toBe(`content ${n}`);
  });

  test('it is asked to end: it does so at once, and the next one goes on', async () => {
    pod.putAll({ big: randomBytes(8 * 1024 * 1024) });
    const running = pod.background('mirror.sh', { RCLONE_BWLIMIT: '200k' });
    await eventually('it copies', () => pod.mirrorKeys('current').length > 5);
    const asked = Date.now();
    running.signal('SIGTERM');
    expect((await running.finished()).status).toBe(143);
    expect(Date.now() - asked).toBeLessThan(10_000);
    expect(await pod.mirrored()).toMatchObject({ objects: 21 });
  });

  test('the source was emptied: it refuses, keeps everything, and says how to go on', async () => {
    const first = await pod.mirrored(pushing());
    pod.empty();
    const result = await pod.run('mirror.sh', pushing());
    expect(result.status).not.toBe(0);
    expect(result.lastLine).toMatch(
      /20 of 20 objects are gone at the source at once .*Nothing was copied, nothing removed — FIX: if it is the source that has lost them, restore it .* --accept-loss/,
    );
    expect(pod.mirrorKeys('current')).toHaveLength(20);
    expect(pod.runs()).toEqual([first.id]);
    expect(gateway.last()).toMatchObject({ failed: 1, refused_deletions: 20, source_unreadable: 0 });
    const meant = await pod.mirrored({ ...pushing(), ACCEPT_LOSS: 'true' });
    expect(meant).toMatchObject({ objects: 0, removed: 20, versions: 20 });
    expect(pod.mirrorKeys(`replaced/${meant.id}`)).toHaveLength(20);
    expect(gateway.last()).toMatchObject({ failed: 0, refused_deletions: 0, objects: 0, versions: 20 });
  });

  test('as many as are taken for meant may go', async () => {
    await pod.mirrored();
    await pod.remove(...[0, 1, 2, 3, 4].map((n) => `files/${n}`));
    expect(await pod.mirrored()).toMatchObject({ removed: 5, objects: 15 });
    await pod.remove(...[5, 6, 7, 8].map((n) => `files/${n}`));
    expect((await pod.run('mirror.sh')).lastLine).toMatch(/4 of 15 objects are gone .*\(at most 25 %/);
  });

  test('a damaged object is named, and made good by the next run', async () => {
    await pod.mirrored();
    damage(pod.mirrorFile('current/files/7'));
    // By its checksum, which the store keeps beside it, nothing is wrong.
    expect(await pod.mirrored({ READ_BACK_RUNS: '0' })).toMatchObject({
      check: { readBack: 0, differences: 0 },
    });
    const result = await pod.run('mirror.sh', { ...pushing(), READ_BACK_RUNS: '1' });
    expect(result.status).not.toBe(0);
    expect(result.lastLine).toMatch(
      /1 objects differ from the source: files\/7 — FIX: the next run copies them again/,
    );
    const record = JSON.parse(result.stdout) as MirrorRecord;
    expect(record.check).toMatchObject({ readBack: 20, differences: 1, differing: ['files/7'] });
    expect(gateway.last()).toMatchObject({ failed: 1, differences: 1 });
    const next = await pod.mirrored({ ...pushing(), READ_BACK_RUNS: '1' });
    expect(next).toMatchObject({ repaired: 1, replaced: 0, check: { differences: 0 } });
    expect(readFileSync(pod.mirrorFile('current/files/7'), 'utf8')).toBe('content 7');
    expect(gateway.last()).toMatchObject({ failed: 0, differences: 0 });
    // The damaged one is in no earlier moment either.
    expect(pod.mirrorKeys('replaced')).toEqual([]);
  });

  test('what others have written into the mirror, or removed from it, is put right', async () => {
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    await pod.mirrored();
    writeFileSync(pod.mirrorFile('current/files/3'), 'content 3 of somebody else');
    rmSync(pod.mirrorFile('current/files/4'));
    const { copied, repaired } = await pod.mirrored();
    expect([copied.objects, repaired]).toEqual([2, 1]);
    expect(readFileSync(pod.mirrorFile('current/files/3'), 'utf8')).toBe('content 3');
  });

  test('an older copy that is damaged keeps nothing from going on, and is told', async () => {
    await pod.mirrored();
    damage(pod.mirrorFile('current/files/5'));
    await pod.put('files/5', 'changed');
    await pod.put('files/6', 'changed');
    const result = await pod.run('mirror.sh');
    expect(result.status).not.toBe(0);
    expect(result.lastLine).toMatch(
      /1 older copies were damaged, and could not be kept: files\/5 — FIX: look at the vault's disks/,
    );
    expect(readFileSync(pod.mirrorFile('current/files/5'), 'utf8')).toBe('changed');
    expect(pod.mirrorKeys('replaced').map((key) => key.replace(/^[^/]*/, ''))).toEqual(['/files/6']);
    await pod.mirrored();
  });

  test('every object has its turn to be read back', async () => {
    expect((await pod.mirrored({ READ_BACK_RUNS: '1' })).check.readBack).toBe(0);
    let read = 0;
    for (let run = 0; run < 4; run += 1) read += (await pod.mirrored({ READ_BACK_RUNS: '4' })).check.readBack;
    expect(read).toBe(20);
  });

  test('what no moment within the time needs goes, and no more', async () => {
    const first = await pod.mirrored();
    await pod.put('files/1', 'second');
    const second = await pod.mirrored();
    await pod.put('files/1', 'third');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    // The second is the newest that is older than two seconds: the moment two seconds ago is its.
    const third = await pod.mirrored({ KEEP_SECONDS: '2' });
    expect(pod.runs()).toEqual([second.id, third.id]);
    expect(first.id < second.id).toBe(true);
    expect(pod.mirrorKeys('replaced')).toEqual([`${second.id}/files/1`, `${third.id}/files/1`]);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const fourth = await pod.mirrored({ KEEP_SECONDS: '2' });
    expect(pod.runs()).toEqual([third.id, fourth.id]);
    expect(pod.mirrorKeys('replaced')).toEqual([`${third.id}/files/1`]);
  });

  test('without the state of the last run everything is compared, and what is alike is not copied', async () => {
    const { id } = await pod.mirrored();
    rmSync(pod.mirrorFile(`runs/${id}/state.gz`));
    expect(await pod.mirrored()).toMatchObject({ copied: { objects: 0 }, replaced: 0, objects: 20 });
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp, object]>([
    [
      'the source does not answer',
      { RCLONE_CONFIG_SOURCE_ENDPOINT: 'https://127.0.0.1:1' },
      /the source cannot be listed: no connection to the source \(https:\/\/127\.0\.0\.1:1, bucket uploads\).*refused — FIX: start it, or open the network policy to it/,
      { failed: 1, source_unreadable: 1 },
    ],
    [
      'the vault does not answer',
      { RCLONE_CONFIG_VAULT_ENDPOINT: 'https://127.0.0.1:1' },
      /its records cannot be read: no connection to the vault .*FIX: start it/,
      { failed: 1, source_unreadable: 0 },
    ],
    [
      'the source does not know the key',
      { RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID: 'nobody' },
      /the source .* does not know the access key — FIX: put a key that exists/,
      { failed: 1, source_unreadable: 1 },
    ],
    [
      'the secret is another',
      { RCLONE_CONFIG_VAULT_SECRET_ACCESS_KEY: 'wrong' },
      /the vault .* refuses the secret key — FIX: put the secret of this access key/,
      { failed: 1 },
    ],
    [
      'the key may not write there',
      { MIRROR_PATH: 'other/mirrors/uploads' },
      /access is denied \(403\) by the vault .*below other\/mirrors\/uploads in the vault/,
      { failed: 1 },
    ],
    [
      'there is no such bucket',
      { SOURCE_BUCKET: 'none' },
      /there is no such bucket: the source .*bucket none\) — FIX: make it/,
      { failed: 1, source_unreadable: 1 },
    ],
    [
      'its certificate is signed by somebody else',
      { CA_FILES: '' },
      /the certificate of the vault .* is not accepted: .*x509.*FIX: give caPem/,
      { failed: 1 },
    ],
    [
      'its name does not resolve',
      { RCLONE_CONFIG_SOURCE_ENDPOINT: 'https://source.invalid' },
      /the name of the source .* does not resolve — FIX: correct its endpoint/,
      { failed: 1, source_unreadable: 1 },
    ],
  ])('%s', async (_, env, message, metrics) => {
    const result = await pod.run('mirror.sh', { ...pushing(), ...env });
    expect(result.status).not.toBe(0);
    expect(result.lastLine).toMatch(message);
    expect(gateway.last()).toMatchObject(metrics);
    expect(gateway.last()).not.toHaveProperty('last_success_timestamp_seconds');
  });

  test('no secret is on a command line, in a file, or in what is said', async () => {
    const result = await pod.run('mirror.sh', {
      ...pushing(),
      RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY: 'hunter2-secret',
    });
    expect(`${result.stdout}${result.stderr}`).not.toContain('hunter2');
  });
});

function objects(
  count: number,
  prefix = 'files/',
  body: (n: number) => string | Uint8Array = (n) => `content ${n}`,
): Record<string, string | Uint8Array> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, body(n)]));
}

/** Takes what is pushed: PUT replaces everything, POST what it names. */
class FakeGateway {
  static async start(): Promise<FakeGateway> {
    const gateway = new FakeGateway();
    await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  readonly pushes: { readonly method: string; readonly path: string; readonly text: string }[] = [];
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      this.pushes.push({ method: request.method ?? '', path: request.url ?? '', text });
      response.end();
    });
  });

  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** The figures of the last push, without the first part of their names. */
  last(): Record<string, number> {
    const { path, text } = this.pushes.at(-1) ?? { path: '', text: '' };
    expect(path).toBe('/metrics/job/bucket-mirror/namespace/shop/mirror/uploads');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      lines.map((line) => [
        line.split(' ')[0]?.replace('disaster_recovery_mirror_', '') ?? '',
        Number(line.split(' ')[1]),
      ]),
    );
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
