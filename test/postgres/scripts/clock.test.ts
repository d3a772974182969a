import { canFakeTime, clockOff } from './clock';
import { Lab } from './lab';
import { type Background, eventually } from './processes';
import { giveS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';
import { describeWithPostgres } from './tools';

if (!canFakeTime)
  console.warn('Skipped: libfaketime is not installed here (npm test does it, as root on Debian).');

/** Not as patient as in a cluster. */
const brief = {
  PGBACKREST_ARCHIVE_TIMEOUT: '5',
  PGBACKREST_IO_TIMEOUT: '1',
  INFO_TIMEOUT: '20',
  RESTORE_RETRY_SECONDS: '2',
  RESTORE_RETRY_PAUSE: '1',
  LEASE_SECONDS: '1',
};
const impatient = { PASSING_SECONDS: '1', WAIT_SECONDS: '90', CHECK_SECONDS: '5' };
const wrongClock = (line: RegExp) => ({ status: 78, lastLine: expect.stringMatching(line) });

const DIFFER = /^ERROR .*the clocks of this node and of the object store differ too much.* — FIX: .*NTP/;
const NOT_YET = /^ERROR .*not yet valid: the clock of this node is behind.* — FIX: .*NTP/;

/** The store refuses requests that are a quarter of an hour off, and its certificate is an hour old. */
const clocks: [string, number, RegExp][] = [
  ['an hour ahead', 60, DIFFER],
  ['half an hour behind', -30, DIFFER],
  ['two hours behind', -120, NOT_YET],
];

(canFakeTime ? describeWithS3 : describe.skip)("the pod's clock is wrong, and the store notices", () => {
  let lab: Lab;
  let s3: S3Server;
  let server: Background;
  let rows = 0;

  const off = (minutes: number) => ({ ...brief, ...clockOff(lab, minutes) });
  const start = (minutes = 0) =>
    // The archiver of a server that was killed holds its memory until its command has ended.
    eventually(
      'the server runs',
      async () => {
        server = await lab.startServer(minutes === 0 ? brief : off(minutes));
        return server.running;
      },
      60_000,
    );
  const write = async () => {
    rows += 1;
    await lab.sql(`insert into kept values (${rows})`);
  };
  const everyRowIsThere = async () => expect(await lab.sql('select count(*) from kept')).toBe(String(rows));

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    giveS3(lab, s3);
  }, 60_000);
  afterAll(async () => {
    await lab?.dispose();
    await s3?.stop();
  });

  test.each(clocks)(
    '%s: an empty vault is not taken for one, and nothing is initialised',
    async (_, minutes, line) => {
      lab.deploy({ initialize: true });
      expect(await lab.prepare(off(minutes))).toMatchObject(wrongClock(line));
      expect(lab.exists('volume/pgdata/PG_VERSION')).toBe(false);
    },
  );

  test('with the right one it begins', async () => {
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await start();
    await lab.makeCertificates();
    await lab.startSidecar();
    expect(await lab.job('first-backup.sh')).toMatchObject({ status: 0 });
    await lab.sql('create table kept (n int)');
    await write();
    await lab.archiveAll();
  });

  test.each(clocks)(
    '%s: complete data starts, archiving and backups fail and say why, and WAL waits',
    async (_, minutes, line) => {
      // Its last WAL would wait for the store.
      await lab.crash();
      expect(await lab.prepare({ ...off(minutes), INFO_TIMEOUT_COMPLETE: '20' })).toMatchObject({
        status: 0,
        stderr: expect.stringMatching(/WARNING the repository could not be read .*clock/),
      });
      await start(minutes);
      await write();
      await lab.sql('select pg_switch_wal()');
      await eventually(
        'archiving has failed',
        async () => /ERROR \S+ of shop is not archived yet/.test(server.log),
        60_000,
      );
      expect(/^.*(ERROR \S+ of shop is not archived yet.*)$/m.exec(server.log)?.[1]).toMatch(line);
      expect(await lab.sql('select last_failed_wal is not null from pg_stat_archiver')).toBe('t');
      // Its certificate is not yet valid for the one that is behind, either.
      expect(await lab.job('backup.sh', ['full'], { ...off(minutes), ...impatient })).toMatchObject(
        wrongClock(minutes < 0 ? NOT_YET : DIFFER),
      );
    },
  );

  test('with the right one all that waited is archived, and a backup is made', async () => {
    await lab.crash();
    await start();
    await everyRowIsThere();
    // pgBackRest's background process with the wrong clock goes on for half a minute; in a pod it ends with that.
    await lab.archiveAll().catch(() => lab.archiveAll());
    expect(await lab.job('backup.sh', ['full'])).toMatchObject({ status: 0 });
    await write();
    await lab.archiveAll();
    await lab.crash();
    lab.replaceVolume();
  });

  test.each(clocks)('%s: a lost database is not restored, and not made anew', async (_, minutes, line) => {
    lab.deploy({ initialize: true });
    expect(await lab.prepare(off(minutes))).toMatchObject(wrongClock(line));
    expect(lab.exists('volume/pgdata/PG_VERSION')).toBe(false);
    lab.deploy({});
  });

  test('it goes wrong between restore and replay: the recovery stops, and does not end early', async () => {
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    for (const [, minutes, line] of clocks) {
      const replaying = await lab.startServer(off(minutes));
      expect(await replaying.exit()).not.toBe(0);
      expect(lab.read('termination-log').trim()).toMatch(line);
      expect(replaying.log).not.toContain('archive recovery complete');
    }
    await start();
    await everyRowIsThere();
  }, 180_000);
});

