import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { Lab } from './lab';
import { type Background, eventually } from './processes';
import { giveS3, useS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';

const refusal = (text: string | RegExp) => ({ status: 78, lastLine: expect.stringMatching(text) });

/** Each test begins with the vault of an initialised database (lease 1) of 100 rows, and its volume put away. */
describeWithS3('the lease and the lineage in a vault', () => {
  let lab: Lab;
  let s3: S3Server;
  let server: Background;
  let buckets = 0;

  const use = (name: string) => useS3(lab, s3, { 's3-bucket': name, 'retention-full': '9' });

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    giveS3(lab, s3);
  }, 60_000);
  afterAll(async () => {
    await lab?.dispose();
    await s3?.stop();
  });

  beforeEach(async () => {
    buckets += 1;
    s3.createBucket(`vault-${buckets}`);
    use(`vault-${buckets}`);
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await start();
    await lab.pgbackrest('stanza-create');
    await lab.sql('create table orders as select n from generate_series(1, 100) n');
    await lab.pgbackrest('backup', '--type=full');
    await lab.archiveAll();
  });
  afterEach(async () => {
    await lab.crash();
    lab.replaceVolume();
    rmSync(lab.path('attic'), { recursive: true, force: true });
    mkdirSync(lab.path('attic'));
  });

  const start = async () => {
    rmSync(lab.path('tmp/lease-checked'), { force: true });
    server = await lab.startServer({ LEASE_SECONDS: '1' });
  };
  const rows = () => lab.sql('select count(*) from orders');
  const object = async (key: string) => {
    const shell =
      'source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh; trap - EXIT ERR; s3_get 1 "$1" && printf %s "$S3_BODY"';
    const { stdout } = await lab.run(['bash', '-c', shell, 'test', key]);
    return stdout === '' ? undefined : (JSON.parse(stdout) as Record<string, unknown>);
  };
  const volume = (name: string) => JSON.parse(lab.read(`volume/recovery/${name}`)) as Record<string, unknown>;
  const loseVolume = async (keepAs?: string) => {
    await lab.crash();
    lab.replaceVolume(keepAs);
  };
  const restore = async () => {
    const result = await lab.prepare();
    expect(result).toMatchObject({ status: 0 });
    await start();
    await eventually('the new timeline is recorded', async () => {
      const { lease } = volume('lease.json');
      return (await object(`lineage/main/00000${lease}.json`)) !== undefined;
    });
    return result.stderr;
  };
  const instant = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const now = await lab.sql(
      'select to_char(clock_timestamp() at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
    );
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    return now;
  };

  test('each life takes the next number; the volume of the former life is refused, with the reason', async () => {
    expect(await object('leases/main/000001.json')).toMatchObject({ lease: 1, how: 'initialised' });
    expect(await object('lineage/main/000001.json')).toMatchObject({ timeline: 1 });
    await loseVolume('old');
    await restore();
    expect(await object('leases/main/000002.json')).toEqual(volume('lease.json'));
    expect(await object('lineage/main/000002.json')).toMatchObject({ timeline: 2 });
    expect(volume('complete.json')).toMatchObject({ lease: 2 });
    await lab.crash();
    expect(await lab.prepare()).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
    lab.attachVolume('old');
    expect(await lab.prepare()).toMatchObject(
      refusal(
        /\(lease 1\) is superseded: .* holds lease 2, restored at 20.*FIX: use that one; .*empty this volume/,
      ),
    );
    expect(await lab.prepare({ PGBACKREST_REPO1_S3_KEY_SECRET: 'revoked' })).toMatchObject({ status: 0 });
  });

  test('a server that is superseded while it runs archives nothing more, is not backed up, and says why', async () => {
    const archived = await lab.sql('select last_archived_wal from pg_stat_archiver');
    const lease = `source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh; trap - EXIT ERR
      s3_put 1 leases/main/000002.json '{"lease":2,"holder":"x","how":"restored","at":"2026-01-01T00:00:00Z"}'`;
    expect(await lab.run(['bash', '-c', lease])).toMatchObject({ status: 0 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await lab.sql('insert into orders values (101); select pg_switch_wal()');
    await eventually('the archiver refuses', () => server.log.includes('is superseded'));
    expect(server.log).toMatch(
      /ERROR 0000\S+ of shop is not archived: .*\(lease 1\) is superseded, .* holds lease 2, restored at 2026-01-01T00:00:00Z — FIX: /,
    );
    expect(await lab.sql('select last_archived_wal from pg_stat_archiver')).toBe(archived);
    expect(await lab.isPrimary()).toBe(true);
    // Its backup job reaches it, and fails before it writes or expires anything.
    await lab.makeCertificates();
    await lab.startSidecar();
    const labels = async () =>
      JSON.parse(await lab.pgbackrest('info', '--output=json'))[0].backup.map(
        ({ label }: { label: string }) => label,
      );
    const before = await labels();
    const impatient = { CHECK_SECONDS: '1', PGBACKREST_ARCHIVE_TIMEOUT: '4' };
    expect(await lab.job('backup.sh', ['full'], impatient)).toMatchObject(
      refusal(/does not archive its WAL: .*FIX: look at the postgres container's log/),
    );
    expect(await labels()).toEqual(before);
  });

  test('an attempt that was killed keeps the number that it had taken', async () => {
    await loseVolume();
    const killed = lab.spawn('prepare.sh', lab.podEnvironment);
    await eventually('it restores', () => lab.exists('volume/pgdata/backup.manifest'));
    killed.kill();
    await killed.exit();
    const taken = volume('lease.json');
    await restore();
    expect(volume('lease.json')).toEqual(taken);
    expect(await object('leases/main/000002.json')).toEqual(taken);
    expect(await object('leases/main/000003.json')).toBeUndefined();
  });

  test('one killed between its note and the vault takes that number, unless somebody else has it', async () => {
    await loseVolume();
    const note = { lease: 2, holder: 'mine', how: 'restored', at: 'then' };
    const begun = () => {
      lab.replaceVolume();
      lab.write('tmp/note', '');
      return lab.run([
        'bash',
        '-c',
        `mkdir -p volume/recovery && echo '${JSON.stringify(note)}' >volume/recovery/lease.json`,
      ]);
    };
    await begun();
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    expect(await object('leases/main/000002.json')).toMatchObject({ holder: 'mine' });
    note.holder = 'another';
    await begun();
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    expect(volume('lease.json')).toMatchObject({ lease: 3 });
    await begun();
    lab.write('volume/recovery/in-progress.json', '{"action":"restore"}');
    expect(await lab.prepare()).toMatchObject(refusal(/\(lease 2\) is superseded: .*lease 3/));
  });

  test('without a lease nothing is restored or initialised; complete data starts', async () => {
    await loseVolume('ours');
    const blind = {
      ...lab.secrets,
      S3_SECONDS: '2',
      PATH: `${lab.path('tmp')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    };
    lab.write('tmp/curl', '#!/bin/sh\necho "curl: (7) Failed to connect to localhost" >&2; exit 7\n', 0o755);
    expect(await lab.prepare(blind)).toMatchObject(
      refusal(/the repository could not be read \(repo1: no connection/),
    );
    lab.attachVolume('ours');
    expect(await lab.prepare(blind)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('lease=unknown'),
    });
    rmSync(lab.path('tmp/curl'));
  });

  test('with two repositories, one of them away: the lease is taken in the other, and written here when it is back', async () => {
    await loseVolume('old');
    const [first] = lab.repositories;
    lab.repositories = [first ?? {}, { ...first, 's3-bucket': `later-${buckets}` }];
    lab.configure();
    const env = { PGBACKREST_REPO2_CIPHER_PASS: 'one', ...second() };
    const result = await lab.prepare(env);
    expect(result).toMatchObject({ status: 0 });
    expect(result.stderr).toMatch(
      /lease 2 could not be written everywhere; .*repo2: the bucket does not exist/,
    );
    s3.createBucket(`later-${buckets}`);
    expect(await lab.prepare(env)).toMatchObject({ status: 0, stderr: expect.stringContaining(': start') });
    use(`later-${buckets}`);
    expect(await object('leases/main/000002.json')).toEqual(volume('lease.json'));
    // One repository that knows better is enough.
    lab.repositories = [lab.repositories[0] ?? {}, first ?? {}];
    lab.configure();
    lab.replaceVolume();
    lab.attachVolume('old');
    expect(await lab.prepare(env)).toMatchObject(refusal(/is superseded/));
  });

  const second = () => ({
    PGBACKREST_REPO2_S3_KEY: s3.accessKey,
    PGBACKREST_REPO2_S3_KEY_SECRET: s3.secretKey,
  });

  test('a drill takes no lease, and is no reason to refuse the live one', async () => {
    await loseVolume('live');
    expect(await lab.prepare({ ARCHIVE_MODE: 'off' })).toMatchObject({ status: 0 });
    expect(await object('leases/main/000002.json')).toBeUndefined();
    lab.attachVolume('live');
    expect(await lab.prepare()).toMatchObject({ status: 0 });
  });

  test('an ordered recovery is recorded; after the next loss its result comes back, whatever else the archive has', async () => {
    const before = await instant();
    await lab.sql('delete from orders');
    await lab.archiveAll();
    // A backup of the flawed state, later than the target: the newest there is, on the timeline that is given up.
    await lab.pgbackrest('backup', '--type=full');
    await lab.crash();
    lab.deploy({ recover: { id: 'undo', to: before } });
    await restore();
    expect(await rows()).toBe('100');
    expect(await object('recoveries/main/undo.json')).toMatchObject({
      id: 'undo',
      lease: 2,
      timeline: 2,
      to: before,
    });
    await lab.sql('insert into orders values (101)');
    await lab.archiveAll();
    await strayTimeline('00000009');
    await loseVolume();
    const words = await restore();
    expect(words).toContain("recovery 'undo' was done in an earlier life");
    expect(words).toMatch(/restoring shop to latest on timeline 2/);
    expect(await rows()).toBe('101');
    expect(await object('lineage/main/000003.json')).toMatchObject({ lease: 3 });
  });

  test('a recovery of which nothing was archived yet is done again after a loss', async () => {
    const before = await instant();
    await lab.sql('delete from orders');
    await lab.archiveAll();
    await lab.crash();
    lab.deploy({ recover: { id: 'undo', to: before } });
    expect(await lab.prepare()).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('recover-in-place'),
    });
    // Lost before its server ran.
    renameSync(lab.path('volume'), lab.path('attic/gone'));
    lab.replaceVolume();
    await restore();
    expect(await rows()).toBe('100');
    expect(readdirSync(lab.path('volume'))).not.toContain('pgdata.before-undo');
  });

  test('a recorded timeline of which nothing was archived does not count', async () => {
    const record = `source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh; trap - EXIT ERR
      s3_put 1 lineage/main/000002.json '{"lease":2,"timeline":5}'; s3_put 1 leases/main/000002.json '{"lease":2,"holder":"x"}'`;
    expect(await lab.run(['bash', '-c', record])).toMatchObject({ status: 0 });
    await loseVolume();
    expect(await restore()).toMatch(/lease 2 went on with timeline 5, of which nothing was archived/);
    expect(await rows()).toBe('100');
  });

  test('a running database is asked whether it could be recovered; asking stops nothing and takes nothing', async () => {
    const ask = async (order: object, env: Record<string, string> = {}) => {
      const command = [lab.path('scripts/recoverable.sh')];
      const result = await lab.run(command, { ...lab.podEnvironment, ...env }, 60_000, JSON.stringify(order));
      expect(result.status).toBe(0);
      return JSON.parse(result.stdout) as Record<string, unknown>;
    };
    const to = await instant();
    await lab.archiveAll();
    const undo = { id: 'undo', to };
    expect(await ask(undo)).toMatchObject({
      state: 'pending',
      repo: 1,
      timeline: '1',
      bytes: expect.any(Number),
    });
    expect(await ask({ ...undo, to: '2001-01-01T00:00:00Z' })).toMatchObject({
      state: 'refused',
      message: expect.stringMatching(/^ERROR shop: no backup leads to 2001-01-01T00:00:00Z .* — FIX: /),
    });
    expect(await ask({ ...undo, to: 'then' })).toMatchObject({
      message: expect.stringContaining("has to 'then'"),
    });
    expect(await ask(undo, { PGBACKREST_REPO1_S3_KEY_SECRET: 'wrong' })).toMatchObject({
      message: expect.stringMatching(
        /^ERROR shop: whether recovery 'undo' can be carried out is not known: .*secret key/,
      ),
    });
    expect(await lab.isPrimary()).toBe(true);
    expect(await object('leases/main/000002.json')).toBeUndefined();
    await lab.stopServer();
    lab.deploy({ recover: undo });
    await restore();
    expect(await ask(undo)).toEqual({ state: 'done', here: true });
  });

  test('costs an archived segment little while the answer is fresh', async () => {
    const timed = `time_of() { local began=$EPOCHREALTIME; for i in $(seq 20); do "$@" /bin/true pg_wal/x; done; echo $(( (\${EPOCHREALTIME/./} - \${began/./}) / 20 )); }
      rm -f tmp/lease-checked; scripts/archive.sh /bin/true pg_wal/x; time_of env LEASE_SECONDS=60 scripts/archive.sh`;
    const { stdout } = await lab.run(['bash', '-c', timed]);
    expect(Number(stdout)).toBeLessThan(30_000);
  });

  /** What a strayed clone leaves: a history file of a timeline that is higher than all others. */
  async function strayTimeline(name: string): Promise<void> {
    lab.write(`tmp/${name}.history`, '1\t0/1000000\tstrayed\n');
    const archive = JSON.parse(await lab.pgbackrest('info', '--output=json'))[0].archive[0].id as string;
    const path = `archive/main/${archive}/${name}.history`;
    const put = await lab.run([
      'bash',
      '-c',
      `pgbackrest --stanza=main repo-put ${path} <tmp/${name}.history`,
    ]);
    expect(put).toMatchObject({ status: 0 });
  }
});
