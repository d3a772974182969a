import { rmSync } from 'node:fs';
import type { Options } from './configuration';
import { Lab } from './lab';
import { eventually } from './processes';
import { s3Repository } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';

/** A database moves from one repository to another: each test begins with a restored one (lease 2) on the first. */
describeWithS3('another repository', () => {
  let lab: Lab;
  let s3: S3Server;
  let buckets = 0;

  const repository = (bucket: string): Options =>
    s3Repository(lab, s3, { 's3-bucket': `${bucket}-${buckets}`, 'retention-full': '9' });
  /** Repositories by their number: one that is not declared has no options. */
  const declare = (...repositories: Options[]) => {
    lab.repositories = repositories;
    lab.configure();
  };
  const keys = (n: number, passphrase: string): Options => ({
    [`PGBACKREST_REPO${n}_CIPHER_PASS`]: passphrase,
    [`PGBACKREST_REPO${n}_S3_KEY`]: s3.accessKey,
    [`PGBACKREST_REPO${n}_S3_KEY_SECRET`]: s3.secretKey,
  });
  const none: Options = {};
  const start = () => {
    rmSync(lab.path('tmp/lease-checked'), { force: true });
    return lab.startServer({ LEASE_SECONDS: '1' });
  };
  const rows = () => lab.sql('select count(*) from orders');
  const object = async (repo: number, key: string) => {
    const shell =
      'source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh; trap - EXIT ERR; s3_get "$1" "$2" && printf %s "$S3_BODY"';
    const { stdout } = await lab.run(['bash', '-c', shell, 'test', String(repo), key]);
    return stdout === '' ? undefined : (JSON.parse(stdout) as Record<string, unknown>);
  };
  const instant = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const now = await lab.sql(
      'select to_char(clock_timestamp() at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
    );
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    return now;
  };

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    lab.write('etc/vault-ca.crt', s3.caPem);
  }, 60_000);
  afterAll(async () => {
    await lab?.dispose();
    await s3?.stop();
  });

  let order: { id: string; to: string };
  beforeEach(async () => {
    buckets += 1;
    lab.secrets = { ...keys(1, 'one'), ...keys(2, 'two') };
    for (const name of ['first', 'second']) s3.createBucket(`${name}-${buckets}`);
    declare(repository('first'));
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await start();
    await lab.pgbackrest('stanza-create');
    await lab.sql('create table orders as select n from generate_series(1, 100) n');
    await lab.pgbackrest('backup', '--type=full');
    order = { id: 'undo', to: await instant() };
    await lab.sql('delete from orders');
    await lab.archiveAll();
    await lab.crash();
    lab.replaceVolume();
    lab.deploy({ recover: order });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await start();
    expect(await rows()).toBe('100');
    await lab.archiveAll();
  }, 60_000);
  afterEach(async () => {
    await lab.crash();
    lab.replaceVolume();
  });

  test('learns what was before it; alone it brings everything back, under its number, and repeats no order', async () => {
    declare(repository('first'), repository('second'));
    await lab.crash();
    expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
    await start();
    await lab.pgbackrest('stanza-create');
    await lab.sql('insert into orders values (101)');
    await lab.archiveAll();
    await lab.pgbackrest('backup', '--repo=2', '--type=full');
    await lab.sql('insert into orders values (102)');
    await lab.archiveAll();
    await eventually('the second repository was told', async () => {
      await lab.sql('select pg_create_restore_point($$x$$), pg_switch_wal()');
      return (await object(2, 'lineage/main/000002.json')) !== undefined;
    });
    expect(await object(2, 'lineage/main/000002.json')).toMatchObject({ lease: 2, timeline: 2 });
    expect(await object(2, 'recoveries/main/undo.json')).toEqual(
      await object(1, 'recoveries/main/undo.json'),
    );
    expect(await object(2, 'leases/main/000002.json')).toEqual(await object(1, 'leases/main/000002.json'));
    expect(lab.read('volume/recovery/introduced').trim().split('\n')).toHaveLength(2);

    declare(none, repository('second'));
    await lab.crash();
    lab.replaceVolume();
    lab.secrets = keys(2, 'two');
    const { status, stderr } = await lab.prepare();
    expect(status === 0 ? '' : stderr).toBe('');
    expect(stderr).toContain("recovery 'undo' was done in an earlier life");
    expect(stderr).toMatch(/restoring shop to latest on timeline 2 from full backup \S+ \(repo2,/);
    await start();
    expect(await rows()).toBe('102');
  });

  test('a repository that was only just added does not keep the other from bringing everything back', async () => {
    await lab.sql('insert into orders values (101)');
    await lab.archiveAll();
    await lab.crash();
    lab.replaceVolume();
    declare(repository('first'), repository('second'));
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await start();
    expect(await rows()).toBe('101');
  });
});
