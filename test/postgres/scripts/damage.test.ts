import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Lab } from './lab';
import { describeWithPostgres, tools } from './tools';

/** What is wrong inside a repository that can be read: nothing archived may be lost by it in silence. */
describeWithPostgres('a damaged repository', () => {
  let lab: Lab;
  /** pgBackRest reads a file that does not fit again, the second time after 15 s. */
  const impatient = { PGBACKREST_JOB_RETRY_INTERVAL: '1' };
  let older = '';
  let newer = '';

  /** Two full backups, rows before, between and after them; the volume is lost. */
  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    await lab.pgbackrest('stanza-create');
    await lab.sql('create table orders as select n from generate_series(1, 100000) n');
    await lab.pgbackrest('backup', '--type=full');
    await lab.sql('insert into orders values (0)');
    await lab.archiveAll();
    await lab.sql('insert into orders values (0)');
    await lab.archiveAll();
    await lab.pgbackrest('backup', '--type=full');
    for (let segment = 0; segment < 3; segment += 1) {
      await lab.sql('insert into orders values (0)');
      await lab.archiveAll();
    }
    await lab.crash();
    [older = '', newer = ''] = readdirSync(lab.path('repo1/backup/main'))
      .filter((name) => /F$/.test(name))
      .sort();
    cpSync(lab.path('repo1'), lab.path('attic/repo1'), { recursive: true, preserveTimestamps: true });
    lab.deploy({});
    lab.replaceVolume();
  }, 120_000);

  afterAll(() => lab.dispose());

  afterEach(async () => {
    await lab.crash();
    lab.replaceVolume();
    rmSync(lab.path('repo1'), { recursive: true });
    cpSync(lab.path('attic/repo1'), lab.path('repo1'), { recursive: true, preserveTimestamps: true });
    lab.own(lab.path('repo1'), true);
  });

  /** The largest file of a backup: a bundle with tables in it. */
  function largest(label: string): string {
    const folder = lab.path('repo1/backup/main', label, 'bundle');
    const files = readdirSync(folder).map((name) => join(folder, name));
    return files.sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0] ?? '';
  }

  const damages: Record<string, (file: string) => void> = {
    'a bit is flipped': (file) => {
      const bytes = readFileSync(file);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
    'it is truncated': (file) => truncateSync(file, readFileSync(file).length >> 1),
    'it is gone': (file) => rmSync(file),
  };

  test.each(Object.entries(damages))(
    'the newest backup is damaged (%s): an older one and its WAL give the same rows',
    async (_, damage) => {
      damage(largest(newer));
      const prepared = await lab.prepare(impatient);
      expect(prepared.status === 0 ? '' : prepared.stderr).toBe('');
      expect(prepared.stderr).toMatch(new RegExp(`WARNING .*${newer}.*damaged.*${older}`));
      await lab.startServer();
      expect(await lab.sql('select count(*) from orders')).toBe('100005');
    },
  );

  test('every backup is damaged: refused with what is wrong and what to do; repaired, the next start restores', async () => {
    for (const label of [older, newer]) damages['it is gone']?.(largest(label));
    const { status, lastLine } = await lab.prepare(impatient);
    expect(status).toBe(78);
    expect(lastLine).toMatch(/damaged.* — FIX: .*version/);
    expect(lab.exists('volume/recovery/complete.json')).toBe(false);

    rmSync(lab.path('repo1'), { recursive: true });
    cpSync(lab.path('attic/repo1'), lab.path('repo1'), { recursive: true, preserveTimestamps: true });
    lab.own(lab.path('repo1'), true);
    const again = await lab.prepare(impatient);
    expect(again.status === 0 ? '' : again.stderr).toBe('');
    expect(again.stderr).toContain(`from full backup ${newer}`);
  });

  describe('a WAL segment is missing in the middle', () => {
    const segments = () => lab.path('repo1/archive/main', `${tools().major}-1`, '0000000100000000');

    /** The one after which two more were archived; what came after it. */
    function hide(): { readonly later: readonly string[]; readonly putBack: () => void } {
      const [name = '', ...later] = readdirSync(segments())
        .filter((file) => /^[0-9A-F]{24}-/.test(file))
        .sort()
        .slice(-3);
      renameSync(join(segments(), name), lab.path('attic', name));
      return { later, putBack: () => renameSync(lab.path('attic', name), join(segments(), name)) };
    }

    test('the recovery does not end there; with the segment back, it goes on', async () => {
      const { later, putBack } = hide();
      const longBefore = new Date(Date.now() - 300_000);
      utimesSync(join(segments(), later[0] ?? ''), longBefore, longBefore);
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      const server = await lab.startServer();
      expect(await server.exit()).not.toBe(0);
      expect(server.log).toMatch(
        /ERROR WAL 0000000100000000[0-9A-F]{8} of shop is missing, and the archive goes on until/,
      );
      expect(server.log).not.toContain('selected new timeline');
      putBack();
      await lab.startServer();
      expect(await lab.sql('select count(*) from orders')).toBe('100005');
    });

    test('on its way when the disaster came, while the next ones arrived: the recovery ends before it, and says so', async () => {
      hide();
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      const server = await lab.startServer();
      expect(server.log).toMatch(/WARNING WAL 0000000100000000[0-9A-F]{8} of shop is missing.*on its way/);
      expect(await lab.sql('select count(*) from orders')).toBe('100002');
    });

    const stops = async (env: Record<string, string>): Promise<string> => {
      hide();
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      const server = await lab.startServer(env);
      expect(await server.exit()).not.toBe(0);
      expect(server.log).not.toContain('selected new timeline');
      return server.log;
    };

    test('whether it was deleted cannot be found out: the recovery does not end there', async () => {
      const listless = '[[ "$*" != *repo-ls* ]] || { echo "ERROR: [049]: timeout" >&2; exit 49; }';
      mkdirSync(lab.path('attic/bin'), { recursive: true });
      const program = lab.path('attic/bin/pgbackrest');
      writeFileSync(program, `#!/bin/bash\n${listless}\nPATH=\${PATH#*:} exec pgbackrest "$@"\n`, {
        mode: 0o755,
      });
      chmodSync(lab.path('attic'), 0o755);
      expect(await stops({ PATH: `${lab.path('attic/bin')}:${process.env['PATH']}` })).toMatch(
        /ERROR WAL .* could not be found out: .* — FIX: /,
      );
    });

    test('what followed it is gone meanwhile: the recovery does not end there', async () => {
      const { later } = hide();
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      for (const name of later) rmSync(join(segments(), name));
      const server = await lab.startServer();
      expect(await server.exit()).not.toBe(0);
      expect(server.log).toMatch(/ERROR WAL .* could not be found out: nothing of what followed .* — FIX: /);
      expect(server.log).not.toContain('selected new timeline');
    });

    test('a fault of the script itself: the recovery does not end there', async () => {
      expect(await stops({ INFO_TIMEOUT: 'nonsense' })).toContain('unbound variable');
    });
  });
});
