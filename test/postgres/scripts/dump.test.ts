import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DumpPod, type Manifest, PASSWORD } from './dump-pod';
import { canRunOlder, OlderServer, olderMajor } from './older-server';
import { eventually } from './processes';
import { describeWithS3 } from './s3-server';
import { tools } from './tools';

const ODD = `it's "odd" x=y/ü`;

describeWithS3('logical dumps', () => {
  let pod: DumpPod;
  let first: Manifest;

  beforeAll(async () => {
    pod = await DumpPod.start();
    const { lab } = pod;
    await lab.sql(`create role shop_app login password 'app-secret-password'; create role reader nologin`);
    await lab.sql('create database shop owner shop_app');
    await lab.sql(`create database "${ODD.replaceAll('"', '""')}"`);
    await lab.sql(
      `set role shop_app;
       create table orders (id int primary key, note text);
       insert into orders select n, repeat(md5(n::text), 20) from generate_series(1, 5000) n;
       create table parts (id int) partition by range (id);
       create table parts_1 partition of parts for values from (0) to (10);
       insert into parts select generate_series(0, 9);
       create sequence numbers; select setval('numbers', 77);
       select lo_from_bytea(4711, 'large');
       alter table orders enable row level security;
       alter table orders force row level security;
       reset role;
       alter database shop set work_mem = '7MB';
       revoke connect on database shop from public;
       grant connect on database shop to reader`,
      'shop',
    );
    await lab.sql('create table t as select 1 as n', ODD);
    first = await pod.dumped();
  }, 120_000);
  afterAll(() => pod?.dispose());

  test('tells of every database what it holds, and lists itself', async () => {
    expect(first.databases.map(({ name, tables }) => ({ name, tables }))).toEqual([
      { name: ODD, tables: 1 },
      { name: 'postgres', tables: 0 },
      { name: 'shop', tables: 3 },
    ]);
    expect(first.serverVersion).toContain(tools().major);
    expect(first.globals.rolePasswords).toBe(false);
    expect(Date.parse(first.finishedAt)).toBeGreaterThanOrEqual(Date.parse(first.startedAt));
    expect(await pod.list()).toEqual([{ id: first.id, complete: true, manifest: first }]);
  });

  test('cannot be read without the passphrase', async () => {
    for (const path of pod.objects()) {
      if (path.endsWith('.json')) continue;
      const stored = readFileSync(pod.s3.path('vault', path));
      expect(stored.subarray(0, 8).toString()).toBe('Salted__');
      for (const text of ['PGDMP', 'shop_app', 'CREATE ROLE']) expect(stored.includes(text)).toBe(false);
    }
    expect(pod.objects()).toHaveLength(6);
    const other = await pod.restore({ RESTORE_DATABASES: '["shop"]', PGBACKREST_REPO1_CIPHER_PASS: 'other' });
    expect(other).toMatchObject({ status: 78, lastLine: expect.stringMatching(/ — FIX: /) });
    expect(await names()).not.toContain(`shop_restored_${first.id.toLowerCase()}`);
  });

  test('is readable without pgBackRest', async () => {
    const shop = first.databases.find(({ name }) => name === 'shop');
    const options = ['enc', '-d', '-aes-256-cbc', '-md', 'sha1', '-pass', 'env:PASSPHRASE'];
    const opened = execFileSync('openssl', options, {
      input: readFileSync(pod.object(`${first.id}/${shop?.file}`)),
      env: { ...process.env, PASSPHRASE: 'one' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    expect(createHash('sha256').update(opened).digest('hex')).toBe(shop?.sha256);
    expect(opened).toHaveLength(shop?.bytes ?? 0);
  });

  const names = async (): Promise<string> =>
    pod.lab.sql('select string_agg(datname, chr(10)) from pg_database');

  test('holds no password, unless it is said', async () => {
    const globals = async (id: string): Promise<string> => {
      const key = `dumps/main/${id}/globals.sql`;
      const env = { ...pod.lab.podEnvironment, PGBACKREST_CIPHER_PASS: 'one' };
      return (await pod.lab.run(['pgbackrest', '--repo=1', 'repo-get', key], env)).stdout;
    };
    expect(await globals(first.id)).toContain('CREATE ROLE shop_app');
    expect(await globals(first.id)).not.toContain('SCRAM');
    const second = await pod.dumped({ DUMP_ROLE_PASSWORDS: 'true', DUMP_DATABASES: '["postgres"]' });
    expect(second.databases.map(({ name }) => name)).toEqual(['postgres']);
    expect(second.globals.rolePasswords).toBe(true);
    expect(await globals(second.id)).toContain('SCRAM-SHA-256');
    rmSync(pod.object(second.id), { recursive: true });
  });

  test('is restored beside the live database, with everything that belongs to it', async () => {
    await pod.lab.sql('delete from orders', 'shop');
    const result = await pod.restore();
    expect(result.status === 0 ? '' : result.stderr).toBe('');
    const into = `shop_restored_${first.id.toLowerCase()}`;
    expect(
      result.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).into)
        .sort(),
    ).toEqual([`${ODD}_restored_${first.id.toLowerCase()}`, into].sort());
    expect(result.stderr).toContain(
      `alter database shop rename to shop_before; alter database ${into} rename to shop`,
    );
    expect(await pod.lab.sql('select count(*), min(length(note)) from orders', into)).toBe('5000|640');
    expect(await pod.lab.sql('select count(*) from parts', into)).toBe('10');
    expect(await pod.lab.sql('select last_value from numbers', into)).toBe('77');
    expect(await pod.lab.sql("select convert_from(lo_get(4711), 'UTF8')", into)).toBe('large');
    expect(await pod.lab.sql("select current_setting('work_mem')", into)).toBe('7MB');
    expect(
      await pod.lab.sql(
        `select pg_get_userbyid(datdba), has_database_privilege('reader', oid, 'connect') from pg_database where datname = '${into}'`,
      ),
    ).toBe('shop_app|t');
    expect(await pod.lab.sql("select tableowner from pg_tables where tablename = 'orders'", into)).toBe(
      'shop_app',
    );
    expect(await pod.lab.sql("select reltuples from pg_class where relname = 'orders'", into)).toBe('5000');
    // The live one is as it was.
    expect(await pod.lab.sql('select count(*) from orders', 'shop')).toBe('0');
    const again = await pod.restore({ RESTORE_DATABASES: '["shop"]' });
    expect(again.lastLine).toMatch(/exists already — FIX: give another name/);
    const over = await pod.restore({ RESTORE_DATABASES: '["shop"]', RESTORE_CLEAN: 'true' });
    expect(over).toMatchObject({ status: 0 });
    expect(await pod.lab.sql('select count(*) from orders', 'shop')).toBe('5000');
  });

  test.each([
    ['bytes turned', (stored: Buffer) => stored.fill(0x55, 4096, 4128)],
    ['its end cut off', (stored: Buffer) => stored.subarray(0, stored.length - 4096)],
    ['another file in its place', () => readFileSync(pod.object(`${first.id}/globals.sql`))],
  ])('with %s is refused before the server is touched', async (_, change) => {
    const file = pod.object(`${first.id}/${first.databases.find(({ name }) => name === 'shop')?.file}`);
    const whole = readFileSync(file);
    writeFileSync(file, change(Buffer.from(whole)));
    try {
      const result = await pod.restore({ RESTORE_DATABASES: '["shop"]', RESTORE_INTO: 'tampered' });
      expect(result).toMatchObject({
        status: 78,
        lastLine: expect.stringMatching(/shop.dump of dump .* — FIX: /),
      });
      expect(await names()).not.toContain('tampered');
    } finally {
      writeFileSync(file, whole);
    }
  });

  test('of some databases, or of one that is not there', async () => {
    const result = await pod.dump({ DUMP_DATABASES: '["shop","gone"]' });
    expect(result).toMatchObject({
      status: 78,
      lastLine: expect.stringMatching(/has no database gone.* — FIX: /),
    });
    const shop = await pod.restore({ RESTORE_DATABASES: '["gone"]' });
    expect(shop.lastLine).toMatch(/has no database gone — FIX: choose of: .*shop/);
  });

  test('needs the password of the superuser, and shows it nowhere', async () => {
    const right = await pod.dump({ DUMP_DATABASES: '["postgres"]' });
    expect(right.status).toBe(0);
    expect(right.stderr + right.stdout).not.toContain('secret');
    pod.lab.write('roles/postgres', 'wrong');
    try {
      const wrong = await pod.dump({ WAIT_SECONDS: '1' });
      expect(wrong.lastLine).toMatch(/password authentication failed.* — FIX: .*roles container/);
    } finally {
      pod.lab.write('roles/postgres', `${PASSWORD}\n`);
    }
  });

  test('is refused where the repository does not encrypt', async () => {
    const encrypted = pod.lab.repositories;
    pod.lab.repositories = encrypted.map((options) => ({ ...options, 'cipher-type': 'none' }));
    pod.lab.configure();
    try {
      expect((await pod.dump()).lastLine).toMatch(/repo1 is not encrypted.* — FIX: /);
    } finally {
      pod.lab.repositories = encrypted;
      pod.lab.configure();
    }
  });

  test('that breaks off leaves nothing that counts', async () => {
    const before = (await pod.list()).filter(({ complete }) => complete);
    // A table that is locked for longer than the dump waits.
    const lock = pod.lab.query('begin; lock table t; select pg_sleep(6)', ODD);
    const result = await pod.dump({ DUMP_LOCK_WAIT_SECONDS: '1' });
    expect(result).toMatchObject({ status: 78 });
    expect(result.stderr).toMatch(/pg_dump of database it's "odd" x=y\/ü failed: .*timeout.* — FIX: /);
    await lock;
    expect((await pod.list()).filter(({ complete }) => complete)).toEqual(before);
    expect((await pod.list()).length).toBe(before.length + 1);
  });

  test('larger than a part of an upload is whole, and is restored by several processes', async () => {
    await pod.lab.sql('create database large');
    const random =
      "select n, (select string_agg(sha512((n || '-' || m || random())::bytea), '') from generate_series(1, 1000) m where n > 0) as data from generate_series(1, 100) n";
    await pod.lab.sql(
      `create table one as ${random}; create table two as ${random}; create index on two (n)`,
      'large',
    );
    const digest = async (database: string): Promise<string> =>
      pod.lab.sql(
        "select md5(string_agg(md5(data), '' order by n)) from (table one union all table two) as every (n, data)",
        database,
      );
    const made = await pod.dumped({ DUMP_DATABASES: '["large"]' });
    expect(made.databases[0]?.bytes).toBeGreaterThan(11 * 1024 * 1024);
    const restored = await pod.restore({ RESTORE_DUMP: made.id, RESTORE_INTO: 'again', RESTORE_JOBS: '4' });
    expect(restored.status === 0 ? '' : restored.stderr).toBe('');
    expect(await digest('again')).toBe(await digest('large'));
    await pod.lab.sql('drop database large');
    await pod.lab.sql('drop database again');
  });

  test('says why when the store takes nothing, and removes nothing', async () => {
    pod.s3.createReader('vault', 'reader', 'reader-secret-key');
    const before = pod.objects();
    const refused = await pod.dump({
      PGBACKREST_REPO1_S3_KEY: 'reader',
      PGBACKREST_REPO1_S3_KEY_SECRET: 'reader-secret-key',
      DUMP_KEEP_SECONDS: '0',
    });
    expect(refused).toMatchObject({
      status: 78,
      lastLine: expect.stringMatching(/no dump could be begun.*403.* — FIX: let the key/),
    });
    expect(pod.objects()).toEqual(before);
    const gone = await pod.dump({ PG_PORT: '1', WAIT_SECONDS: '1' });
    expect(gone.lastLine).toMatch(/127\.0\.0\.1:1 accepts no writes after 1 s: .*refused.* — FIX: /);
  });

  test('that is ended ends at once, and does not count', async () => {
    const complete = async () => (await pod.list()).filter((one) => one.complete).length;
    const before = await complete();
    const lock = pod.lab.query('begin; lock table t; select pg_sleep(5)', ODD);
    const job = pod.startDump();
    await eventually('the dump waits for the lock', async () =>
      /^[1-9]/.test(await pod.lab.sql('select count(*) from pg_locks where not granted')),
    );
    job.signal('SIGTERM');
    expect(await job.exit(3000)).toBe(143);
    expect(await complete()).toBe(before);
    await lock;
  });

  test('is not made of data that has a successor', async () => {
    const lease = 'leases/main/000002.json';
    const put =
      'source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh; "$@"';
    const body = '{"lease":2,"holder":"another","how":"restored","at":"2026-05-04T00:00:00Z"}';
    const written = await pod.lab.run(['bash', '-c', put, 'test', 's3_put_new', '1', lease, body]);
    expect(written.status).toBe(0);
    const result = await pod.dump();
    expect(result.lastLine).toMatch(/superseded, a newer life .*lease 2, restored .* — FIX: /);
    expect((await pod.lab.run(['bash', '-c', put, 'test', 's3_delete', '1', lease])).status).toBe(0);
  });

  (canRunOlder() ? test : test.skip)(
    'of an older major version, by its own programs, is restored into this one',
    async () => {
      const older = await OlderServer.start(olderMajor(tools().major) ?? '', PASSWORD);
      try {
        older.copyPrograms(pod.lab.path('older'));
        // A database of its own: the lease of this one is not its.
        const env = { PG_PORT: String(older.port), STANZA: 'older' };
        const ask = (database: string, sql: string) =>
          pod.lab.run([pod.lab.path('older/psql'), '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', sql], {
            ...pod.lab.paths,
            PGHOST: '127.0.0.1',
            PGPORT: env.PG_PORT,
            PGUSER: 'postgres',
            PGPASSWORD: PASSWORD,
            PGDATABASE: database,
          });
        expect((await ask('postgres', 'create role elder login')).stderr).toBe('');
        expect((await ask('postgres', 'create database legacy owner elder')).stderr).toBe('');
        const made = await ask(
          'legacy',
          "set role elder; create table old as select n, 'row ' || n as text from generate_series(1, 1000) n",
        );
        // Since 15, the schema public is its owner's.
        expect(made.stderr).toMatch(/^$|permission denied/);
        if (made.status !== 0)
          expect(
            (
              await ask(
                'legacy',
                'create table old as select n from generate_series(1, 1000) n; alter table old owner to elder',
              )
            ).stderr,
          ).toBe('');
        const dump = await pod.dumped({
          ...env,
          PG_MAJOR: older.major,
          PG_BIN: pod.lab.path('older'),
          STATE_DIR: '/nonexistent',
        });
        expect(dump.serverVersion).toMatch(new RegExp(`^${older.major}\\.`));
        const chosen = {
          RESTORE_DUMP: dump.id,
          RESTORE_DATABASES: '["legacy"]',
          RESTORE_INTO: 'legacy',
          STANZA: 'older',
        };
        const ownerless = await pod.restore(chosen);
        expect(ownerless.lastLine).toMatch(/elder.* — FIX: restore the globals too/);
        expect(await names()).not.toContain('legacy');
        const restored = await pod.restore({ ...chosen, RESTORE_GLOBALS: 'true' });
        expect(restored.status === 0 ? '' : restored.stderr).toBe('');
        expect(await pod.lab.sql('select count(*) from old', 'legacy')).toBe('1000');
        expect(await pod.lab.sql("select tableowner from pg_tables where tablename = 'old'", 'legacy')).toBe(
          'elder',
        );
      } finally {
        older.stop();
      }
    },
  );

  test('without its manifest is neither counted nor restored, and goes when it is old', async () => {
    for (const { id } of await pod.list()) if (id !== first.id) rmSync(pod.object(id), { recursive: true });
    rmSync(pod.object(`${first.id}/manifest.json`));
    expect(await pod.list()).toEqual([{ id: first.id, complete: false }]);
    expect((await pod.restore()).lastLine).toMatch(/there is no complete dump in the vault — FIX: make one/);
    expect((await pod.restore({ RESTORE_DUMP: first.id })).lastLine).toMatch(/is incomplete/);
    const next = await pod.dumped({ DUMP_DATABASES: '["postgres"]' });
    expect((await pod.list()).map(({ id }) => id)).toEqual([first.id, next.id]);
    await pod.dumped({ DUMP_DATABASES: '["postgres"]', DUMP_STALE_SECONDS: '0' });
    expect((await pod.list()).map(({ id }) => id)).not.toContain(first.id);
    expect(pod.objects().some((path) => path.includes(first.id))).toBe(false);
  });
});
