import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from './lab';
import { Background, eventually } from './processes';
import { describeWithPostgres, tools } from './tools';

const README = readFileSync(join(__dirname, '../../../constructs/postgres/README.md'), 'utf8');
/** The recipe as it is written, for the stanza of the lab. */
const recipe = (/^## At a server that already runs$[\s\S]*?```sql\n([\s\S]*?)```/m.exec(README)?.[1] ?? '')
  .replaceAll('--stanza=orders', '--stanza=main')
  .split('\n')
  .filter((line) => line !== '');

describeWithPostgres('archiving switched on at a server that already runs', () => {
  let lab: Lab;
  let server: Background;
  let starts = 0;

  /** Somebody else's: plain postgres, with no setting of ours on its command line. */
  const start = async () => {
    starts += 1;
    const settings = [
      `config_file=${lab.path('etc/postgresql.conf')}`,
      `hba_file=${lab.path('etc/pg_hba.conf')}`,
      `unix_socket_directories=${lab.path('socket')}`,
    ].flatMap((setting) => ['-c', setting]);
    const command = [`${tools().bin}/postgres`, '-D', lab.pgdata, ...settings];
    const options = { cwd: lab.dir, env: lab.podEnvironment };
    server = Background.inPod(command, options, lab.path('tmp', `postgres-${starts}.log`));
    await eventually('the server is a primary', () => lab.isPrimary());
  };
  const stop = async () => {
    server.signal('SIGINT');
    await server.exit();
  };

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await start();
    await lab.sql('create table orders as select n from generate_series(1, 1000) n');
  }, 60_000);
  afterAll(async () => {
    server?.kill();
    await server?.exit();
    await lab?.dispose();
  });

  test('one restart, and what it has held for years is in the archive; nothing is rebuilt', async () => {
    expect(recipe).toHaveLength(4);
    expect(await lab.sql('show archive_mode')).toBe('off');
    const before = await lab.sql('select system_identifier from pg_control_system()');
    for (const statement of recipe) await lab.sql(statement);
    await stop();
    await start();
    expect(await lab.sql('show archive_mode')).toBe('on');
    await lab.pgbackrest('stanza-create');
    await lab.pgbackrest('backup', '--type=full');
    await lab.sql('insert into orders values (1001)');
    await lab.archiveAll();
    expect(await lab.sql('select system_identifier from pg_control_system()')).toBe(before);
    server.kill();
    await server.exit();
    await eventually('the server is gone', async () => (await lab.query('select 1')).status !== 0);

    lab.replaceVolume();
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    expect(await lab.sql('select count(*) from orders')).toBe('1001');
    await lab.crash();
  }, 90_000);
});
