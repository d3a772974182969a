import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { Lab } from './lab';
import { Background, eventually, type Result } from './processes';
import { describeWithPostgres, tools } from './tools';

const failed = (text: string | RegExp) => ({ status: 78, lastLine: expect.stringMatching(text) });
const soon = { WAIT_SECONDS: '2', CHECK_SECONDS: '2', LOCK_WAIT_SECONDS: '2', BACKUP_RETRY_SECONDS: '2' };

/** What a job leaves for the records: one JSON object per repository. */
const records = (result: Result): Record<string, unknown>[] =>
  result.stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describeWithPostgres('first-backup.sh and backup.sh', () => {
  let lab: Lab;
  let sidecar: Background;

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    await lab.makeCertificates();
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    sidecar = await lab.startSidecar();
  }, 60_000);

  afterAll(() => lab.dispose());

  const backups = async () =>
    JSON.parse(await lab.pgbackrest('info', '--output=json'))[0].backup as unknown[];

  test('the first job creates the stanza, makes a full backup and tells about it', async () => {
    const result = await lab.job('first-backup.sh');
    expect(result).toMatchObject({ status: 0 });
    expect(records(result)).toEqual([
      {
        repo: 1,
        label: expect.stringMatching(/^\d{8}-\d{6}F$/),
        type: 'full',
        bytes: expect.any(Number),
        deltaBytes: expect.any(Number),
        repoBytes: expect.any(Number),
        seconds: expect.any(Number),
        stop: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        timeline: '00000001',
      },
    ]);
  });

  test('the next deploy makes no other on the same timeline', async () => {
    const result = await lab.job('first-backup.sh');
    expect(result).toMatchObject({ status: 0 });
    expect(records(result)).toEqual([
      { repo: 1, label: expect.stringMatching(/F$/), timeline: '00000001', skipped: true },
    ]);
    expect(await backups()).toHaveLength(1);
  });

  test.each([
    ['full', 'F'],
    ['diff', 'D'],
    ['incr', 'I'],
  ])('makes a %s backup', async (type, letter) => {
    const result = await lab.job('backup.sh', [type]);
    expect(result).toMatchObject({ status: 0 });
    expect(records(result)).toMatchObject([
      { repo: 1, type, label: expect.stringMatching(new RegExp(`${letter}$`)) },
    ]);
  });

  test('expires old backups in the same run', async () => {
    expect(await lab.job('backup.sh', ['full'])).toMatchObject({ status: 0 });
    const full = (await backups()).filter((backup) => (backup as { type: string }).type === 'full');
    expect(full).toHaveLength(2);
  });

  test('knows only three types', async () => {
    expect(await lab.job('backup.sh', ['weekly'])).toMatchObject(
      failed(/called with 'weekly' — FIX: call it as/),
    );
  });

  test('fails for a server that is down, with the cause and not with "primary not found"', async () => {
    await lab.stopServer();
    expect(await lab.job('backup.sh', ['incr'], soon)).toMatchObject(
      failed('the database server is not ready'),
    );
    await lab.startServer();
  });

  test('fails while a stop file stands, at once', async () => {
    await lab.run(['pgbackrest', '--lock-path', lab.path('lock-job'), '--stanza=main', 'stop']);
    const result = await lab.job('backup.sh', ['incr']);
    await lab.run(['pgbackrest', '--lock-path', lab.path('lock-job'), '--stanza=main', 'start']);
    expect(result).toMatchObject(failed(/stopped by hand.*FIX: run: pgbackrest --stanza=main start/));
  });

  test('two jobs exclude each other: the second waits for the first, then makes its own', async () => {
    await lab.sql('create table big as select n, md5(n::text) from generate_series(1, 400000) n');
    // A checkpoint that takes its time keeps the first from going on, with the lock in its hands.
    const first = lab.spawn('backup.sh', { ...lab.jobEnvironment, PGBACKREST_START_FAST: 'n' }, ['full']);
    await eventually('the first has begun', () => first.log.includes('backup begins after'));
    const other = { ...lab.jobEnvironment, PGBACKREST_LOCK_PATH: lab.path('lock-other') };
    const second = lab.spawn('backup.sh', other, ['incr']);
    await eventually('the second waits', () =>
      second.log.includes('another pgBackRest job holds the lock; trying again'),
    );
    await lab.sql('checkpoint');
    expect(await Promise.all([first.exit(), second.exit()])).toEqual([0, 0]);
    expect(second.log).toContain('backup command end: completed successfully');
  });

  describe('beside a backup whose manifest is not written yet', () => {
    // pgBackRest has given its lock back by then.
    const copy = (label: string) => {
      const folder = lab.path('repo1/backup/main', label);
      mkdirSync(folder);
      cpSync(lab.path('repo1/backup/main/backup.info'), join(folder, 'backup.manifest.copy'));
      lab.own(folder, true);
      return folder;
    };
    const label = () =>
      `${new Date(Date.now() + 1000)
        .toISOString()
        .replaceAll(/[-:]|\..*/g, '')
        .replace('T', '-')}F`;

    test('a job waits for it', async () => {
      const made = readdirSync(lab.path('repo1/backup/main')).filter((name) => /^\d{8}-\d{6}F/.test(name));
      const manifest = lab.path('repo1/backup/main', made.sort().at(-1) ?? '', 'backup.manifest');
      renameSync(manifest, `${manifest}.kept`);
      let ended = false;
      const job = lab.job('backup.sh', ['full']).finally(() => {
        ended = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(ended).toBe(false);
      expect(existsSync(`${manifest}.copy`)).toBe(true);
      renameSync(`${manifest}.kept`, manifest);
      expect(await job).toMatchObject({ status: 0, stderr: expect.stringContaining('waiting for it') });
      expect(existsSync(manifest)).toBe(true);
    });

    test('one that was killed is waited for in vain, and no longer than that', async () => {
      const folder = copy(label());
      const result = await lab.job('backup.sh', ['full'], { FINISH_SECONDS: '2' });
      expect(result).toMatchObject({ status: 0, stderr: expect.stringContaining('waiting for it') });
      expect(existsSync(folder)).toBe(false);
    });
  });

  test('a lock that is not given back in time is an error, not a success', async () => {
    // Since 2.53 each repository has a lock of its own.
    const [all, first] = ['main-backup.lock', 'main-backup-1.lock'].map((name) => lab.path('lock-job', name));
    const command = ['flock', `${all}`, 'flock', `${first}`, 'sleep', '30'];
    const holder = Background.inPod(command, { cwd: lab.dir, env: {} }, lab.path('tmp/flock.log'));
    const isFree = async () => (await lab.run(['flock', '-n', `${first}`, 'true'])).status === 0;
    await eventually('the lock is held', async () => !(await isFree()));
    const result = await lab.job('backup.sh', ['incr'], soon);
    holder.kill();
    await holder.exit();
    expect(result).toMatchObject(failed('another pgBackRest job holds the lock'));
    expect(records(result)).toEqual([]);
  });

  test('after a restore the database is on a new timeline, and the job makes a full backup of it', async () => {
    await lab.archiveAll();
    sidecar.signal('SIGTERM');
    expect(await sidecar.exit()).toBe(0);
    await lab.crash();
    lab.replaceVolume();
    expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining('restored') });
    await lab.startServer();
    sidecar = await lab.startSidecar();
    const result = await lab.job('first-backup.sh');
    expect(records(result)).toMatchObject([{ repo: 1, type: 'full', timeline: '00000002' }]);
    expect(records(await lab.job('first-backup.sh'))).toMatchObject([
      { skipped: true, timeline: '00000002' },
    ]);
  });

  test('a timeline that a stray copy left in the repository does not hide that ours has a backup', async () => {
    const stray = lab.path('repo1/archive/main', `${tools().major}-1`, '0000000900000000');
    mkdirSync(stray);
    cpSync(
      lab.path('repo1/archive/main/archive.info'),
      `${stray}/000000090000000000000001-${'0'.repeat(40)}.zst`,
    );
    lab.own(stray, true);
    const result = await lab.job('first-backup.sh');
    rmSync(stray, { recursive: true });
    expect(records(result)).toMatchObject([{ skipped: true, timeline: '00000002' }]);
  });

  describe('towards the TLS server', () => {
    const change = async (props: Parameters<Lab['makeCertificates']>[0]) => {
      const before = readFileSync(lab.path('tls/server.crt'), 'utf8');
      await lab.makeCertificates(props);
      expect(readFileSync(lab.path('tls/server.crt'), 'utf8')).not.toBe(before);
      const reloads = sidecar.log.split('reloaded').length;
      await eventually('the sidecar reloads', () => sidecar.log.split('reloaded').length > reloads);
    };

    afterEach(() => change({}));

    test('says when the client certificate is for another name', async () => {
      await change({ client: 'somebody' });
      expect(await lab.job('backup.sh', ['incr'], soon)).toMatchObject(
        failed(/does not accept this client.*FIX: make tls-server-auth name/),
      );
    });

    test('says when the server certificate does not name the host', async () => {
      await change({ names: 'another.host' });
      expect(await lab.job('backup.sh', ['incr'], soon)).toMatchObject(
        failed(/TLS certificate of .* is not accepted/),
      );
    });

    test('says when the client trusts another CA', async () => {
      cpSync(lab.path('tls'), lab.path('attic/other-tls'), { recursive: true });
      lab.own(lab.path('attic/other-tls'), true);
      await change({ keepCa: false });
      const env = { ...soon, PGBACKREST_PG1_HOST_CA_FILE: lab.path('attic/other-tls/ca.crt') };
      expect(await lab.job('backup.sh', ['incr'], env)).toMatchObject(
        failed(/TLS certificate of .* is not accepted/),
      );
    });

    test('survives a rotation: the sidecar reloads, and old and new certificates accept each other', async () => {
      const old = lab.path('attic/old-tls');
      cpSync(lab.path('tls'), old, { recursive: true });
      lab.own(old, true);
      await change({});
      const oldClient = {
        PGBACKREST_PG1_HOST_CA_FILE: `${old}/ca.crt`,
        PGBACKREST_PG1_HOST_CERT_FILE: `${old}/client.crt`,
        PGBACKREST_PG1_HOST_KEY_FILE: `${old}/client.key`,
      };
      expect(await lab.job('backup.sh', ['incr'], soon)).toMatchObject({ status: 0 });
      // A client of before the rotation does not know the new CA, but the server still knows the client's.
      const result = await lab.job('backup.sh', ['incr'], {
        ...soon,
        ...oldClient,
        PGBACKREST_PG1_HOST_CA_FILE: lab.path('tls/ca.crt'),
      });
      expect(result).toMatchObject({ status: 0 });
    });
  });

  test('says when the TLS server is down', async () => {
    sidecar.signal('SIGTERM');
    expect(await sidecar.exit()).toBe(0);
    expect(await lab.job('backup.sh', ['incr'], soon)).toMatchObject(
      failed(/its TLS server localhost:\d+ did not answer for 2 s/),
    );
    sidecar = await lab.startSidecar();
  });

  test('says when there are no certificates', async () => {
    expect(await lab.job('backup.sh', ['incr'], { ...soon, TLS_DIR: lab.path('conf.d') })).toMatchObject(
      failed('no certificates in'),
    );
  });

  test('with two repositories backs up into each, creating what is missing', async () => {
    lab.repositories = [lab.posixRepository(1), lab.posixRepository(2)];
    lab.configure();
    const result = await lab.job('first-backup.sh');
    expect(result).toMatchObject({ status: 0 });
    expect(records(result)).toMatchObject([
      { repo: 1, skipped: true },
      { repo: 2, type: 'full' },
    ]);
    expect(records(await lab.job('backup.sh', ['incr']))).toMatchObject([{ repo: 1 }, { repo: 2 }]);
    expect(records(await lab.job('backup.sh', ['incr'], { REPOS: '2' }))).toMatchObject([{ repo: 2 }]);
  });

  test('one repository that is down does not keep WAL from the other', async () => {
    // Its WAL folder is of somebody else for a while.
    const down = lab.path('repo2/archive/main', `${tools().major}-1`);
    chownSync(down, 0, 0);
    chmodSync(down, 0o700);
    const names: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      names.push(await lab.sql("select pg_walfile_name(pg_create_restore_point('wal'))"));
      await lab.sql('select pg_switch_wal()');
    }
    const archived = () => readdirSync(lab.path('repo1/archive/main'), { recursive: true }).join(' ');
    await eventually('all of it is in the first', () => names.every((name) => archived().includes(name)));
    expect(await lab.sql('select failed_count > 0 from pg_stat_archiver')).toBe('t');
    chownSync(down, tools().uid, tools().gid);
    await lab.sql('select pg_switch_wal()');
    const second = () => readdirSync(down, { recursive: true }).join(' ');
    await eventually(
      'all of it is in the second',
      () => names.every((name) => second().includes(name)),
      80_000,
    );
  });

  test('one repository that fails does not stop the other, and the job fails', async () => {
    const result = await lab.job('backup.sh', ['incr'], { ...soon, PGBACKREST_REPO1_CIPHER_PASS: 'wrong' });
    expect(result).toMatchObject(failed(/no backup was made in repo1: the repository cannot be decrypted/));
    expect(records(result)).toMatchObject([{ repo: 2, type: 'incr' }]);
    const first = await lab.job('first-backup.sh', [], { ...soon, PGBACKREST_REPO1_CIPHER_PASS: 'wrong' });
    expect(first).toMatchObject(failed('no backup was made in repo1'));
    expect(records(first)).toMatchObject([{ repo: 2, skipped: true }]);
    lab.repositories = [lab.posixRepository(1)];
    lab.configure();
  });

  test('a database initialised by mistake cannot enter the stanza, and nobody runs stanza-upgrade', async () => {
    const before = (await backups()).length;
    await lab.crash();
    sidecar.signal('SIGTERM');
    await sidecar.exit();
    lab.replaceVolume('right');
    lab.repositories = [{ ...lab.posixRepository(1), path: lab.path('elsewhere') }];
    lab.configure();
    mkdirSync(lab.path('elsewhere'));
    chownSync(lab.path('elsewhere'), tools().uid, tools().gid);
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.repositories = [lab.posixRepository(1)];
    lab.configure();
    await lab.startServer();
    sidecar = await lab.startSidecar();
    for (const job of [() => lab.job('first-backup.sh'), () => lab.job('backup.sh', ['full'])]) {
      expect(await job()).toMatchObject(failed(/belongs to another database.*Never run stanza-upgrade/));
    }
    expect((await backups()).length).toBe(before);
    expect(existsSync(lab.path('repo1/backup/main/backup.info'))).toBe(true);
  });
});
