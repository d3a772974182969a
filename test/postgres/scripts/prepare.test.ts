import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Lab } from './lab';
import { eventually } from './processes';
import { describeWithPostgres, tools } from './tools';

const refusal = (text: string | RegExp) => ({ status: 78, lastLine: expect.stringMatching(text) });

describeWithPostgres('prepare.sh', () => {
  let lab: Lab;
  let between = '';

  /** A database with 1000 rows in its backup, 500 in WAL only, and then lost. */
  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    await lab.sql('create table orders as select n from generate_series(1, 1000) n');
    await lab.pgbackrest('stanza-create');
    await lab.pgbackrest('backup', '--type=full');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    between = await lab.sql(
      'select to_char(clock_timestamp() at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
    );
    await lab.sql('insert into orders select n from generate_series(1001, 1500) n');
    await lab.archiveAll();
    await lab.crash();
    lab.replaceVolume('ours');
    cpSync(lab.path('repo1'), lab.path('attic/repo1'), { recursive: true, preserveTimestamps: true });
  }, 120_000);

  afterAll(() => lab.dispose());

  beforeEach(() => {
    lab.deploy({});
    lab.repositories = [lab.posixRepository(1)];
    lab.configure();
  });

  afterEach(async () => {
    await lab.crash();
    lab.replaceVolume();
    chmodSync(lab.path('repo1'), 0o750);
  });

  const rows = () => lab.sql('select count(*) from orders');
  const marker = () => JSON.parse(lab.read('volume/recovery/complete.json'));
  const pgdataIsEmpty = () => readdirSync(lab.pgdata).length === 0;
  const wrongPassphrase = { PGBACKREST_REPO1_CIPHER_PASS: 'wrong' };
  /** A new stanza path: nothing was ever there. */
  const useEmptyRepository = (name: string) => {
    lab.repositories = [{ ...lab.posixRepository(1), path: lab.path(name) }];
    lab.configure();
    mkdirSync(lab.path(name), { recursive: true });
    chownSync(lab.path(name), tools().uid, tools().gid);
  };
  const initialiseElsewhere = async (name: string) => {
    useEmptyRepository(name);
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
  };

  describe('with an empty volume', () => {
    test('restores everything that was archived, and says from what and how fast', async () => {
      const result = await lab.prepare();
      expect(result).toMatchObject({ status: 0 });
      expect(result.stderr).toMatch(/restored \d+ MB in [\d.]+ s from full backup \d{8}-\d{6}F \(repo1\)/);
      expect(marker()).toMatchObject({
        how: 'restored',
        label: expect.stringMatching(/F$/),
        repo: 1,
        target: 'latest',
        timeline: 1,
      });
      await lab.startServer();
      expect(await rows()).toBe('1500');
    });

    test('restores even where the deploy says that the database is new', async () => {
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining('restored') });
    });

    test('throws away what an earlier server left in the spool', async () => {
      mkdirSync(lab.path('volume/spool/archive/main/in'), { recursive: true });
      writeFileSync(lab.path('volume/spool/archive/main/in/000000010000000000000001'), 'stale');
      lab.own(lab.path('volume'), true);
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(lab.exists('volume/spool/archive')).toBe(false);
    });

    test('does not mind the lost+found of a file system', async () => {
      mkdirSync(lab.path('volume/lost+found'));
      expect(await lab.prepare()).toMatchObject({ status: 0 });
    });

    test('refuses, and leaves the volume empty, when the passphrase is wrong, even if the deploy would initialise', async () => {
      lab.deploy({ initialize: true });
      expect(await lab.prepare(wrongPassphrase)).toMatchObject(
        refusal(/cannot be decrypted.*FIX: set PGBACKREST_REPO<n>_CIPHER_PASS/),
      );
      expect(pgdataIsEmpty()).toBe(true);
      expect(lab.read('termination-log')).toMatch(/^ERROR shop: .*cannot be decrypted/);
    });

    test('refuses when the repository may not be read', async () => {
      chmodSync(lab.path('repo1'), 0o000);
      chownSync(lab.path('repo1'), 0, 0);
      lab.deploy({ initialize: true });
      const result = await lab.prepare();
      chownSync(lab.path('repo1'), tools().uid, tools().gid);
      expect(result).toMatchObject(refusal(/permission denied/));
      expect(pgdataIsEmpty()).toBe(true);
    });

    test('refuses when the configuration lacks a key', async () => {
      lab.deploy({ initialize: true });
      lab.secrets = { PGBACKREST_REPO2_CIPHER_PASS: 'two' };
      const result = await lab.prepare();
      lab.secrets = { PGBACKREST_REPO1_CIPHER_PASS: 'one', PGBACKREST_REPO2_CIPHER_PASS: 'two' };
      expect(result).toMatchObject(refusal(/configuration is incomplete.*repo1-cipher-pass/));
      expect(pgdataIsEmpty()).toBe(true);
    });

    test('refuses when there is nothing to restore and the deploy does not say that the database is new', async () => {
      useEmptyRepository('empty');
      expect(await lab.prepare()).toMatchObject(
        refusal(/nothing to restore.*FIX: if this database is new, set TF_VAR_initialize=true/),
      );
      expect(pgdataIsEmpty()).toBe(true);
    });

    test.each(['false', 'yes', ''])('takes initialize = "%s" for no', async (text) => {
      useEmptyRepository('empty');
      lab.write('deploy/initialize', text);
      expect(await lab.prepare()).toMatchObject(refusal('nothing to restore'));
    });

    test('initialises with checksums when every repository is empty and the deploy says so', async () => {
      await initialiseElsewhere('empty');
      expect(marker()).toMatchObject({ how: 'initialised' });
      await lab.startServer();
      expect(await lab.sql('show data_checksums; show server_encoding')).toBe('on\nUTF8');
    });

    test('refuses when a stanza is there but no backup was ever finished', async () => {
      await initialiseElsewhere('young');
      await lab.startServer();
      await lab.pgbackrest('stanza-create');
      await lab.crash();
      lab.replaceVolume();
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject(refusal(/no backup to restore.*stanza-delete/));
    });

    test('refuses when only WAL of an earlier life is left', async () => {
      useEmptyRepository('wal-only');
      cpSync(lab.path('attic/repo1/archive'), lab.path('wal-only/archive'), { recursive: true });
      lab.own(lab.path('wal-only'), true);
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject(refusal(/WAL of an earlier life/));
    });

    test('refuses a backup of another major version', async () => {
      expect(await lab.prepare({ PG_MAJOR: '99' })).toMatchObject(
        refusal(new RegExp(`the newest fitting backup is of PostgreSQL ${tools().major}, this image is 99`)),
      );
    });

    test('refuses to start new where its own marker says that a database was here', async () => {
      await initialiseElsewhere('empty');
      rmSync(lab.pgdata, { recursive: true });
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject(refusal('its data is gone'));
    });
  });

  describe('after a kill', () => {
    test('of the restore, resumes it and has every row', async () => {
      const killed = lab.spawn('prepare.sh', lab.podEnvironment);
      await eventually(
        'the restore has begun',
        () => lab.exists('volume/pgdata/backup.manifest') || !killed.running,
        10_000,
      );
      killed.kill();
      await killed.exit();
      expect(lab.exists('volume/pgdata/backup.manifest')).toBe(true);
      expect(lab.exists('volume/pgdata/global/pg_control')).toBe(false);
      expect(lab.exists('volume/recovery/complete.json')).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await lab.prepare(wrongPassphrase)).toMatchObject(refusal('cannot be decrypted'));
      expect(await lab.prepare()).toMatchObject({
        status: 0,
        stderr: expect.stringContaining(': resume-restore'),
      });
      await lab.startServer();
      expect(await rows()).toBe('1500');
    });

    test('before the restore wrote its manifest, begins again', async () => {
      lab.attachVolume('ours');
      rmSync(lab.pgdata, { recursive: true });
      rmSync(lab.path('volume/recovery/complete.json'));
      mkdirSync(lab.path('volume/pgdata/base/1'), { recursive: true });
      lab.write('volume/recovery/in-progress.json', '{"action":"restore"}');
      lab.own(lab.path('volume'), true);
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      await lab.startServer();
      expect(await rows()).toBe('1500');
    });

    test('of initdb, begins again', async () => {
      useEmptyRepository('empty');
      lab.deploy({ initialize: true });
      const killed = lab.spawn('prepare.sh', lab.podEnvironment);
      await eventually('initdb has begun', () => lab.exists('volume/pgdata.initialising/PG_VERSION'));
      killed.kill();
      await killed.exit();
      expect(pgdataIsEmpty()).toBe(true);
      lab.deploy({});
      expect(await lab.prepare()).toMatchObject(refusal('nothing to restore'));
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(lab.exists('volume/pgdata.initialising')).toBe(false);
      await lab.startServer();
      expect(await lab.isPrimary()).toBe(true);
    });

    test('between the end of initdb and our marker, keeps the new database', async () => {
      await initialiseElsewhere('empty');
      const { systemId } = marker();
      rmSync(lab.path('volume/recovery/complete.json'));
      lab.write('volume/recovery/in-progress.json', '{"action":"initialise"}');
      expect(await lab.prepare()).toMatchObject(refusal('nothing to restore'));
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(marker()).toMatchObject({ systemId, how: 'initialised' });
      expect(lab.exists('volume/recovery/in-progress.json')).toBe(false);
    });
  });

  describe('with data on the volume', () => {
    test('leaves its own complete data alone', async () => {
      lab.attachVolume('ours');
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
      await lab.startServer();
      expect(await rows()).toBe('1500');
    });

    test('starts its own complete data though the repository cannot be read, and warns', async () => {
      lab.attachVolume('ours');
      const result = await lab.prepare(wrongPassphrase);
      expect(result).toMatchObject({ status: 0 });
      expect(result.stderr).toMatch(/WARNING the repository could not be read \(repo1: .*passphrase/);
    });

    test('starts its own complete data before there is a stanza', async () => {
      await initialiseElsewhere('empty');
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
    });

    test('takes back the mode that a fsGroup gave it', async () => {
      lab.attachVolume('ours');
      chmodSync(lab.pgdata, 0o2770);
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(statSync(lab.pgdata).mode & 0o7777).toBe(0o700);
    });

    test('adopts data that the stanza knows, without our marker or with a damaged one', async () => {
      lab.attachVolume('ours');
      rmSync(lab.path('volume/recovery/complete.json'));
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': adopt') });
      const { systemId } = marker();
      expect(marker()).toMatchObject({ how: 'adopted' });
      lab.write('volume/recovery/complete.json', '{"system');
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(marker()).toMatchObject({ how: 'adopted', systemId });
    });

    test('does not adopt while the repository cannot be read', async () => {
      lab.attachVolume('ours');
      rmSync(lab.path('volume/recovery/complete.json'));
      expect(await lab.prepare(wrongPassphrase)).toMatchObject(refusal('could not be read'));
    });

    test.each([true, false])(
      'refuses foreign data, naming both system ids (our marker: %s)',
      async (marked) => {
        await initialiseElsewhere('empty');
        const foreign = marker().systemId;
        if (!marked) rmSync(lab.path('volume/recovery/complete.json'));
        lab.repositories = [lab.posixRepository(1)];
        lab.configure();
        const ours = (await lab.pgbackrest('info', '--output=json')).match(/"system-id":(\d+)/)?.[1];
        expect(await lab.prepare()).toMatchObject(
          refusal(new RegExp(`system id is ${foreign}, .* knows only ${ours} `)),
        );
      },
    );

    test('refuses data that nobody knows', async () => {
      await initialiseElsewhere('empty');
      rmSync(lab.path('volume/recovery/complete.json'));
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject(refusal('no repository knows'));
    });

    test('refuses files that are no data directory', async () => {
      mkdirSync(lab.pgdata);
      writeFileSync(lab.path('volume/pgdata/notes.txt'), '');
      lab.own(lab.path('volume'), true);
      expect(await lab.prepare()).toMatchObject(refusal(/it holds notes\.txt/));
    });

    test('refuses another major version', async () => {
      lab.attachVolume('ours');
      expect(await lab.prepare({ PG_MAJOR: '99' })).toMatchObject(
        refusal(new RegExp(`is of PostgreSQL ${tools().major}, this deploy runs 99`)),
      );
    });

    test('refuses a damaged pg_control', async () => {
      lab.attachVolume('ours');
      writeFileSync(lab.path('volume/pgdata/global/pg_control'), Buffer.alloc(8192, 7));
      expect(await lab.prepare()).toMatchObject(refusal('pg_control is missing or damaged'));
    });

    test('refuses to run or repeat a restore that somebody began by hand over complete data', async () => {
      lab.attachVolume('ours');
      lab.write('volume/pgdata/backup.manifest', '');
      expect(await lab.prepare()).toMatchObject(refusal('started by hand and not finished'));
    });

    test('refuses when the data directory under our marker was exchanged', async () => {
      await initialiseElsewhere('empty');
      renameSync(lab.pgdata, lab.path('attic/exchanged'));
      lab.replaceVolume();
      lab.attachVolume('ours');
      rmSync(lab.pgdata, { recursive: true });
      renameSync(lab.path('attic/exchanged'), lab.pgdata);
      lab.repositories = [lab.posixRepository(1)];
      lab.configure();
      expect(await lab.prepare()).toMatchObject(refusal('foreign data'));
    });
  });

  describe('with an ordered recovery', () => {
    test('restores to the instant, once', async () => {
      lab.deploy({ recover: { id: 'undo-1', to: between } });
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(marker()).toMatchObject({ how: 'restored', recovery: 'undo-1', target: between });
      await lab.startServer();
      expect(await rows()).toBe('1000');
      await lab.crash();
      expect(lab.exists('volume/recovery/done/undo-1')).toBe(true);
      rmSync(lab.pgdata, { recursive: true });
      expect(await lab.prepare()).toMatchObject({
        status: 0,
        stderr: expect.stringContaining("'undo-1' was done before"),
      });
      expect(marker()).toMatchObject({ target: 'latest' });
    });

    test('recovers complete data in place, once, and keeps what was there', async () => {
      lab.attachVolume('ours');
      const before = readdirSync(lab.pgdata).sort();
      lab.deploy({ recover: { id: 'undo-2', to: between } });
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining('undo-2') });
      expect(readdirSync(lab.path('volume/pgdata.before-undo-2')).sort()).toEqual(before);
      await lab.startServer();
      expect(await rows()).toBe('1000');
      await lab.sql('insert into orders values (2000)');
      await lab.crash();
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
      await lab.startServer();
      expect(await rows()).toBe('1001');
    });

    test('waits, and complete data starts, while the repository cannot be read', async () => {
      lab.attachVolume('ours');
      lab.deploy({ recover: { id: 'undo-3', to: between } });
      const result = await lab.prepare(wrongPassphrase);
      expect(result).toMatchObject({ status: 0, stderr: expect.stringContaining("'undo-3' waits") });
      expect(lab.exists('volume/recovery/done/undo-3')).toBe(false);
    });

    test.each([
      [
        'before every backup',
        '2001-01-01T00:00:00Z',
        {},
        /no backup leads to 2001-01-01T00:00:00Z.*the first ended at/,
      ],
      [
        'that does not fit beside the present data',
        'between',
        { PATH: 'small' },
        /needs 2\d MB .*0\.0 MB are free/,
      ],
    ])(
      'refuses one %s, and leaves complete data alone',
      async (_, to, env: Record<string, string>, words) => {
        lab.attachVolume('ours');
        lab.deploy({ recover: { id: 'r', to: to === 'between' ? between : to } });
        lab.write('tmp/df', '#!/bin/sh\necho Avail; echo 4096\n', 0o755);
        const path = `${lab.path('tmp')}:/usr/sbin:/usr/bin:/sbin:/bin`;
        expect(await lab.prepare(env['PATH'] === undefined ? {} : { PATH: path })).toMatchObject(
          refusal(words),
        );
        rmSync(lab.path('tmp/df'));
        lab.deploy({});
        expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
      },
    );

    describe('over complete data, killed', () => {
      const order = () => ({ id: 'undo-4', to: between });
      beforeEach(() => {
        lab.attachVolume('ours');
        lab.deploy({ recover: order() });
      });
      const begun = () =>
        lab.write('volume/recovery/in-progress.json', JSON.stringify({ action: 'recover', order: order() }));
      const recovers = async () => {
        expect(await lab.prepare()).toMatchObject({ status: 0 });
        expect(marker()).toMatchObject({ how: 'restored', recovery: 'undo-4' });
        expect(lab.exists('volume/recovery/in-progress.json')).toBe(false);
        expect(readdirSync(lab.path('volume')).filter((name) => name.startsWith('pgdata.'))).toEqual([
          'pgdata.before-undo-4',
        ]);
        expect(lab.exists('volume/pgdata.before-undo-4/PG_VERSION')).toBe(true);
        await lab.startServer();
        expect(await rows()).toBe('1000');
      };

      test('before the data was moved, begins again', async () => {
        begun();
        await recovers();
      });

      test('before the data was moved, and then withdrawn, leaves the data as it is', async () => {
        begun();
        lab.deploy({});
        expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
        await lab.startServer();
        expect(await rows()).toBe('1500');
      });

      test('after the data was moved, goes on, though the order was withdrawn', async () => {
        begun();
        renameSync(lab.pgdata, lab.path('volume/pgdata.before-undo-4'));
        lab.deploy({});
        await recovers();
      });

      test('in the middle of the restore, goes on', async () => {
        const killed = lab.spawn('prepare.sh', lab.podEnvironment);
        await eventually('it restores', () => lab.exists('volume/pgdata/backup.manifest'));
        killed.kill();
        await killed.exit();
        lab.deploy({});
        await recovers();
      });

      test('between the record of the done recovery and the marker, goes on', async () => {
        begun();
        renameSync(lab.pgdata, lab.path('volume/pgdata.before-undo-4'));
        rmSync(lab.path('volume/recovery/complete.json'));
        mkdirSync(lab.path('volume/recovery/done'), { recursive: true });
        lab.write('volume/recovery/done/undo-4', 'then');
        lab.own(lab.path('volume'), true);
        await recovers();
      });

      test('after the marker was written, starts', async () => {
        expect(await lab.prepare()).toMatchObject({ status: 0 });
        begun();
        expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
      });
    });

    test('takes the named backup and timeline', async () => {
      const label = JSON.parse(await lab.pgbackrest('info', '--output=json'))[0].backup[0].label;
      lab.deploy({ recover: { id: 'named', to: 'latest', set: label, timeline: 1 } });
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      expect(lab.read('volume/pgdata/postgresql.auto.conf')).toContain("recovery_target_timeline = '1'");
      await lab.startServer();
      expect(await rows()).toBe('1500');
    });

    test('fails when the repository is empty, and never initialises', async () => {
      useEmptyRepository('empty');
      lab.deploy({ initialize: true, recover: { id: 'r', to: 'latest' } });
      expect(await lab.prepare()).toMatchObject(
        refusal("recovery 'r' was ordered, but every repository was listed and is empty"),
      );
      expect(pgdataIsEmpty()).toBe(true);
    });

    test.each([
      ['an instant in the future', { id: 'r', to: '2999-01-01T00:00:00+02:00' }, 'in the future'],
      ['an instant without a zone', { id: 'r', to: '2026-01-01T00:00:00' }, 'an instant with its zone'],
      ['a name that is no backup', { id: 'r', to: 'latest', set: '$(id)' }, 'no backup label'],
      ['a strange timeline', { id: 'r', to: 'latest', timeline: '00000002' }, 'a decimal number'],
      ['an id that is a path', { id: '../x', to: 'latest' }, 'has an id'],
      ['no id', { to: 'latest' }, 'is not'],
      ['broken JSON', '{"id":', 'is not'],
    ])('refuses %s before it touches anything', async (_, recover, problem) => {
      lab.deploy({ recover });
      expect(await lab.prepare()).toMatchObject(refusal(new RegExp(`recover.json .*${problem}`)));
      expect(pgdataIsEmpty()).toBe(true);
    });

    test.each([
      ['before every backup', { to: '2001-01-01T00:00:00Z' }],
      ['of an unknown backup', { to: 'latest', set: '20010101-000000F' }],
      ['on an unknown timeline', { to: 'latest', timeline: 99 }],
    ])('refuses a state %s before it touches anything', async (_, target) => {
      lab.deploy({ recover: { id: 'r', ...target } });
      expect(await lab.prepare()).toMatchObject(refusal(/no backup leads to .*FIX: in recovery r choose/));
      expect(pgdataIsEmpty()).toBe(true);
    });

    test('that is invalid does not keep complete data from starting', async () => {
      lab.attachVolume('ours');
      lab.deploy({ recover: '{"id":' });
      expect(await lab.prepare()).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('it is ignored'),
      });
    });
  });

  describe('with two repositories', () => {
    const unreadable = () => ({ ...lab.posixRepository(1), path: '/proc/1/root/unreadable' });
    const same = () => ({ ...lab.posixRepository(1) });

    test('restores from the one that can be read, and says so', async () => {
      lab.repositories = [unreadable(), same()];
      lab.secrets = { PGBACKREST_REPO1_CIPHER_PASS: 'one', PGBACKREST_REPO2_CIPHER_PASS: 'one' };
      lab.configure();
      const result = await lab.prepare();
      expect(result).toMatchObject({ status: 0 });
      expect(result.stderr).toMatch(/WARNING repo1: .*; restoring from repo2 alone/);
      await lab.startServer();
      expect(await rows()).toBe('1500');
    });

    test('refuses when one cannot be read and the other is empty', async () => {
      lab.repositories = [unreadable(), { ...lab.posixRepository(2), path: lab.path('empty') }];
      lab.configure();
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject(refusal(/could not be read \(repo1: /));
      expect(pgdataIsEmpty()).toBe(true);
    });

    test('restores from the other when the first is empty', async () => {
      lab.repositories = [{ ...lab.posixRepository(1), path: lab.path('empty') }, same()];
      lab.secrets = { PGBACKREST_REPO1_CIPHER_PASS: 'two', PGBACKREST_REPO2_CIPHER_PASS: 'one' };
      lab.configure();
      lab.deploy({ initialize: true });
      expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining('(repo2)') });
      expect(marker()).toMatchObject({ repo: 2 });
    });

    afterEach(() => {
      lab.secrets = { PGBACKREST_REPO1_CIPHER_PASS: 'one', PGBACKREST_REPO2_CIPHER_PASS: 'two' };
    });
  });
});
