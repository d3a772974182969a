import { eventually, LocalSite } from '../local-site';
import { FaultProxy } from './fault-proxy';

/**
 * A vault that misbehaves, on a real cluster: whatever it does, nothing that was acknowledged and archived is
 * lost, nothing starts empty, and the same command succeeds as soon as the vault is well again.
 */
let site: LocalSite;
let proxy: FaultProxy;
let rows = 0;

const REPOSITORY = '/local/orders';
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

async function write(): Promise<void> {
  await site.sql('insert into kept default values');
  rows += 1;
}

async function recovered(): Promise<void> {
  await site.deployed();
  expect((await site.sql('select count(*) from kept')).trim()).toBe(String(rows));
}

beforeAll(async () => {
  const direct = await LocalSite.open('faults');
  site = direct;
  proxy = await FaultProxy.start('faults');
  site = direct.with({ VAULT_ENDPOINT: proxy.endpoint });
  await site.initialised();
  await site.sql('create table kept (id bigint generated always as identity primary key)');
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await proxy?.stop();
  await site?.close();
}, 120_000);

test('slow: a quarter of a second before every answer; the restore takes longer, nothing else', async () => {
  await write();
  await site.archived();
  await site.lose();
  await proxy.set({ do: 'delay', ms: 250 });
  await recovered();
  expect((await proxy.set()).delay).toBeGreaterThan(20);
});

test('every third answer is 503: it is asked again, and nothing is missing', async () => {
  await write();
  await site.archived();
  await site.lose();
  await proxy.set({ do: 'answer', status: 503, code: 'SlowDown', every: 3 });
  await recovered();
  expect((await proxy.set()).answer).toBeGreaterThan(10);
});

test('unreachable when the database is lost: refused though the deploy calls it new, and brought back later', async () => {
  await write();
  await site.archived();
  await site.lose();
  await proxy.set({ path: REPOSITORY, do: 'reset' });
  const { exitCode, output } = await site.deploy({ TF_VAR_initialize: 'true' });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*could not be read.*never starts empty.* — FIX: /);
  await proxy.set();
  await recovered();
});

test('what tells the timeline cannot be read: refused, rather than restored along an abandoned one', async () => {
  // The first life is on timeline 1, which has no history.
  await write();
  await site.archived();
  await site.lose();
  await recovered();
  await write();
  await site.archived();
  await site.lose();
  await proxy.set({ path: '.history', do: 'answer', status: 503, code: 'Down' });
  const { exitCode, output } = await site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*could not be read.* — FIX: /);
  await proxy.set();
  await recovered();
});

test('unreachable in the middle of the replay: the recovery waits, and does not end early', async () => {
  await write();
  await site.archived();
  await site.lose();
  await proxy.set({ path: '00000000/0', do: 'answer', status: 503, code: 'Down' });
  const deploying = site.deploy();
  await eventually('a segment was asked for in vain', 120, async () => {
    const said = await site
      .kubectl('logs', '--namespace=local', 'orders-0', '--container=postgres')
      .catch(() => '');
    return /WAL \S+ of orders cannot be fetched/.test(said);
  });
  await proxy.set();
  expect((await deploying).exitCode).toBe(0);
  expect((await site.sql('select count(*) from kept')).trim()).toBe(String(rows));
});

test('full: the database goes on, and all that was written meanwhile is archived once there is room', async () => {
  await proxy.set({ method: 'PUT', do: 'answer', status: 507, code: 'XMinioStorageFull' });
  await write();
  const segment = (await site.sql('select pg_walfile_name(pg_switch_wal())')).trim();
  await eventually('archiving fails', 120, async () => {
    const failed = await site.sql(`select last_failed_wal >= '${segment}' from pg_stat_archiver`);
    return failed.trim() === 't';
  });
  await write();
  expect((await proxy.set()).answer).toBeGreaterThan(0);
  await site.archived(150);
  await site.lose();
  await recovered();
});