(canFakeTime ? describeWithPostgres : describe.skip)(
  "the pod's clock is wrong, and the repository does not notice",
  () => {
    let lab: Lab;

    beforeAll(async () => {
      lab = await Lab.create();
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      lab.deploy({});
      await lab.startServer();
      await lab.pgbackrest('stanza-create');
      await lab.makeCertificates();
      await lab.startSidecar();
      await lab.sql('create table kept as select 1 as n');
      expect(await lab.job('backup.sh', ['full'])).toMatchObject({ status: 0 });
      await lab.archiveAll();
    }, 60_000);
    afterAll(() => lab?.dispose());

    test.each([
      ['ahead', 60],
      ['behind', -60],
    ])('an hour %s: what was lost comes back whole, along the same timeline', async (_, minutes) => {
      const before = Number(await lab.sql('select count(*) from kept'));
      await lab.sql('insert into kept values (2)');
      await lab.archiveAll();
      await lab.crash();
      lab.replaceVolume();
      expect(await lab.prepare(clockOff(lab, minutes))).toMatchObject({ status: 0 });
      await lab.startServer(clockOff(lab, minutes));
      expect(await lab.sql('select count(*) from kept')).toBe(String(before + 1));
      await lab.archiveAll();
      await lab.stopServer();
      await lab.startServer();
    });

    test('a clock behind takes an order to a time that was for one to come: refused, with its own time', async () => {
      const to = (
        await lab.sql(`select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`)
      ).trim();
      await lab.archiveAll();
      await lab.crash();
      lab.replaceVolume('ours');
      lab.deploy({ recover: { id: 'back', to } });
      expect(await lab.prepare(clockOff(lab, -60))).toMatchObject(
        wrongClock(/asks for .*, which is in the future \(it is .* here\) — FIX: /),
      );
      expect(lab.exists('volume/pgdata/PG_VERSION')).toBe(false);
      lab.deploy({});
      lab.replaceVolume();
      lab.attachVolume('ours');
      await lab.startServer();
    });

    test('a backup made ahead of time keeps others from being made until then; that is told, and archiving goes on', async () => {
      // The server's clock dates a backup.
      await lab.stopServer();
      await lab.startServer(clockOff(lab, 60));
      expect(await lab.job('backup.sh', ['full'], clockOff(lab, 60))).toMatchObject({ status: 0 });
      await lab.stopServer();
      await lab.startServer();
      expect(await lab.job('backup.sh', ['full'], impatient)).toMatchObject(
        wrongClock(
          /bears a time that is still to come: the clock of this node is behind, or was ahead.* — FIX: /,
        ),
      );
      const before = Number(await lab.sql('select count(*) from kept'));
      await lab.sql('insert into kept values (3)');
      await lab.archiveAll();
      await lab.crash();
      lab.replaceVolume();
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      await lab.startServer();
      expect(await lab.sql('select count(*) from kept')).toBe(String(before + 1));
    });
  },
);
