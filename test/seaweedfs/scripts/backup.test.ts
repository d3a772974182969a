import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { eventually } from '../../postgres/scripts/processes';
import { describeWithS3 } from '../../postgres/scripts/s3-server';
import { describeWithWeed, RealSeaweedFs } from './real';
import { described, hash, put, read, remove, type SeaweedFs } from './seaweedfs';
import { SeaweedFsPod } from './seaweedfs-pod';
import { StandIn } from './stand-in/stand-in';

const STRANGE = '/buckets/logs/a b/ü %25+&?#"\'\\ \t.log';
/** Larger than a pack, as the pods of these tests have them. */
const PACKS = { PACK_BYTES: '300000' };

function behaves(start: () => Promise<SeaweedFs>): void {
  let pod: SeaweedFsPod;
  let server: SeaweedFs;
  const files = new Map<string, Buffer>();

  beforeAll(async () => {
    pod = await SeaweedFsPod.start();
    server = await start();
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await pod?.dispose();
  });
  beforeEach(async () => {
    pod.forget();
    for (const top of ['/buckets', '/docs', '/etc']) await remove(server, top);
    files.clear();
    for (const [path, size] of Object.entries({
      '/buckets/logs/2026/one.log': 1000,
      '/buckets/logs/2026/two.log': 70_000,
      '/docs/large.bin': 1_000_000,
      '/docs/empty.txt': 0,
      '/etc/app.conf': 300,
      [STRANGE]: 12,
    }))
      await write(path, randomBytes(size));
  }, 60_000);

  const write = async (path: string, content: Buffer): Promise<void> => {
    files.set(path, content);
    await put(server, path, content, '?mode=0640');
  };
  const allThere = async (but: readonly string[] = []): Promise<void> => {
    for (const [path, content] of files)
      expect([path, await read(server, path)]).toEqual([path, but.includes(path) ? '404' : hash(content)]);
  };

  test('everything comes back into an empty one as it was, and again there is nothing to do', async () => {
    const before = await Promise.all([...files.keys()].map((path) => described(server, path)));
    const made = await pod.backup(server, PACKS);
    expect(made).toMatchObject({
      last: null,
      consistent: true,
      changing: 0,
      unread: 0,
      left: 0,
      encrypted: false,
    });
    expect(made.bytes).toBe(made.fetched);
    await server.wipe();
    expect(await read(server, '/docs/large.bin')).toBe('404');
    const back = await pod.restore(server, PACKS);
    expect(back).toMatchObject({ set: made.id, restored: made.files, bytes: made.bytes, failed: 0, kept: 0 });
    await allThere();
    // Mode, times, type, what was set for it: all but where its chunks are.
    expect(await Promise.all([...files.keys()].map((path) => described(server, path)))).toEqual(before);
    expect(await pod.restore(server, PACKS)).toMatchObject({ restored: 0, failed: 0, places: 0 });
    expect(await read(server, '/.disaster-recovery')).toBe('404');
  }, 180_000);

  test('a later set reads what is new alone, and each brings back its own time', async () => {
    const first = await pod.backup(server, PACKS);
    const old = files.get('/docs/large.bin') as Buffer;
    await write('/docs/large.bin', randomBytes(400_000));
    await write('/buckets/logs/2026/three.log', randomBytes(500));
    await remove(server, '/buckets/logs/2026/one.log');
    const second = await pod.backup(server, PACKS);
    expect(second).toMatchObject({ last: first.id, files: first.files, consistent: true, fetched: 400_500 });
    expect(pod.sets()).toEqual([first.id, second.id].sort());
    await server.wipe();
    expect(await pod.restore(server, { ...PACKS, RESTORE_SET: first.id })).toMatchObject({
      failed: 0,
      restored: first.files,
    });
    expect(await read(server, '/docs/large.bin')).toBe(hash(old));
    expect(await read(server, '/buckets/logs/2026/three.log')).toBe('404');
    // What is there and older than the set gives way to it.
    expect(await pod.restore(server, PACKS)).toMatchObject({ set: second.id, restored: 2, failed: 0 });
    await allThere();
  }, 180_000);

  test('users go on meanwhile: a path comes first, what is newer stays, unless it is said that it may not', async () => {
    await pod.backup(server, PACKS);
    await server.wipe();
    const newer = randomBytes(2000);
    await put(server, '/buckets/logs/2026/two.log', newer);
    await put(server, '/buckets/logs/2026/new.log', newer);
    expect(await pod.restore(server, { ...PACKS, RESTORE_PATH: '/buckets/logs/2026' })).toMatchObject({
      restored: 1,
      kept: 1,
      failed: 0,
    });
    expect(await read(server, '/buckets/logs/2026/two.log')).toBe(hash(newer));
    expect(await read(server, '/buckets/logs/2026/new.log')).toBe(hash(newer));
    expect(await read(server, '/docs/large.bin')).toBe('404');
    expect(await pod.restore(server, { ...PACKS, RESTORE_OVERWRITE: 'true' })).toMatchObject({
      kept: 0,
      failed: 0,
    });
    await allThere();
    expect(await read(server, '/buckets/logs/2026/new.log')).toBe(hash(newer));
    const nothing = await pod.run('restore.sh', server, { RESTORE_PATH: '/buckets/other' });
    expect(nothing.status).toBe(78);
    expect(nothing.lastLine).toContain('has nothing at /buckets/other — FIX: ');
  }, 180_000);

  test('metadata alone that was lost comes back at once, and of content what is no longer there', async () => {
    await pod.backup(server, PACKS);
    // Removed after the set, so that its chunks are gone as well.
    await remove(server, '/buckets/logs/2026/two.log');
    await server.loseMetadata();
    expect(await read(server, '/docs/large.bin')).toBe('404');
    const back = await pod.restore(server, { ...PACKS, RESTORE_METADATA: 'true' });
    expect(back.failed).toBe(0);
    // SeaweedFS removes content a while after its file.
    expect(back.restored).toBeLessThanOrEqual(1);
    await allThere();
  }, 180_000);

  test('metadata of volumes that are lost is not loaded: it would take the content of others with it', async () => {
    await pod.backup(server, PACKS);
    await server.wipe();
    await put(server, '/docs/theirs.bin', randomBytes(3000));
    const refused = await pod.run('restore.sh', server, { ...PACKS, RESTORE_METADATA: 'true' });
    expect(refused.status).toBe(78);
    expect(refused.lastLine).toMatch(
      /of \d files of set \S+ whose content its volumes should have, they have 0: .*FIX: run it without/,
    );
    expect(await read(server, '/docs/large.bin')).toBe('404');
    expect(await pod.restore(server, PACKS)).toMatchObject({ failed: 0 });
    await allThere();
  }, 180_000);

  test('what is encrypted tells nothing, and opens by its passphrase alone', async () => {
    pod.write('etc/passphrase', 'correct horse battery staple');
    pod.write('etc/wrong', 'another');
    await write('/docs/plain.txt', Buffer.from('in plain words'.repeat(20)));
    const encrypted = { ...PACKS, PASSPHRASE_FILE: `${pod.dir}/etc/passphrase` };
    const made = await pod.backup(server, encrypted);
    expect(made.encrypted).toBe(true);
    for (const object of pod.objects('seaweedfs')) {
      const kept = readFileSync(pod.object(object)).toString('latin1');
      expect(kept).not.toContain('plain.txt');
      expect(kept).not.toContain('in plain words');
    }
    await server.wipe();
    for (const [env, cause] of [
      [{ PASSPHRASE_FILE: `${pod.dir}/etc/wrong` }, 'cannot be decrypted'],
      [{}, 'there is no passphrase'],
    ] as const) {
      const refused = await pod.run('restore.sh', server, env);
      expect(refused.status).toBe(78);
      expect(refused.lastLine).toContain(cause);
      expect(refused.lastLine).toContain('FIX: give the job the passphrase');
    }
    expect(await pod.restore(server, encrypted)).toMatchObject({ restored: made.files, failed: 0 });
    await allThere();
  }, 180_000);

  test('one that has lost its files ends no good set', async () => {
    const first = pod.age((await pod.backup(server, PACKS)).id, 200);
    for (const path of ['/buckets', '/docs']) await remove(server, path);
    const refused = await pod.run('backup.sh', server, { KEEP_AT_LEAST: '1' });
    expect(refused.status).toBe(78);
    expect(refused.lastLine).toMatch(
      /4 of the 5 files of set \S+ are gone. No set is made, and none is removed — FIX: /,
    );
    expect(pod.sets()).toEqual([first]);
    // Meant: the old one goes with its content, as its time is over.
    const made = await pod.backup(server, { KEEP_AT_LEAST: '1', ACCEPT_LOSS: 'true' });
    expect(pod.sets()).toEqual([made.id]);
    expect(pod.packs()).toHaveLength(made.packs);
  }, 180_000);

  test('content stays as long as a set has it', async () => {
    const first = pod.age((await pod.backup(server, PACKS)).id, 200);
    await remove(server, '/buckets/logs/2026/one.log');
    await write('/docs/more.bin', randomBytes(1000));
    const second = await pod.backup(server, { ...PACKS, KEEP_AT_LEAST: '1' });
    expect(pod.sets()).toEqual([second.id]);
    expect(pod.sets()).not.toContain(first);
    await server.wipe();
    await pod.restore(server, PACKS);
    files.delete('/buckets/logs/2026/one.log');
    await allThere();
  }, 180_000);

  test('damage in the vault is told, and keeps nothing else from coming back', async () => {
    await pod.backup(server, PACKS);
    const [large] = pod.packs().filter((path) => path.endsWith('-300000'));
    const kept = readFileSync(pod.object(large ?? ''));
    kept[1000] = (kept[1000] ?? 0) ^ 1;
    writeFileSync(pod.object(large ?? ''), kept);
    await server.wipe();
    const result = await pod.run('restore.sh', server, PACKS);
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(
      /1 of set \S+ could not be restored, such as \/docs\/large.bin:the content \S+ is damaged in the vault — FIX: /,
    );
    await allThere(['/docs/large.bin']);
  }, 180_000);

  test('a run that is killed half way counts for nothing, and the next one goes on', async () => {
    const backup = pod.begin('backup.sh', server, { PACK_BYTES: '40000', CHECKPOINT_SECONDS: '0' });
    await eventually(
      'it says what it has',
      () => pod.objects('seaweedfs/').some((path) => path.endsWith('/partial.gz')),
      60_000,
    );
    await eventually('content is in the vault', () => pod.packs().length > 3);
    backup.kill();
    await backup.exit();
    expect(pod.sets()).toEqual([]);
    const made = await pod.backup(server, { ...PACKS, PACK_BYTES: '40000' });
    // What the first one had read is not read again.
    expect(made.fetched).toBeLessThan(made.bytes);
    expect(pod.sets()).toEqual([made.id]);
    await server.wipe();
    const restore = pod.begin('restore.sh', server, PACKS);
    await eventually(
      'some file is back',
      async () => / of \d+ files, .*after/.test(restore.log) || !restore.running,
      60_000,
    );
    restore.kill();
    await restore.exit();
    expect(await pod.restore(server, { ...PACKS, LEFTOVER_SECONDS: '0' })).toMatchObject({ failed: 0 });
    await allThere();
    expect(await read(server, '/.disaster-recovery')).toBe('404');
  }, 180_000);
}

describeWithS3('a SeaweedFS that a stand-in is', () => behaves(() => StandIn.start()));
describeWithWeed('a real SeaweedFS', () => behaves(() => RealSeaweedFs.start()));
