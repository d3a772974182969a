import { createHash, randomInt } from 'node:crypto';
import { describeWithRclone, MirrorPod } from './mirror-pod';

/**
 * Whatever happened between the runs, killed ones among them: every moment at which a run had ended comes back as the source
 * was then. The steps are drawn anew each time, and told when it fails.
 */
describeWithRclone('every moment of a mirror', () => {
  let pod: MirrorPod;
  beforeAll(async () => {
    pod = await MirrorPod.start();
    pod.rclone('mkdir', 'target:elsewhere', '--s3-no-check-bucket=false');
  }, 60_000);
  afterAll(() => pod?.stop());

  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const hashes = (bucket: string): Record<string, string> =>
    Object.fromEntries(
      pod
        .rclone('lsf', '-R', '--files-only', '--format', 'ph', '--hash', 'MD5', `target:${bucket}`)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(';') as [string, string]),
    );

  test('comes back as it was', async () => {
    const now = new Map<string, string>();
    const moments: { readonly at: string; readonly objects: Record<string, string> }[] = [];
    const steps: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (let step = 0; step < 8; step += 1) {
        const key = `${'abc'[randomInt(3)]}/${randomInt(4)}`;
        if (randomInt(4) === 0 && now.has(key)) {
          await pod.remove(key);
          now.delete(key);
          steps.push(`delete ${key}`);
        } else {
          // Of one length: only what is in it tells.
          const body = `${key} ${String(randomInt(10_000)).padStart(4, '0')}`.repeat(2_000);
          await pod.put(key, body);
          now.set(key, body);
          steps.push(`put ${key} ${body.slice(0, 8)}`);
        }
      }
      if (randomInt(2) === 0) {
        const after = randomInt(500, 4_000);
        const running = pod.background('mirror.sh', {
          ACCEPT_LOSS: 'true',
          RCLONE_BWLIMIT: '100k',
          RCLONE_TRANSFERS: '1',
        });
        await new Promise((resolve) => setTimeout(resolve, after));
        running.kill();
        await running.finished();
        steps.push(`killed after ${after} ms`);
      }
      const { id } = await pod.mirrored({ ACCEPT_LOSS: 'true' });
      steps.push(`mirrored ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const objects = Object.fromEntries([...now].map(([key, body]) => [key, md5(body)]));
      moments.push({ at: new Date().toISOString(), objects });
    }
    for (const { at, objects } of moments) {
      const env = {
        RESTORE_AT: at,
        RESTORE_APPLY: 'true',
        RESTORE_DELETE: 'true',
        TARGET_BUCKET: 'elsewhere',
      };
      const { lastLine, status } = await pod.run('restore.sh', env);
      expect({
        steps,
        at,
        status,
        lastLine: status === 0 ? '' : lastLine,
        objects: hashes('elsewhere'),
      }).toEqual({
        steps,
        at,
        status: 0,
        lastLine: '',
        objects,
      });
    }
  }, 400_000);
});
