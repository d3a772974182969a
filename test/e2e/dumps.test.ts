import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { LocalSite } from './local-site';

/** Logical dumps on a real cluster: made, listed, broken, and restored beside the live database. */
let site: LocalSite;

beforeAll(async () => {
  site = await LocalSite.open('dumps');
  await site.initialised();
  await site.sql('create table goods as select n, md5(n::text) as text from generate_series(1, 20000) n');
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

const dump = (...args: readonly string[]) => site.npmRun('dump', ['local', 'orders', ...args]);

let id = '';

test('a dump is made, read back and listed', async () => {
  expect((await dump('list')).output).toContain('orders has no dump');
  const made = await dump('now');
  expect(made.exitCode === 0 ? '' : made.output).toBe('');
  id = /^(\d{8}T\d{6}Z) {2}PostgreSQL 17\.\d+ .*orders \(\d\.\d MB, 1 tables\)/m.exec(made.output)?.[1] ?? '';
  expect(id).not.toBe('');
  expect((await dump('list')).output).toContain(id);
  for (const secret of site.secretValues()) expect(made.output).not.toContain(secret);
}, 300_000);

test('it is restored beside the live database, which stays as it is', async () => {
  await site.sql('delete from goods where n > 5');
  const restored = await dump('restore', id, '--into', 'orders_yesterday', '--database', 'orders');
  expect(restored.exitCode === 0 ? '' : restored.output).toBe('');
  expect(restored.output).toContain(
    'alter database orders rename to orders_before; alter database orders_yesterday rename to orders',
  );
  expect((await site.sql('select count(*) from goods')).trim()).toBe('5');
  const counted = await site.kubectl(
    ...['exec', '--namespace=local', 'orders-0', '--container=postgres', '--', 'psql', '-XqAt'],
    ...[
      '--dbname=orders_yesterday',
      '--command=select count(*), current_setting($$is_superuser$$) from goods',
    ],
  );
  expect(counted.trim()).toBe('20000|on');
  const owner = await site.sql(
    "select pg_get_userbyid(datdba) from pg_database where datname = 'orders_yesterday'",
  );
  expect(owner.trim()).toBe('orders_app');
}, 300_000);

test('one that is incomplete is neither counted nor restored', async () => {
  const { store } = site.vault('local-vault');
  const Key = (await store.keys('local/orders/dumps/')).find((key) => key.endsWith('manifest.json')) ?? '';
  await store.client.send(new DeleteObjectCommand({ ...store.target, Key }));
  expect((await dump('list')).output).toMatch(/incomplete: not restored/);
  const refused = await dump('restore');
  expect(refused.exitCode).toBe(2);
  expect(refused.output).toMatch(/orders: there is no complete dump in the vault — FIX: /);
}, 300_000);
