import { randomBytes } from 'node:crypto';
import { freePort } from '../../free-port';
import { eventually } from '../../postgres/scripts/processes';
import { describeWithS3 } from '../../postgres/scripts/s3-server';
import { hash, put, read } from './seaweedfs';
import { SeaweedFsPod } from './seaweedfs-pod';
import { encode } from './stand-in/messages';
import { attributes, StandIn } from './stand-in/stand-in';

describeWithS3('a SeaweedFS, by a stand-in that goes wrong', () => {
  let pod: SeaweedFsPod;
  let server: StandIn;

  beforeAll(async () => {
    pod = await SeaweedFsPod.start();
  }, 60_000);
  afterAll(() => pod?.dispose());
  beforeEach(async () => {
    pod.forget();
    server = await StandIn.start();
    for (const name of ['a', 'b', 'c']) await put(server, `/docs/${name}.bin`, randomBytes(1000));
  });
  afterEach(() => server.stop());

  test('a file that cannot be read is missing in the set, which is told, and no old set goes', async () => {
    const first = pod.age((await pod.backup(server)).id, 200);
    await put(server, '/docs/b.bin', randomBytes(10));
    server.broken.set('GET /docs/b.bin', 500);
    const result = await pod.run('backup.sh', server, { KEEP_AT_LEAST: '1' });
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(
      /set \S+ lacks 1 files that cannot be read, such as \/docs\/b.bin:the filer answers status 500. No old set is removed — FIX: look at the volume servers/,
    );
    expect(JSON.parse(result.stdout)).toMatchObject({ files: 2, unread: 1, consistent: false });
    expect(pod.sets()).toContain(first);
    expect(pod.sets()).toHaveLength(2);
  });

  test('content that is not what its own checksum says is not kept as if it were', async () => {
    const [fid = ''] = server.chunks.keys();
    server.chunks.set(fid, randomBytes(1000));
    const result = await pod.run('backup.sh', server);
    expect(result.status).toBe(78);
    expect(result.lastLine).toContain('its content is not what its checksum says');
  });

  test('what changes while it is read is read again, until the set fits', async () => {
    let changes = 0;
    const now = randomBytes(1500);
    server.before = (request) => {
      if (request !== 'GET /docs/c.bin' || changes > 0) return;
      changes += 1;
      server.write('/docs/c.bin', now);
      server.entries.delete('/docs/a.bin');
      server.write('/docs/new.bin', now);
    };
    const made = await pod.backup(server);
    expect(made).toMatchObject({ files: 3, consistent: true, changing: 0, unread: 0 });
    expect(made.passes).toBeGreaterThan(1);
    server.before = () => undefined;
    await server.wipe();
    await pod.restore(server);
    expect(await read(server, '/docs/c.bin')).toBe(hash(now));
    expect(await read(server, '/docs/new.bin')).toBe(hash(now));
    expect(await read(server, '/docs/a.bin')).toBe('404');
  });

  test('what never stops growing is kept as it was read, and named', async () => {
    let size = 1000;
    server.before = (request) => {
      if (request !== 'GET /docs/c.bin') return;
      size += 100;
      server.write('/docs/c.bin', Buffer.alloc(size, 1));
    };
    const result = await pod.run('backup.sh', server);
    expect(result.status).toBe(0);
    expect(result.stderr).toContain('1 files changed while they were read, each time: /docs/c.bin');
    expect(JSON.parse(result.stdout)).toMatchObject({ files: 3, changing: 1, consistent: false });
    server.before = () => undefined;
    await server.wipe();
    expect(await pod.restore(server)).toMatchObject({ restored: 3, failed: 0 });
    expect(await read(server, '/docs/c.bin')).toBe(hash(Buffer.alloc(size, 1)));
  });

  test('what SeaweedFS cannot give out is said, and not taken for kept', async () => {
    const chunk = (more: [number, bigint][]): Buffer => encode([[1, Buffer.from('1,01')], [3, 5n], ...more]);
    server.set('/docs/sse', [
      [3, chunk([[12, 1n]])],
      [4, attributes({ size: 5n })],
    ]);
    server.set('/docs/far', [
      [4, attributes({ size: 5n })],
      [10, encode([[1, Buffer.from('s3')]])],
    ]);
    server.set('/docs/both', [
      [2, 1n],
      [3, chunk([])],
      [4, attributes({ size: 5n })],
    ]);
    const result = await pod.run('backup.sh', server);
    expect(result.status).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ files: 3, left: 3 });
    for (const [path, why] of Object.entries({
      '/docs/sse': 'the S3 gateway has encrypted it',
      '/docs/far': 'the remote store',
      '/docs/both': 'the folder of others at once',
    }))
      expect(result.stderr).toMatch(new RegExp(`WARNING ${path} is not in the set: .*${why}`));
  });

  test('what has outlived its time does not come back', async () => {
    server.set('/docs/old', [
      [9, Buffer.from('x')],
      [4, attributes({ size: 1n, ttl: 60n, crtime: 1_700_000_000n })],
    ]);
    await pod.backup(server);
    await server.wipe();
    expect(await pod.restore(server)).toMatchObject({ expired: 1, restored: 3, failed: 0 });
    expect(server.entries.has('/docs/old')).toBe(false);
  });

  test('tokens are signed by the key for what is done', async () => {
    await pod.backup(server);
    server.keys = { read: 'a key for reading', write: 'k'.repeat(100) };
    pod.write('etc/read', 'a key for reading');
    pod.write('etc/write', `${'k'.repeat(100)}\n`);
    const keys = {
      SEAWEEDFS_READ_KEY_FILE: `${pod.dir}/etc/read`,
      SEAWEEDFS_WRITE_KEY_FILE: `${pod.dir}/etc/write`,
    };
    await server.wipe();
    const wrong = await pod.run('restore.sh', server, {
      SEAWEEDFS_READ_KEY_FILE: keys.SEAWEEDFS_READ_KEY_FILE,
    });
    expect(wrong.status).toBe(78);
    expect(wrong.lastLine).toContain(
      'the filer does not accept the key for writing (401) — FIX: give the job the key',
    );
    expect(await pod.restore(server, keys)).toMatchObject({ restored: 3, failed: 0 });
    server.write('/docs/a.bin', randomBytes(5));
    const read = await pod.run('backup.sh', server);
    expect(read.status).toBe(78);
    expect(read.lastLine).toContain('status 401');
    expect(await pod.backup(server, keys)).toMatchObject({ files: 3, unread: 0 });
  });

  test('what weed shell says counts, for it ends with 0 whatever happens', async () => {
    server.shellError = 'the metadata store is not there';
    const result = await pod.run('backup.sh', server);
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(
      /its metadata cannot be saved: `weed shell` failed: error: the metadata store is not there — FIX: /,
    );
    expect(pod.sets()).toEqual([]);
  });

  test('a master that is not there ends the wait, with what to look at', async () => {
    const nobody = { SEAWEEDFS_MASTERS: `127.0.0.1:${await freePort()}`, WEED_CONNECT_SECONDS: '1' };
    const result = await pod.run('backup.sh', server, nobody);
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(/`weed shell` did not end within 1 s: .*FIX: look whether the masters/);
    const filer = await pod.run('backup.sh', server, {
      SEAWEEDFS_FILER_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(filer.lastLine).toMatch(/no connection to http:\/\/127.0.0.1:\d+: .*FIX: look at the filer's pod/);
    const program = await pod.run('backup.sh', server, { WEED: '/nowhere/weed' });
    expect(program.lastLine).toContain(
      'there is no program /nowhere/weed — FIX: let `weedImage` be an image of SeaweedFS',
    );
  });

  test('entries that are lost without a word when they are loaded are noticed, and the next run has them', async () => {
    await pod.backup(server);
    await server.wipe();
    server.lost.add('/docs/b.bin');
    const result = await pod.run('restore.sh', server);
    expect(result.status).toBe(78);
    expect(result.lastLine).toContain('/docs/b.bin:it was put back, and is not there');
    server.lost.clear();
    expect(await pod.restore(server)).toMatchObject({ restored: 1, unchanged: 2, failed: 0 });
  });

  test('what users write while it is about to come back is theirs', async () => {
    await pod.backup(server);
    await server.wipe();
    const theirs = randomBytes(77);
    server.before = (request) => {
      if (request.startsWith('PUT /.disaster-recovery/') && !server.entries.has('/docs/b.bin'))
        server.write('/docs/b.bin', theirs);
    };
    expect(await pod.restore(server)).toMatchObject({ restored: 2, kept: 1, failed: 0 });
    expect(await read(server, '/docs/b.bin')).toBe(hash(theirs));
  });

  test('what is there and cannot be read, or is damaged, is told by reading it, and comes back', async () => {
    await pod.backup(server);
    const [one = '', two = ''] = [...server.chunks.keys()];
    const before = await Promise.all(['a', 'b', 'c'].map((name) => read(server, `/docs/${name}.bin`)));
    server.chunks.delete(one);
    server.chunks.set(two, randomBytes(1000));
    expect(await pod.restore(server)).toMatchObject({ restored: 0, unchanged: 3 });
    expect(await pod.restore(server, { RESTORE_VERIFY: 'true' })).toMatchObject({ restored: 2, failed: 0 });
    expect(await Promise.all(['a', 'b', 'c'].map((name) => read(server, `/docs/${name}.bin`)))).toEqual(
      before,
    );
    // Its number may be another file's by then.
    expect(server.chunks.has(two)).toBe(true);
  });

  test('two restores at once do not get into each other', async () => {
    for (let i = 0; i < 20; i += 1) server.write(`/buckets/logs/${i}.log`, randomBytes(1000 + i));
    const paths = [...server.entries.keys()].filter((path) => path.endsWith('.log'));
    const before = await Promise.all(paths.map((path) => read(server, path)));
    // A pack for each file or two.
    await pod.backup(server, { PACK_BYTES: '2500' });
    await server.wipe();
    const both = [pod.begin('restore.sh', server), pod.begin('restore.sh', server)];
    for (const one of both) expect([await one.exit(120_000), one.log]).toEqual([0, one.log]);
    expect(await Promise.all(paths.map((path) => read(server, path)))).toEqual(before);
    expect([...server.entries.keys()].filter((path) => path.startsWith('/.disaster-recovery/'))).toEqual([]);
  });

  test('a vault that is away ends it with the cause', async () => {
    await pod.s3.down();
    const result = await pod.run('backup.sh', server);
    await pod.s3.up();
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(/no set could be begun: no connection to localhost:\d+.* — FIX: /);
  });

  test('content is not taken from a set that is being made', async () => {
    const first = pod.age((await pod.backup(server)).id, 200);
    server.write('/docs/slow.bin', randomBytes(10));
    const another = pod.begin('backup.sh', server, { DELAY_SECONDS: '0' });
    await eventually(
      'it has begun',
      () =>
        pod.objects('seaweedfs/files/').some((path) => path.endsWith('begun.json') && !path.includes(first)),
      30_000,
    );
    const made = await pod.run('backup.sh', server, { KEEP_AT_LEAST: '1', ACCEPT_LOSS: 'true' });
    expect(made.status).toBe(0);
    expect(await another.exit(60_000)).toBe(0);
    await server.wipe();
    for (const id of pod.sets()) {
      await server.wipe();
      expect(await pod.restore(server, { RESTORE_SET: id })).toMatchObject({ failed: 0 });
    }
  });
});
