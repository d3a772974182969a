import { Client } from 'pg';
import { Lab } from './lab';
import { eventually } from './processes';
import { describeWithPostgres } from './tools';

describeWithPostgres('roles.sh', () => {
  let lab: Lab;
  const app = { APP_ROLE: 'shop_app', APP_DATABASE: 'shop', ROLES_POLL_SECONDS: '0.3', POLL_SECONDS: '0.2' };
  const environment = () => ({ ...lab.paths, ...app, ROLES_SET: lab.path('tmp/roles-set') });
  const password = (role: string, text: string) => lab.write(`roles/${role}`, text);

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    // What an operator may well have set: everything is logged.
    lab.write(
      'etc/postgresql.conf',
      `${lab.read('etc/postgresql.conf')}log_statement=all\nlog_min_duration_statement=0\nlog_min_error_statement=debug5\n`,
    );
  }, 60_000);

  afterAll(() => lab.dispose());

  async function logIn(user: string, secret: string, database = 'shop'): Promise<string> {
    const client = new Client({ host: '127.0.0.1', port: lab.port, user, password: secret, database });
    try {
      await client.connect();
      const { rows } = await client.query(
        'select current_user::text as who, pg_catalog.pg_get_userbyid(datdba)::text as owner from pg_database where datname = current_database()',
      );
      return `${rows[0].who} in a database of ${rows[0].owner}`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  test('waits for files and server, then sets both passwords and creates role and database', async () => {
    const sidecar = lab.spawn('roles.sh', environment());
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lab.exists('tmp/roles-set')).toBe(false);
    password('postgres', 'root-secret');
    password('shop_app', 'app-secret');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lab.exists('tmp/roles-set')).toBe(false);
    const server = await lab.startServer();
    await eventually('the roles are set', () => lab.exists('tmp/roles-set'));
    expect(await logIn('shop_app', 'app-secret')).toBe('shop_app in a database of shop_app');
    expect(await logIn('postgres', 'root-secret')).toBe('postgres in a database of shop_app');
    expect(await logIn('shop_app', 'wrong')).toMatch(/password authentication failed/);

    password('shop_app', 'second-secret');
    await eventually(
      'the new password works',
      async () =>
        /shop_app/.test(await logIn('shop_app', 'second-secret')) &&
        (await logIn('shop_app', 'app-secret')).includes('failed'),
    );
    expect(sidecar.running).toBe(true);
    sidecar.signal('SIGTERM');
    // By a trap of its own: without one, the first process of a container ignores the signal.
    expect(await sidecar.exit(2_000)).toBe(143);
    for (const secret of ['root-secret', 'app-secret', 'second-secret', 'SCRAM-SHA-256']) {
      expect(server.log).not.toContain(secret);
      expect(sidecar.log).not.toContain(secret);
    }
    expect(server.log).toContain('CREATE TEMPORARY TABLE');
  });

  const once = () => lab.script('roles.sh', [], { ...environment(), ONCE: 'true' });

  test.each([
    ['quotes', `it's "quoted" \\ $$x$$ :'pw' $(id) \`id\``],
    ['letters of every kind', 'pässwörd-密码-🔑'],
    ['a COPY end mark', '\\.'],
    ['spaces around', '  spaced  '],
    ['a tab', 'a\tb'],
    ['200 characters', 'x'.repeat(200)],
  ])('takes a password with %s', async (_, secret) => {
    password('shop_app', secret);
    expect(await once()).toMatchObject({ status: 0 });
    expect(await logIn('shop_app', secret)).toBe('shop_app in a database of shop_app');
  });

  test('does not take the line end of a file for a part of the password', async () => {
    password('shop_app', 'app-secret\n');
    expect(await once()).toMatchObject({ status: 0 });
    expect(await logIn('shop_app', 'app-secret')).toContain('shop_app');
  });

  test('a role and a database may have any name', async () => {
    const odd = `o'dd "name"\\`;
    password(odd, 'odd-secret');
    const result = await lab.script('roles.sh', [], {
      ...environment(),
      ONCE: 'true',
      APP_ROLE: odd,
      APP_DATABASE: odd,
    });
    expect(result).toMatchObject({ status: 0 });
    expect(await logIn(odd, 'odd-secret', odd)).toBe(`${odd} in a database of ${odd}`);
  });

  test('without an application role sets the superuser alone', async () => {
    const result = await lab.script('roles.sh', [], {
      ...environment(),
      ONCE: 'true',
      APP_ROLE: '',
      APP_DATABASE: '',
    });
    expect(result).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/passwords set for postgres\n$/),
    });
  });

  test('makes the role of an exporter: it reads statistics, has no password, and may nothing else, whatever it was', async () => {
    await lab.sql("create role postgres_exporter superuser createdb login password 'known'");
    const exporter = { ...environment(), ONCE: 'true', EXPORTER_ROLE: 'postgres_exporter' };
    for (const _ of [1, 2]) expect(await lab.script('roles.sh', [], exporter)).toMatchObject({ status: 0 });
    const told = `select rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolpassword is null,
      rolconnlimit, (select string_agg(roleid::regrole::text, ',') from pg_auth_members where member = pg_authid.oid)
      from pg_authid where rolname = 'postgres_exporter'`;
    expect(await lab.sql(told)).toBe('t|f|f|f|f|f|t|5|pg_monitor');
    expect(await logIn('postgres_exporter', 'known', 'postgres')).toMatch(/password authentication failed/);
  });

  test('makes the role of the checkpoints before snapshots, which makes them by its password and may nothing else', async () => {
    password('snapshots', 'checkpoint-secret');
    await lab.sql('create role snapshots superuser createdb');
    const checkpointer = { ...environment(), ONCE: 'true', CHECKPOINT_ROLE: 'snapshots' };
    for (const _ of [1, 2])
      expect(await lab.script('roles.sh', [], checkpointer)).toMatchObject({ status: 0 });
    const told = `select rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
      rolconnlimit, (select string_agg(roleid::regrole::text, ',') from pg_auth_members where member = pg_authid.oid)
      from pg_authid where rolname = 'snapshots'`;
    expect(await lab.sql(told)).toBe('t|f|f|f|f|f|2|pg_checkpoint');
    await lab.sql('create table written as select 1');
    const before = await lab.sql('select checkpoint_lsn from pg_control_checkpoint()');
    const job = { PG_HOST: '127.0.0.1', WAIT_SECONDS: '2' };
    expect(await lab.script('checkpoint.sh', [], job)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/checkpoint of shop in [\d.]+ s/),
    });
    expect(await lab.sql('select checkpoint_lsn from pg_control_checkpoint()')).not.toBe(before);
    password('snapshots', 'wrong');
    expect(await lab.script('checkpoint.sh', [], job)).toMatchObject({
      status: 78,
      lastLine: expect.stringMatching(
        /^ERROR shop: .* no snapshot is taken of it: .*password authentication failed.* — FIX: .*roles container/,
      ),
    });
  });

  test('makes no role for an exporter that is not there', async () => {
    await lab.sql('drop role if exists postgres_exporter');
    expect(await once()).toMatchObject({ status: 0 });
    expect(await lab.sql("select count(*) from pg_roles where rolname ~ 'exporter'")).toBe('0');
  });

  test('stores verifiers, never MD5, even where the server would', async () => {
    await lab.sql("alter system set password_encryption = 'md5'; select pg_reload_conf()");
    expect(await once()).toMatchObject({ status: 0 });
    expect(
      await lab.sql(
        "select count(*) from pg_authid where rolpassword is not null and rolpassword not like 'SCRAM-SHA-256$%'",
      ),
    ).toBe('0');
    await lab.sql('alter system reset password_encryption; select pg_reload_conf()');
  });

  test('an error of the server ends it with its last line, and without the password', async () => {
    password('pg_reserved', 'reserved-secret');
    const result = await lab.script('roles.sh', [], {
      ...environment(),
      ONCE: 'true',
      APP_ROLE: 'pg_reserved',
    });
    expect(result).toMatchObject({
      status: 78,
      lastLine: expect.stringMatching(/roles postgres pg_reserved could not be set — FIX: /),
    });
    expect(result.stderr).toContain('pg_reserved');
    expect(result.stderr).not.toContain('reserved-secret');
  });
});
