import { Checkout } from './checkout';
import { type Deployed, LocalSite } from './local-site';

/** A database's volume outlived everything else, on a real cluster: it is attached in place of a restore. */
let site: LocalSite;
let checkout: Checkout;
/** What the deploy told of the volume, as TypeScript. */
let former = '';

const get = (kind: string, name: string, path: string) =>
  site.kubectl('get', kind, name, '--namespace=local', `--output=jsonpath={${path}}`);
const count = async () => (await site.sql('select count(*) from kept')).trim();
const prepared = () => site.kubectl('logs', '--namespace=local', 'orders-0', '--container=prepare');
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

async function deployOnto(volume: string): Promise<Deployed> {
  checkout.change('environments/local.ts', (text) => {
    const place = 'storage: Size.gibibytes(10),';
    expect(text).toContain(place);
    return text.replace(place, `${place} storageClass: 'local-path', existingVolume: ${volume},`);
  });
  return site.in(checkout.directory).deploy();
}

/** The cluster is gone, the volume's data is not. */
async function loseAllButTheVolume(): Promise<void> {
  const volume = await get('pvc', 'data-orders-0', '.spec.volumeName');
  const retain = { spec: { persistentVolumeReclaimPolicy: 'Retain' } };
  await site.kubectl('patch', 'pv', volume, '--type=merge', `--patch=${JSON.stringify(retain)}`);
  await site.lose();
  await site.kubectl('delete', 'pv', volume);
}

beforeAll(async () => {
  checkout = await Checkout.copy();
  site = await LocalSite.open('existing');
  await site.initialised();
  await site.sql('create table kept (id bigint generated always as identity primary key)');
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  checkout?.remove();
}, 120_000);

test('the volume is attached, nothing is restored, and what was never archived is there', async () => {
  await site.archived();
  await site.sql('insert into kept default values');
  await loseAllButTheVolume();
  // Somebody who knows nothing of it is told, by a synth that fails before anything is applied.
  const told = await site.deploy({ TF_VAR_orders_superuser_password: '' });
  former = /orders: its volume was (\{.*\}) of class local-path; /.exec(told.output)?.[1] ?? '';
  expect(told.output).toContain('existingVolume');
  const { exitCode, output } = await deployOnto(former);
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(await prepared()).toMatch(/: start$/m);
  expect(await count()).toBe('1');
});

test('once a newer life of the database has begun elsewhere, the volume is refused', async () => {
  await loseAllButTheVolume();
  const { exitCode, output } = await site.deploy();
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(await prepared()).toMatch(/restoring orders/);
  await site.lose();
  const refused = await deployOnto(former);
  expect(refused.exitCode).toBe(2);
  expect(lastLine(refused.output)).toMatch(/^ERROR .*superseded.* — FIX: /);
});
