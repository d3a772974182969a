import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from './lab';
import { type Background, eventually } from './processes';
import { giveS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';
import { tools } from './tools';

/** How long the archiver waits for pgBackRest's background process. */
const brief = { PGBACKREST_ARCHIVE_TIMEOUT: '3' };

const mountable = canMount();
if (!mountable) console.warn('Skipped: a file system of its own cannot be mounted here (that needs root).');

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'volume', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The database's volume is a small file system of its own; the vault is away until it is full of WAL. */
(mountable ? describeWithS3 : describe.skip)('a volume full of WAL', () => {
  let lab: Lab;
  let s3: S3Server;
  let server: Background;
  let acknowledged = 0;

  const volume = () => lab.path('volume');
  const waiting = () =>
    readdirSync(join(lab.pgdata, 'pg_wal/archive_status')).filter((name) => name.endsWith('.ready')).length;
  const lastWords = () => lab.read('termination-log').trim();

  function mount(options: string): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'volume', volume()]);
    lab.own();
  }
  const unmount = () => execFileSync('umount', ['--lazy', volume()]);

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    giveS3(lab, s3);
    mount('size=300m,mode=0700');
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    server = await lab.startServer(brief);
    await lab.pgbackrest('stanza-create');
    await lab.sql('create table kept (n int)');
    await lab.pgbackrest('backup', '--type=full');
  }, 120_000);

  afterAll(async () => {
    await lab?.crash();
    unmount();
    await lab?.dispose();
    await s3?.stop();
  });

  /** One row and 2 MB of WAL at a time, until the server has ended or something else is so. */
  async function fill(enough = () => false): Promise<void> {
    await eventually(
      'the volume is full, and the server has ended',
      async () => {
        const one = `begin; insert into kept values (${acknowledged + 1});
          select pg_logical_emit_message(true, 'filler', repeat('0123456789abcdef', 131072)); commit;`;
        if ((await lab.query(one)).status === 0) acknowledged += 1;
        return enough() || !server.running;
      },
      80_000,
    );
  }

  async function everyRowIsThere(): Promise<void> {
    const [least = 0, most = 0] = (await lab.sql('select count(distinct n), max(n) from kept'))
      .split('|')
      .map(Number);
    // The last one may have been committed without the answer having arrived.
    expect([acknowledged, acknowledged + 1]).toContain(least);
    expect(most).toBe(least);
    acknowledged = least;
  }

  test('a reserve of real blocks lies on the volume from the first start on', () => {
    const { blocks, size, uid } = statSync(lab.path('volume/recovery/reserve'));
    expect(uid).toBe(tools().uid);
    expect(size).toBe(64 * 1024 * 1024);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
  });

  test('while it fills, the log says so; when it is full, the server ends', async () => {
    await s3.down();
    await fill(() => waiting() > 5);
    await eventually('it is told', () =>
      /WARNING the volume of shop has \d+(\.\d+)? MB left, and \d+ files of WAL .* wait for the vault.* — FIX: /.test(
        server.log,
      ),
    );
    await fill();
    expect(server.log).toMatch(/No space left on device/);
    expect(acknowledged).toBeGreaterThan(20);
  });

  test('without the vault it does not start, says why and what to do, and each attempt leaves all as it was', async () => {
    const before = waiting();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      server = await lab.startServer(brief);
      expect(await server.exit()).toBe(78);
      expect(lastWords()).toMatch(
        /^ERROR shop cannot start: its volume is full .*wait for the vault: no connection to localhost:.* — FIX: .*or raise its storage/,
      );
      expect(waiting()).toBe(before);
      expect(lab.exists('volume/recovery/reserve')).toBe(true);
    }
  });

  test('with the vault back it starts by itself, and has every row', async () => {
    await s3.up();
    server = await lab.startServer(brief);
    expect(server.running).toBe(true);
    await everyRowIsThere();
    expect(lab.exists('volume/recovery/reserve')).toBe(true);
    await lab.archiveAll();
    expect(waiting()).toBe(0);
  });

  test('killed again and again in the middle of that, it still starts', async () => {
    await s3.down();
    await fill();
    await s3.up();
    for (const milliseconds of [300, 900, 1500, 2100]) {
      const started = lab.spawn('start.sh', lab.podEnvironment);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      started.kill();
      await started.exit();
      // Children of a postmaster follow it within moments.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    server = await lab.startServer(brief);
    expect(server.running).toBe(true);
    await everyRowIsThere();
    expect(lab.exists('volume/recovery/reserve')).toBe(true);
  });

  test('or the volume grows, while the vault stays away', async () => {
    await s3.down();
    await fill();
    execFileSync('mount', ['-o', 'remount,size=600m', volume()]);
    server = await lab.startServer(brief);
    expect(server.running).toBe(true);
    await everyRowIsThere();
  });

  test('all of it reaches the vault: a restore has every row', async () => {
    await s3.up();
    await lab.archiveAll();
    await lab.crash();
    unmount();
    lab.replaceVolume();
    mount('size=900m,mode=0700');
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    server = await lab.startServer(brief);
    await everyRowIsThere();
    expect(lab.exists('volume/recovery/reserve')).toBe(true);
  });
});
