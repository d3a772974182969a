import { imageName } from '../../local/images';
import { Checkout } from './checkout';
import { LocalSite } from './local-site';

/**
 * PostgreSQL 15 becomes 17 on a real cluster, in one image that holds both: every row is there, a backup of the new
 * version is what a loss is recovered from.
 */
let site: LocalSite;
let checkout: Checkout;
let rows = 0;

async function deployWith(versions: string, variables: Readonly<Record<string, string>> = {}): Promise<void> {
  checkout.change('environments/local.ts', (text) => {
    const place = 'storage: Size.gibibytes(10),';
    expect(text).toContain(place);
    return text.replace(place, `${place} ${versions},`);
  });
  await site.in(checkout.directory).deployed(variables);
}

async function write(): Promise<void> {
  await site.sql('insert into kept default values');
  rows += 1;
}

const version = async () => (await site.sql('show server_version_num')).trim().slice(0, 2);
const count = async () => (await site.sql('select count(*) from kept')).trim();
const prepared = () => site.kubectl('logs', '--namespace=local', 'orders-0', '--container=prepare');

beforeAll(async () => {
  checkout = await Checkout.copy();
  const bare = await LocalSite.open('upgrade');
  await bare.importImage('postgres-upgrade');
  site = bare.with({ POSTGRES_IMAGE: imageName('postgres-upgrade') });
  await site.npmRun('vault', ['local']);
  await deployWith('postgresMajor: 15', { TF_VAR_initialize: 'true' });
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  checkout?.remove();
}, 120_000);

test('PostgreSQL 15 becomes 17 by one deploy, and keeps every row', async () => {
  expect(await version()).toBe('15');
  await site.sql('create table kept (id bigint generated always as identity primary key)');
  await site.backedUp();
  await write();
  await site.archived();
  await write();
  await deployWith('postgresMajor: 17, upgradeFrom: 15');
  expect(await prepared()).toContain('upgraded orders to PostgreSQL 17');
  expect([await version(), await count()]).toEqual(['17', String(rows)]);
  await site.backedUp();
});

test('everything but the vault is lost: one deploy brings the new version back', async () => {
  await write();
  await site.archived();
  await site.lose();
  await deployWith('postgresMajor: 17');
  expect(await prepared()).toMatch(/restoring orders to latest .* full backup/);
  expect([await version(), await count()]).toEqual(['17', String(rows)]);
});
