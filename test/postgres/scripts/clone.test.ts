import { execFileSync } from 'node:child_process';
import { ClonePod } from './clone-pod';
import { Lab } from './lab';
import { eventually } from './processes';
import { describeWithPostgres } from './tools';

const INSTANT = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** A clone restores from the repository of a server that lives and writes, and leaves no trace there. */
describeWithPostgres('clone.sh', () => {
  let lab: Lab;
  let clone: ClonePod;
  let before = '';

  /** The live one: 1000 rows, then a DELETE without WHERE, then 7 rows written since. */
  beforeAll(async () => {
    lab = await Lab.create();
    clone = new ClonePod(lab);
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await lab.startServer();
    await lab.sql('create table orders as select n from generate_series(1, 900) n');
    await lab.pgbackrest('stanza-create');
    await lab.pgbackrest('backup', '--type=full');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await lab.sql('insert into orders select n from generate_series(901, 1000) n');
    before = await lab.sql(`select ${INSTANT}`);
    await lab.sql('delete from orders');
    await lab.sql('insert into orders select n from generate_series(2001, 2007) n');
    await lab.archiveAll();
  }, 120_000);

  afterEach(() => clone.end());
  afterAll(() => lab.dispose());

  const repository = (): string =>
    execFileSync('find', [lab.path('repo1'), '-printf', '%P %s %T@\\n'], { encoding: 'utf8' })
      .split('\n')
      .sort()
      .join('\n');
  const rows = (): Promise<string> => clone.sql('select count(*) from orders');

  test('shows the rows of the instant while the live server goes on, and the repository stays as it was', async () => {
    const listed = repository();
    const { log } = await clone.start({ CLONE_TO: before, CLONE_TIMELINE: '1' });
    expect(log).toMatch(/can be read after [\d.]+ s: its last transaction is of \d{4}-\d\d-\d\dT[\d:.]+Z/);
    expect(await rows()).toBe('1000');
    expect(await lab.sql('select count(*) from orders')).toBe('7');
    // Whatever is done to the copy stays there.
    await clone.sql('drop table orders; checkpoint; select pg_switch_wal()');
    await clone.sql('create table mine as select 1; select pg_switch_wal()');
    expect(await clone.sql('show archive_mode')).toBe('off');
    expect(await clone.sql('select timeline_id from pg_control_checkpoint()')).toBe('2');
    await clone.end();
    expect(repository()).toBe(listed);
    expect(await lab.sql('select count(*) from orders')).toBe('7');
  });

  test('is reached by its socket alone', async () => {
    await clone.start({ CLONE_TO: before });
    expect(await clone.sql('show listen_addresses')).toBe('');
  });

  test('without a target has everything that was archived', async () => {
    await clone.start();
    expect(await rows()).toBe('7');
  });

  test('an instant before every backup is refused before anything is restored', async () => {
    const { log } = await clone.start({ CLONE_TO: '2020-01-01T00:00:00Z' });
    expect(clone.lastWords).toMatch(/^ERROR .*no backup leads to 2020-01-01T00:00:00Z: .* — FIX: /);
    expect(log.match(/^ERROR/gm)).toHaveLength(1);
    expect(log).not.toContain('restoring');
  });

  test('an instant without a zone is refused', async () => {
    await clone.start({ CLONE_TO: '2020-01-01 00:00:00' });
    expect(clone.lastWords).toContain('with its zone');
  });

  test('an instant after the last archived transaction: says which one that is', async () => {
    const now = await lab.sql(`select ${INSTANT}`);
    await clone.start({ CLONE_TO: now });
    expect(clone.ready).toBe(false);
    expect(clone.lastWords).toMatch(
      /^ERROR clone of shop: no transaction after .* is in the archive; the last one is of \d{4}-.* — FIX: /,
    );
  });

  test('a timeline that there is not is told so', async () => {
    await clone.start({ CLONE_TO: before, CLONE_TIMELINE: '7' });
    expect(clone.lastWords).toMatch(/^ERROR shop: .*on timeline 7: the archive has no such timeline — FIX: /);
  });

  test('ends without an error when its life time is over', async () => {
    const process = await clone.start({ CLONE_TO: before, CLONE_SECONDS: '1' });
    expect(await process.exit()).toBe(0);
    expect(process.log).toContain('its life time of 1 s is over');
    expect(clone.ready).toBe(false);
  });

  test('ends at once when it is told to, with its server, though somebody is connected', async () => {
    const process = await clone.start({ CLONE_TO: before });
    const client = clone.query('select pg_sleep(60)');
    await eventually(
      'the client is connected',
      async () =>
        (await clone.sql("select count(*) from pg_stat_activity where query = 'select pg_sleep(60)'")) ===
        '1',
    );
    const began = Date.now();
    await clone.end();
    expect((await client).status).not.toBe(0);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(process.running).toBe(false);
  });

  test('a server that dies is not called ready any more, and the pod ends', async () => {
    const process = await clone.start({ CLONE_TO: before });
    const pid = lab.read('clone/pgdata/postmaster.pid').split('\n')[0];
    execFileSync('kill', ['-KILL', String(pid)]);
    expect(await process.exit()).toBe(78);
    expect(clone.ready).toBe(false);
    expect(clone.lastWords).toMatch(/^ERROR clone of shop: its server ended.* — FIX: /);
  });
});
