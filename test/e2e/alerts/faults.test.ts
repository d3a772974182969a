import { Platform } from './platform';

/** What alerts are about is really broken: they reach a receiver with their runbook, and they resolve when it is repaired. */
const NAMESPACE = '--namespace=local';
let platform: Platform;

beforeAll(async () => {
  platform = await Platform.open('alert-faults');
}, 3_600_000);

afterAll(() => platform?.close(), 120_000);

test('archiving breaks, and works again', async () => {
  await platform.proxy.set(
    ...['/local/orders', 'prefix=local%2Forders'].map((path) => ({ path, do: 'reset' }) as const),
  );
  await platform.site.sql('create table broken (id int); insert into broken select generate_series(1, 1000)');
  await platform.site.sql('select pg_switch_wal()');
  await platform.fires('PostgresWalArchive', 'critical');
  await platform.proxy.set();
  await platform.site.archived(240);
  await platform.resolves('PostgresWalArchive', 'critical');
}, 900_000);

test('an exporter is gone, and comes back with a deploy', async () => {
  await platform.site.kubectl('delete', 'deployment', NAMESPACE, 'orders-pgbackrest-exporter');
  await platform.fires('PgBackRestExporterBlind', 'critical');
  await platform.site.deployed();
  await platform.resolves('PgBackRestExporterBlind', 'critical');
}, 900_000);
