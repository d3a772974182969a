import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeWithRclone, MirrorPod } from './mirror-pod';

describeWithRclone('the mirror of a bucket', () => {
  let pod: MirrorPod;
  beforeAll(async () => {
    pod = await MirrorPod.start();
  }, 60_000);
  afterAll(() => pod?.stop());
  beforeEach(() => {
    pod.forgetMirror();
    pod.empty();
    const files = Array.from({ length: 20 }, (_, n) => [`files/${n}.txt`, `content ${n}`]);
    pod.putAll({
      ...Object.fromEntries(files),
      big: randomBytes(6 * 1024 * 1024),
      'names/a b+c&d%25 ü "q".txt': 'odd',
    });
  });

  test('copies everything, then what is new, changed or gone', async () => {
    const first = await pod.mirrored();
    expect(first).toMatchObject({
      run: 1,
      previous: null,
      objects: 22,
      copied: { objects: 22 },
      replaced: 0,
      removed: 0,
      versions: 0,
      check: { differences: 0 },
    });
    expect(pod.mirrorKeys('current')).toHaveLength(22);
    expect(pod.mirrorKeys('current')).toContain('names/a b+c&d%25 ü "q".txt');
    const same = await pod.mirrored();
    expect(same).toMatchObject({ run: 2, previous: first.id, copied: { objects: 0, bytes: 0 }, objects: 22 });
    await pod.put('files/1.txt', 'another');
    await pod.put('new', 'new');
    await pod.remove('files/2.txt');
    const third = await pod.mirrored();
    expect(third).toMatchObject({
      objects: 22,
      copied: { objects: 2 },
      replaced: 1,
      removed: 1,
      versions: 2,
    });
    expect(pod.mirrorKeys(`replaced/${third.id}`)).toEqual(['files/1.txt', 'files/2.txt']);
  });

  test('one that was overwritten by as many other bytes', async () => {
    await pod.mirrored();
    await pod.put('files/3.txt', 'CONTENT 3');
    const { copied, id, replaced } = await pod.mirrored();
    expect([copied.objects, replaced]).toEqual([1, 1]);
    expect(pod.mirrorKeys(`replaced/${id}`)).toEqual(['files/3.txt']);
    expect(readFileSync(pod.mirrorFile('current/files/3.txt'), 'utf8')).toBe('CONTENT 3');
  });

  test('a bucket that has nothing yet, and then has', async () => {
    pod.empty();
    expect(await pod.mirrored()).toMatchObject({ objects: 0, bytes: 0 });
    expect(await pod.mirrored()).toMatchObject({ objects: 0, copied: { objects: 0 } });
    await pod.put('first', 'first');
    expect(await pod.mirrored()).toMatchObject({ objects: 1, copied: { objects: 1 } });
  });
});
