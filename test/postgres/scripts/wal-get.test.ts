import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from './lab';
import { eventually } from './processes';
import { describeWithPostgres, tools } from './tools';

describeWithPostgres('wal-get.sh', () => {
  let lab: Lab;
  let lastSegment = '';

  /** A backup, then rows in two later WAL segments; the server is lost. */
  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    await lab.pgbackrest('stanza-create');
    await lab.sql('create table orders (n int)');
    await lab.pgbackrest('backup', '--type=full');
    await lab.sql('insert into orders values (1)');
    await lab.archiveAll();
    await lab.sql('insert into orders values (2)');
    await lab.archiveAll();
    await lab.crash();
    const directory = lab.path('repo1/archive/main', `${tools().major}-1`, '0000000100000000');
    const segments = readdirSync(directory)
      .filter((name) => /^[0-9A-F]{24}-/.test(name))
      .sort();
    lastSegment = `${directory}/${segments.at(-1)}`;
  }, 60_000);

  afterAll(() => lab.dispose());

  const impatient = { RESTORE_RETRY_SECONDS: '0', RESTORE_RETRY_PAUSE: '0.2' };
  const hide = () => {
    chownSync(lastSegment, 0, 0);
    chmodSync(lastSegment, 0);
  };

  describe('called alone', () => {
    afterAll(() => {
      lab.repositories = [lab.posixRepository(1)];
      lab.secrets = { PGBACKREST_REPO1_CIPHER_PASS: 'one' };
      lab.configure();
    });

    const get = (segment: string, env = {}, repo: string[] = []) =>
      lab.script('wal-get.sh', [segment, lab.path('tmp/segment'), ...repo], { ...impatient, ...env });

    test('fetches a segment', async () => {
      expect(await get('000000010000000000000001')).toMatchObject({ status: 0 });
    });

    test('says 1, in silence, for a segment that no repository has', async () => {
      expect(await get('0000000100000000000000FF')).toMatchObject({ status: 1, stderr: '' });
    });

    test('takes what was fetched ahead from the spool, but leaves the last ones to pgBackRest', async () => {
      const spool = lab.path('volume/spool/archive/main/in');
      const names = ['A', 'B', 'C'].map((last) => `00000001000000000000000${last}`);
      mkdirSync(spool, { recursive: true });
      for (const name of names) writeFileSync(join(spool, name), name);
      lab.own(lab.path('volume/spool'), true);
      const without = { PGBACKREST_CONFIG: '/nowhere', PGBACKREST_CONFIG_PATH: '/nowhere' };
      expect(await get(names[1] ?? '', without)).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(lab.path('tmp/segment'), 'utf8')).toBe(names[1]);
      expect(readdirSync(spool)).toEqual([names[0], names[2]]);
      expect(await get(names[0] ?? '', without)).toMatchObject({ status: 255 });
      // Where pgBackRest itself looks.
      expect(await get(names[0] ?? '')).toMatchObject({ status: 0 });
      expect(readFileSync(lab.path('tmp/segment'), 'utf8')).toBe(names[0]);
      await lab.settled();
      rmSync(lab.path('volume/spool/archive'), { recursive: true });
    });

    test('says 255 and why when the repository cannot be read', async () => {
      const result = await get('0000000100000000000000FF', { PGBACKREST_REPO1_CIPHER_PASS: 'wrong' });
      expect(result).toMatchObject({
        status: 255,
        lastLine: expect.stringContaining('FIX: set PGBACKREST_REPO<n>_CIPHER_PASS'),
      });
    });

    test('does not take "not found" of one repository for an answer of both', async () => {
      lab.repositories = [
        { ...lab.posixRepository(1), path: '/proc/1/root/unreadable' },
        lab.posixRepository(1),
      ];
      lab.secrets = { PGBACKREST_REPO1_CIPHER_PASS: 'one', PGBACKREST_REPO2_CIPHER_PASS: 'one' };
      lab.configure();
      expect(await get('0000000100000000000000FF')).toMatchObject({ status: 255 });
      expect(await get('000000010000000000000001')).toMatchObject({ status: 0 });
      expect(await get('0000000100000000000000FF', {}, ['2'])).toMatchObject({ status: 1, stderr: '' });
    });
  });

  describe('as the restore_command of a server', () => {
    afterEach(async () => {
      chownSync(lastSegment, tools().uid, tools().gid);
      chmodSync(lastSegment, 0o640);
      await lab.crash();
      lab.replaceVolume();
    });

    test('a repository that cannot be read stops the recovery instead of ending it early, and nothing is lost', async () => {
      lab.replaceVolume();
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      hide();
      const stopped = await lab.startServer(impatient);
      expect(await stopped.exit()).not.toBe(0);
      expect(stopped.log).toMatch(/cannot be read, and the recovery must not end here/);
      expect(stopped.log).not.toContain('selected new timeline');

      chownSync(lastSegment, tools().uid, tools().gid);
      chmodSync(lastSegment, 0o640);
      await lab.startServer();
      expect(await lab.sql('select count(*) from orders')).toBe('2');
    });

    test('a restore under smaller limits than before the loss does not pause for ever', async () => {
      lab.replaceVolume();
      lab.write(
        'etc/postgresql.conf',
        `${lab.read('etc/postgresql.conf')}max_connections=20\nmax_worker_processes=2\n`,
      );
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      await lab.startServer();
      expect(await lab.isPrimary()).toBe(true);
      lab.configure();
    });

    test('waits for a repository that comes back', async () => {
      lab.replaceVolume();
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      hide();
      const server = lab.spawn('start.sh', {
        ...lab.podEnvironment,
        RESTORE_RETRY_SECONDS: '60',
        RESTORE_RETRY_PAUSE: '0.2',
      });
      await eventually('it says what it waits for', () => server.log.includes('cannot be fetched'));
      chownSync(lastSegment, tools().uid, tools().gid);
      chmodSync(lastSegment, 0o640);
      await eventually('the server is a primary', () => lab.isPrimary());
      expect(await lab.sql('select count(*) from orders')).toBe('2');
      server.signal('SIGINT');
      await server.exit();
    });
  });
});
