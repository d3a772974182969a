import { Checkout } from './checkout';
import { type Deployed, LocalSite } from './local-site';

/**
 * The clock set back, on a real cluster: rows are deleted, a recovery is ordered in the declaration, and the same
 * order still stands there at the next complete loss.
 */
let site: LocalSite;
let checkout: Checkout;
let before: string;

const rows = async () => (await site.sql('select count(*) from kept')).trim();
const pod = async () =>
  site.kubectl('get', 'pod', 'orders-0', '--namespace=local', '--output=jsonpath={.metadata.uid}');

/** Deploys a checkout whose declaration has this order. */
async function deployWith(recover: object): Promise<Deployed> {
  checkout.change('environments/local.ts', (text) => {
    const place = 'backupSpread: Duration.ZERO,';
    expect(text).toContain(place);
    return text.replace(place, `${place}\n      recover: ${JSON.stringify(recover)},`);
  });
  return site.in(checkout.directory).deploy();
}

beforeAll(async () => {
  checkout = await Checkout.copy();
  site = await LocalSite.open('recover');
  await site.initialised();
  await site.backedUp();
  await site.sql('create table kept as select n from generate_series(1, 1000) n');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  before = (
    await site.sql(
      'select to_char(clock_timestamp() at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
    )
  ).trim();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await site.sql('delete from kept');
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  checkout?.remove();
}, 120_000);

test('an order that cannot be carried out is refused while the database runs, and stops nothing', async () => {
  const uid = await pod();
  const { exitCode, output } = await deployWith({ id: 'too-early', to: '2001-01-01T00:00:00Z' });
  expect(output).toMatch(/no backup leads to 2001-01-01T00:00:00Z.* FIX: /);
  expect(exitCode).toBe(2);
  expect(await pod()).toBe(uid);
  expect(await rows()).toBe('0');
});

test('the deploy recovers in place, keeps what was there, and backs up', async () => {
  const { exitCode, output } = await deployWith({ id: 'undo-delete', to: before });
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toContain(`orders: recovered to ${before}`);
  expect(await rows()).toBe('1000');
  const kept = ['exec', '--namespace=local', 'orders-0', '--container=postgres', '--', 'sh', '-c'];
  expect(await site.kubectl(...kept, 'cat "$PGDATA".before-undo-delete/PG_VERSION')).toMatch(/^\d+/);
  await site.kubectl(
    'wait',
    '--namespace=local',
    '--for=condition=complete',
    '--timeout=110s',
    'job/orders-recovered-undo-delete',
  );
});

test('the same deploy again does nothing to it', async () => {
  const uid = await pod();
  await site.sql('insert into kept values (1001)');
  const { exitCode, output } = await deployWith({ id: 'undo-delete', to: before });
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(await pod()).toBe(uid);
  expect(await rows()).toBe('1001');
});

test('after a complete loss the order that still stands is not repeated: what followed it comes back', async () => {
  await site.archived();
  await site.lose();
  const { exitCode, output } = await deployWith({ id: 'undo-delete', to: before });
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(await rows()).toBe('1001');
});
