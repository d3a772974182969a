import { copyFileSync, mkdirSync, rmSync, unlinkSync } from 'node:fs';
import { Btrfs, describeWithBtrfs } from './btrfs';
import { ClonePod } from './clone-pod';
import { Lab } from './lab';
import { eventually, type Result } from './processes';
import { giveS3, useS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';

const refusal = (text: string | RegExp) => ({ status: 78, lastLine: expect.stringMatching(text) });
const says = (words: string) => ({ status: 0, stderr: expect.stringContaining(words) });
const INSTANT = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
/** Every row, and which ones. */
const ROWS = "select count(*), md5(string_agg(n::text, ',' order by n)) from orders";

/**
 * Volumes made from atomic snapshots of one whose server runs, with the archive of all that followed. Each test begins
 * with an initialised database (lease 1) that has a backup, in a bucket of its own.
 */
describeWithBtrfs('snapshots', () => {
  describeWithS3('of a volume, and the archive of what followed', () => {
    let btrfs: Btrfs;
    let lab: Lab;
    let s3: S3Server;
    let clone: ClonePod;
    let buckets = 0;
    let writer: Promise<Result> | undefined;

    beforeAll(async () => {
      btrfs = Btrfs.create(8);
      lab = await Lab.create(btrfs.mount);
      clone = new ClonePod(lab);
      s3 = await S3Server.start();
      giveS3(lab, s3);
    }, 60_000);
    afterAll(async () => {
      await clone?.end();
      await lab?.dispose();
      await s3?.stop();
      btrfs?.remove();
    }, 60_000);

    beforeEach(async () => {
      emptyVolume();
      buckets += 1;
      s3.createBucket(`vault-${buckets}`);
      useS3(lab, s3, { 's3-bucket': `vault-${buckets}` });
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      lab.deploy({});
      await start();
      await lab.pgbackrest('stanza-create');
      await lab.sql('create table orders as select n from generate_series(1, 1000) n');
      await lab.pgbackrest('backup', '--type=full');
    });
    afterEach(async () => {
      await clone.end();
      await crash();
      rmSync(lab.path('attic'), { recursive: true, force: true });
      mkdirSync(lab.path('attic'));
    });

    function emptyVolume(): void {
      rmSync(lab.path('socket'), { recursive: true, force: true });
      mkdirSync(lab.path('socket'));
      rmSync(lab.path('volume'), { recursive: true, force: true });
      mkdirSync(lab.path('volume'));
      btrfs.subvolume(lab.path('volume'));
      lab.own();
    }
    const start = async () => {
      rmSync(lab.path('tmp/lease-checked'), { force: true });
      return lab.startServer({ LEASE_SECONDS: '1' });
    };
    const crash = async () => {
      await lab.crash();
      await writer;
      writer = undefined;
    };
    /** Commits one row after the other until the server is gone. */
    const write = () => {
      writer = lab.query(`do $$ begin for i in 1..1000000 loop
        insert into orders select coalesce(max(n), 0) + 1 from orders; commit; perform pg_sleep(0.002); end loop; end $$`);
    };
    const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const insert = (count: number) =>
      lab.sql(
        `insert into orders select m + i from (select max(n) m from orders) o, generate_series(1, ${count}) i`,
      );
    const instant = async () => {
      await pause(1.1);
      const now = await lab.sql(`select ${INSTANT}`);
      await pause(1.1);
      return now;
    };
    const snapshot = (name: string) => btrfs.snapshot(lab.path('volume'), lab.path('attic', name));
    const attach = (name: string) => {
      rmSync(lab.path('socket'), { recursive: true, force: true });
      mkdirSync(lab.path('socket'));
      rmSync(lab.path('volume'), { recursive: true, force: true });
      btrfs.snapshot(lab.path('attic', name), lab.path('volume'));
      lab.own();
    };
    const tell = (name: string) => lab.write('deploy/snapshot', `${name}\n`);
    const volume = (name: string) =>
      JSON.parse(lab.read(`volume/recovery/${name}`)) as Record<string, unknown>;
    const object = async (key: string) => {
      const shell =
        'source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh; trap - EXIT ERR; s3_get 1 "$1" && printf %s "$S3_BODY"';
      const { stdout } = await lab.run(['bash', '-c', shell, 'test', key]);
      return stdout === '' ? undefined : (JSON.parse(stdout) as Record<string, unknown>);
    };
    const recorded = (lease: number) =>
      eventually(
        `the timeline of lease ${lease} is recorded`,
        async () => (await object(`lineage/main/00000${lease}.json`)) !== undefined,
      );
    /** What a restore from the repository has. */
    const fromRepository = async (to = 'latest') => {
      const { log } = await clone.start({ CLONE_TO: to });
      expect(clone.ready ? '' : log).toBe('');
      const rows = await clone.sql(ROWS);
      await clone.end();
      return rows;
    };
    /** Load, a snapshot in the midst of it, and more load, all of it archived; then a disaster. */
    const disasterAfterSnapshots = async (...names: readonly string[]) => {
      write();
      for (const name of names) {
        await pause(0.4);
        await lab.sql('checkpoint');
        await pause(0.3);
        snapshot(name);
      }
      await pause(0.5);
      await lab.archiveAll();
      await crash();
    };

    test('taken under load, catch up to the newest state: the rows of a restore, and archiving goes on', async () => {
      await disasterAfterSnapshots('first', 'second');
      const expected = await fromRepository();
      for (const [name, lease] of [
        ['second', 2],
        ['first', undefined],
      ] as const) {
        attach(name);
        if (lease === undefined) {
          // The first has become one of an earlier life.
          expect(await lab.prepare()).toMatchObject(refusal(/superseded.*FIX: .*--no-snapshots/));
          continue;
        }
        expect(await lab.prepare()).toMatchObject(says(': catch-up'));
        expect(volume('complete.json')).toMatchObject({ how: 'caught-up', lease, target: 'latest' });
        await start();
        expect(await lab.sql(ROWS)).toBe(expected);
        await recorded(lease);
        expect(await object('lineage/main/000002.json')).toMatchObject({ timeline: 2 });
        await insert(10);
        await lab.archiveAll();
        const more = await lab.sql(ROWS);
        await crash();
        expect(await lab.prepare()).toMatchObject(says(': start'));
        expect(await fromRepository()).toBe(more);
      }
    });

    test.each([0, 0.15, 0.3, 0.45])(
      'taken %s s after a checkpoint under load, have the rows of a restore',
      async (seconds) => {
        write();
        await pause(0.2);
        await lab.sql('checkpoint');
        await pause(seconds);
        snapshot('shot');
        await insert(500);
        await lab.archiveAll();
        await crash();
        const expected = await fromRepository();
        attach('shot');
        expect(await lab.prepare()).toMatchObject(says(': catch-up'));
        await start();
        expect(await lab.sql(ROWS)).toBe(expected);
      },
    );

    test('reach an ordered time after the snapshot: the rows of a restore to it, once', async () => {
      snapshot('shot');
      // Well past its last checkpoint: within two seconds of that the repository serves.
      await pause(3);
      await insert(100);
      const to = await instant();
      await insert(100);
      await lab.archiveAll();
      await crash();
      const expected = await fromRepository(to);
      expect(expected).toMatch(/^1100\|/);
      attach('shot');
      lab.deploy({ recover: { id: 'undo-1', to } });
      expect(await lab.prepare()).toMatchObject(says(': catch-up'));
      expect(volume('complete.json')).toMatchObject({ how: 'caught-up', recovery: 'undo-1', target: to });
      await start();
      expect(await lab.sql(ROWS)).toBe(expected);
      await recorded(2);
      expect(await object('recoveries/main/undo-1.json')).toMatchObject({ lease: 2, to });
      await lab.archiveAll();
      await crash();
      expect(await lab.prepare()).toMatchObject(says(': start'));
      emptyVolume();
      expect(await lab.prepare()).toMatchObject(says("'undo-1' was done in an earlier life"));
    });

    test.each([
      ['in the WAL that it holds', ''],
      ['behind its last checkpoint, where PostgreSQL would not notice', 'checkpoint'],
    ])('leave a time before the snapshot, %s, to the repository', async (_, after) => {
      // Well behind the checkpoint of the backup.
      await pause(3);
      const to = await instant();
      await insert(100);
      if (after !== '') await lab.sql(after);
      snapshot('shot');
      await insert(100);
      await lab.archiveAll();
      await crash();
      const expected = await fromRepository(to);
      expect(expected).toMatch(/^1000\|/);
      attach('shot');
      lab.deploy({ recover: { id: 'undo-2', to } });
      expect(await lab.prepare()).toMatchObject(says(': recover-in-place'));
      expect(volume('complete.json')).toMatchObject({ how: 'restored', keptAs: 'pgdata.before-undo-2' });
      await start();
      expect(await lab.sql(ROWS)).toBe(expected);
    });

    test('start as they are when nothing of what followed is in the archive; told of it, they begin a life', async () => {
      await lab.archiveAll();
      await insert(7);
      snapshot('shot');
      await crash();
      attach('shot');
      expect(await lab.prepare()).toMatchObject(says(': start'));
      expect(volume('lease.json')).toMatchObject({ lease: 1 });
      tell('orders-1');
      expect(await lab.prepare()).toMatchObject(says(': catch-up'));
      expect(volume('lease.json')).toMatchObject({ lease: 2 });
      expect(volume('complete.json')).toMatchObject({ snapshot: 'orders-1' });
      await start();
      expect(await lab.sql(ROWS)).toMatch(/^1007\|/);
      await crash();
      expect(await lab.prepare()).toMatchObject(says(': start'));
    });

    test('that the deploy tells of are not started while the vault cannot be read, whatever was begun', async () => {
      await disasterAfterSnapshots('shot');
      attach('shot');
      const revoked = { PGBACKREST_REPO1_S3_KEY_SECRET: 'revoked', INFO_TIMEOUT_COMPLETE: '5' };
      expect(await lab.prepare(revoked)).toMatchObject(says(': start'));
      tell('orders-1');
      expect(await lab.prepare(revoked)).toMatchObject(
        refusal(/made from a snapshot \(orders-1\).*could not be read/),
      );
      lab.deploy({});
      attach('shot');
      lab.write('volume/recovery/in-progress.json', '{"action":"catch-up","at":"2026-01-01T00:00:00Z"}');
      expect(await lab.prepare(revoked)).toMatchObject(refusal(/could not be read/));
      expect(await lab.prepare()).toMatchObject(says(': catch-up'));
    });

    test('are brought back by a run that follows one killed at any moment', async () => {
      await disasterAfterSnapshots('shot');
      const expected = await fromRepository();
      attach('shot');
      for (const moment of ['in-progress.json', 'lease.json', 'archive-end', 'complete.json']) {
        rmSync(lab.path('volume/recovery/archive-end'), { force: true });
        const before = lab.exists(`volume/recovery/${moment}`) ? lab.read(`volume/recovery/${moment}`) : '';
        const killed = lab.spawn('prepare.sh', lab.podEnvironment);
        await eventually(
          `${moment} is written`,
          () =>
            !killed.running ||
            (lab.exists(`volume/recovery/${moment}`) && lab.read(`volume/recovery/${moment}`) !== before),
        );
        killed.kill();
        await killed.exit();
      }
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      await start();
      expect(await lab.sql(ROWS)).toBe(expected);
    });

    test('follow the recorded timeline past a clone that strayed', async () => {
      snapshot('shot');
      await insert(100);
      await lab.archiveAll();
      await crash();
      const expected = await fromRepository();
      // A copy of it somewhere else, promoted with archiving on and without a lease.
      attach('shot');
      const stray =
        'touch "$PGDATA/recovery.signal"; echo "restore_command = \'false\'" >>"$PGDATA/postgresql.auto.conf"';
      await lab.run(['bash', '-c', `rm -f "$PGDATA/postmaster.pid"; ${stray}`]);
      unlinkSync(lab.path('volume/recovery/lease.json'));
      await lab.startServer({ ARCHIVE_COMMAND: 'pgbackrest --stanza=main archive-push %p' });
      await lab.sql('delete from orders');
      await lab.archiveAll();
      await crash();
      attach('shot');
      expect(await lab.prepare()).toMatchObject(says('catches up to latest on timeline 1'));
      await start();
      expect(await lab.sql(ROWS)).toBe(expected);
    });

    test('taken while a restore was replayed follow the timeline that its server went on with', async () => {
      await insert(100);
      await lab.archiveAll();
      await crash();
      emptyVolume();
      expect(await lab.prepare()).toMatchObject(says(': restore'));
      snapshot('restoring');
      await start();
      await recorded(2);
      await insert(100);
      await lab.archiveAll();
      const expected = await lab.sql(ROWS);
      await crash();
      attach('restoring');
      expect(await lab.prepare()).toMatchObject(says('catches up to latest on timeline 2'));
      await start();
      expect(await lab.sql(ROWS)).toBe(expected);
    });

    test('are refused when their rows go on where the recorded life does not', async () => {
      const to = await instant();
      await insert(100);
      await lab.archiveAll();
      await crash();
      snapshot('flawed');
      lab.deploy({ recover: { id: 'undo-3', to } });
      expect(await lab.prepare()).toMatchObject(says(': recover-in-place'));
      copyFileSync(lab.path('volume/recovery/lease.json'), lab.path('tmp/lease.json'));
      await start();
      await recorded(2);
      await lab.archiveAll();
      await crash();
      lab.deploy({});
      // Of the moment at which that recovery had its lease, and had moved nothing yet.
      attach('flawed');
      copyFileSync(lab.path('tmp/lease.json'), lab.path('volume/recovery/lease.json'));
      lab.own(lab.path('volume'), true);
      expect(await lab.prepare()).toMatchObject(
        refusal(/went on where the database did not.*FIX: .*--no-snapshots/),
      );
    });

    test('are refused when the archive does not reach back to them, with what to do', async () => {
      snapshot('old');
      await insert(100);
      await lab.archiveAll();
      await lab.pgbackrest('backup', '--type=full');
      await lab.pgbackrest('expire', '--repo1-retention-full=1');
      await lab.archiveAll();
      await crash();
      attach('old');
      expect(await lab.prepare()).toMatchObject(
        refusal(
          /behind its archive, whose oldest WAL.*FIX: take a newer snapshot; or.*kubectl delete pod\/shop-0 pvc\/data-shop-0/,
        ),
      );
      emptyVolume();
      expect(await lab.prepare()).toMatchObject(says(': restore'));
    });

    test('without our marker catch up as well, where no lease was ever taken', async () => {
      await disasterAfterSnapshots('shot');
      const expected = await fromRepository();
      rmSync(s3.path(`vault-${buckets}`, 'test/shop/leases'), { recursive: true });
      rmSync(s3.path(`vault-${buckets}`, 'test/shop/lineage'), { recursive: true });
      attach('shot');
      rmSync(lab.path('volume/recovery'), { recursive: true });
      expect(await lab.prepare()).toMatchObject(says(': catch-up'));
      await start();
      expect(await lab.sql(ROWS)).toBe(expected);
    });
  });
});
