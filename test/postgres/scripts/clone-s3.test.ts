import { ClonePod } from './clone-pod';
import { Lab } from './lab';
import { giveS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';

describeWithS3('clone.sh with an S3 repository', () => {
  let lab: Lab;
  let s3: S3Server;
  let clone: ClonePod;

  beforeAll(async () => {
    lab = await Lab.create();
    clone = new ClonePod(lab);
    s3 = await S3Server.start();
    giveS3(lab, s3);
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await lab.startServer();
    await lab.sql('create table orders as select n from generate_series(1, 1000) n');
    await lab.pgbackrest('stanza-create');
    await lab.pgbackrest('backup', '--type=full');
    await lab.archiveAll();
  }, 120_000);

  afterEach(() => clone?.end());
  afterAll(async () => {
    await lab?.dispose();
    await s3?.stop();
  });

  /** Promotes, writes and switches WAL in the clone. */
  async function use(env: Record<string, string>): Promise<void> {
    const { log } = await clone.start(env);
    expect(clone.ready ? '' : log).toBe('');
    expect(await clone.sql('select count(*) from orders')).toBe('1000');
    await clone.sql('delete from orders; select pg_switch_wal()');
    await clone.sql('create table mine as select 1; select pg_switch_wal(); checkpoint');
    await clone.end();
  }

  test('writes no object, though its key may', async () => {
    const before = s3.objects('vault');
    expect(before.length).toBeGreaterThan(5);
    await use({});
    expect(s3.objects('vault')).toEqual(before);
  });

  test('needs no key that may write', async () => {
    s3.createReader('vault', 'reader', 'reader-secret-key');
    const key = {
      PGBACKREST_REPO1_S3_KEY: 'reader',
      PGBACKREST_REPO1_S3_KEY_SECRET: 'reader-secret-key',
    };
    const push = await lab.run(['pgbackrest', '--stanza=main', 'backup', '--type=full'], {
      ...lab.podEnvironment,
      ...key,
      PGBACKREST_LOCK_PATH: lab.path('lock-job'),
    });
    expect(push.stdout + push.stderr).toContain('AccessDenied');
    const before = s3.objects('vault');
    await use(key);
    expect(s3.objects('vault')).toEqual(before);
  });
});
