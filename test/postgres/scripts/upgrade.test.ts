import './upgrade-root';

import { existsSync, readdirSync } from 'node:fs';
import { Lab } from './lab';
import { Background } from './processes';
import { giveS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';
import { asPodUser } from './tools';

const built = process.env['TEST_UPGRADE_ROOT'] !== undefined;
if (!built) console.warn('Skipped: the image with two major versions is not built here.');

const OLD = '15';
const NEW = '17';
const old = { PG_MAJOR: OLD, PG_BIN: `/usr/lib/postgresql/${OLD}/bin` };
const upgrading = { UPGRADE_FROM: OLD };
const refusal = (text: string | RegExp) => ({ status: 78, lastLine: expect.stringMatching(text) });

(built ? describeWithS3 : describe.skip)('a major upgrade', () => {
  let lab: Lab;
  let s3: S3Server;
  let rows = 0;

  const write = async (): Promise<void> => {
    await lab.sql('insert into orders values (default)');
    rows += 1;
  };
  const count = () => lab.sql('select count(*) from orders');
  const version = async () => (await lab.sql('show server_version_num')).slice(0, 2);
  const prepared = async (env: Record<string, string>): Promise<string> => {
    const result = await lab.prepare(env);
    expect(result.status === 0 ? '' : result.stderr).toBe('');
    return result.stderr;
  };
  const start = (env: Record<string, string> = {}): Promise<Background> => lab.startServer(env);
  const stanza = async () => {
    const [info] = JSON.parse(await lab.pgbackrest('info', '--output=json'));
    return info as { db: { version: string }[]; backup: { label: string; database: { id: number } }[] };
  };
  const firstBackup = async (env: Record<string, string> = {}): Promise<void> => {
    const sidecar = await lab.startSidecar(env);
    const result = await lab.job('first-backup.sh', [], env);
    expect(result.status === 0 ? '' : result.stderr).toBe('');
    sidecar.kill();
    await sidecar.exit();
  };

  /** In a process namespace of its own, as a container is: with its first process, all others end. */
  const preparedWithin = async (seconds: number): Promise<boolean> => {
    const [command, args] = asPodUser([lab.path('scripts/prepare.sh')]);
    const container = Background.direct(
      ['unshare', '--pid', '--fork', '--kill-child', command, ...args],
      { cwd: lab.dir, env: { ...lab.podEnvironment, ...upgrading } },
      lab.path('tmp/killed.log'),
    );
    return (await container.exit(seconds * 1000)) === 0;
  };

  /** A database of the former version with a backup, and rows after it; killed. */
  beforeEach(async () => {
    rows = 0;
    lab = await Lab.create();
    s3 = await S3Server.start();
    giveS3(lab, s3);
    lab.deploy({ initialize: true });
    await prepared(old);
    lab.deploy({});
    await lab.makeCertificates();
    await start(old);
    expect(await version()).toBe(OLD);
    await firstBackup(old);
    await lab.sql('create table orders (id bigint generated always as identity)');
    await write();
    await lab.archiveAll();
    await write();
    await lab.crash();
  }, 120_000);

  afterEach(async () => {
    await lab.dispose();
    await s3.stop();
  });

  test('keeps every row, archives what the old server had not, and backs up; a loss then brings the new version back', async () => {
    const said = await prepared(upgrading);
    expect(said).toContain(`upgraded shop to PostgreSQL ${NEW}`);
    expect(existsSync(`${lab.pgdata}.before-upgrade-from-${OLD}/PG_VERSION`)).toBe(true);
    await start();
    expect([await version(), await count()]).toEqual([NEW, String(rows)]);
    expect((await stanza()).db.map(({ version: of }) => of)).toEqual([OLD, NEW]);
    await firstBackup();
    await write();
    await lab.archiveAll();
    expect(lab.exists('volume/recovery/statistics-due')).toBe(false);

    // With or without the word that it was upgraded once.
    for (const env of [upgrading, {}] as Record<string, string>[]) {
      await lab.crash();
      await prepared(env);
      await start();
      expect([await version(), await count()]).toEqual([NEW, String(rows)]);
      await write();
      await lab.archiveAll();
      await lab.crash();
      lab.replaceVolume();
      expect(await prepared(env)).toMatch(/restoring shop to latest .* backup/);
      await start();
      expect([await version(), await count()]).toEqual([NEW, String(rows)]);
    }
  });

  test('lost before the upgrade had a backup: the former version is restored to its end, and upgraded again', async () => {
    await prepared(upgrading);
    await start();
    await lab.crash();
    lab.replaceVolume();
    expect(await lab.prepare()).toMatchObject(refusal(/backup is of PostgreSQL 15.* — FIX: .*upgradeFrom/));
    const said = await prepared(upgrading);
    expect(said).toContain('of which no backup was made');
    expect(said).toContain(`upgraded shop to PostgreSQL ${NEW}`);
    await start();
    expect([await version(), await count()]).toEqual([NEW, String(rows)]);
    await firstBackup();
    expect((await stanza()).backup.at(-1)?.database.id).toBe(3);
  });

  test('killed at any moment: the next start goes on, or the former version can be started', async () => {
    let killed = 0;
    for (const seconds of [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7]) {
      if (await preparedWithin(seconds)) break;
      killed += 1;
    }
    expect(killed).toBeGreaterThan(2);
    await prepared(upgrading);
    await start();
    expect([await version(), await count()]).toEqual([NEW, String(rows)]);
    expect(readdirSync(lab.path('volume')).sort()).toEqual([
      'pgdata',
      `pgdata.before-upgrade-from-${OLD}`,
      'recovery',
      'spool',
    ]);
  });

  test('what pg_upgrade refuses is told, and the former version goes on', async () => {
    await prepared(old);
    await start(old);
    // A user column of a type whose form on disk is nobody's promise.
    await lab.sql('create table internal (a aclitem)');
    await lab.crash();
    expect(await lab.prepare(upgrading)).toMatchObject(
      refusal(/pg_upgrade from PostgreSQL 15 to 17 failed.* — FIX: .*PostgreSQL 15 can be deployed again/),
    );
    await prepared(old);
    await start(old);
    expect([await version(), await count()]).toEqual([OLD, String(rows)]);
    expect(lab.exists('volume/pgdata.upgrading')).toBe(false);
  });

  test('without the vault nothing is upgraded; without the word the data is refused', async () => {
    expect(await lab.prepare()).toMatchObject(refusal(/is of PostgreSQL 15.* — FIX: .*upgradeFrom: 15/));
    const wrong = { PGBACKREST_REPO1_S3_KEY_SECRET: 'wrong' };
    expect(await lab.prepare({ ...upgrading, ...wrong })).toMatchObject(
      refusal(/needs the vault, which could not be read.*secret key/),
    );
    expect(existsSync(`${lab.pgdata}.before-upgrade-from-${OLD}`)).toBe(false);
  });
});
