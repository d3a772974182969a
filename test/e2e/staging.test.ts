import { type Minter, openMinter } from '../../constructs/object-storage/client';
import { person, recipientsVariable } from '../escrow/recipients';
import { LocalSite } from './local-site';

/** An environment on a cluster that exists, given by context, registry and endpoint; and a secret that changes. */
let site: LocalSite;
let withoutEscrow: LocalSite;

beforeAll(async () => {
  site = await LocalSite.open('staging');
  const recipients = await Promise.all(['On-call', 'Safe'].map(person));
  // Nothing watches this cluster.
  site = site.with({ MONITORING: 'none' });
  withoutEscrow = site;
  site = site.with({ ESCROW_RECIPIENTS: recipientsVariable(...recipients) });
  expect((await site.npmRun('vault', ['staging'])).exitCode).toBe(0);
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

const deploy = async (variables: Record<string, string> = {}) => {
  const { exitCode, output } = await site.npmRun('deploy', ['staging', '--engine', 'kit'], variables);
  expect(exitCode === 0 ? '' : output).toBe('');
};

const asApplication = (password: string) =>
  site.kubectl(
    'exec',
    '--namespace=staging',
    'orders-0',
    '--container=roles',
    '--',
    'env',
    `PGPASSWORD=${password}`,
    'psql',
    '--host=orders.staging.svc',
    '--username=orders_app',
    '--dbname=orders',
    '-Atc',
    'select current_user',
  );

test('another context than the declared one is never touched', async () => {
  const { exitCode, output } = await site.npmRun('deploy', ['staging', '--engine', 'kit'], {
    KUBE_CONTEXT: 'nowhere',
  });
  expect(exitCode).toBe(2);
  expect(output.trim().split('\n').at(-1)).toMatch(/^ERROR .*nowhere.* — FIX: /);
});

test('it is not deployed while nobody could ever open its secrets', async () => {
  const { exitCode, output } = await withoutEscrow.npmRun('deploy', ['staging', '--engine', 'kit']);
  expect(exitCode).toBe(2);
  expect(output.trim().split('\n').at(-1)).toMatch(/^ERROR .*in no escrow.* — FIX: set ESCROW_RECIPIENTS/);
});

test('it deploys, by the context that it names', async () => {
  const context = (await site.kubectl('config', 'current-context')).trim();
  await deploy({ KUBE_CONTEXT: context, TF_VAR_initialize: 'true' });
});

test('`initialize` was for that one deploy', async () => {
  const said = await site.kubectl(
    'get',
    'configmap',
    '--namespace=staging',
    'orders-deploy',
    '--output=jsonpath={.data.initialize}',
  );
  expect(said).toBe('false');
});

test('a changed password holds, and the old one no longer does', async () => {
  await deploy({ TF_VAR_orders_app_password: 'the-second', TF_VAR_secrets_revision: '2' });
  expect((await asApplication('the-second')).trim()).toBe('orders_app');
  await expect(asApplication('the-first')).rejects.toThrow('password authentication failed');
});

test('a next life with the keys of this one is refused, until it has new ones', async () => {
  const { vault, keys, store } = site.vault('staging-vault');
  // The claim of a cluster that is gone: this cluster then begins the next life.
  const claim = 'records/staging/incarnations/000001.json';
  await store.write(
    claim,
    JSON.stringify({ ...JSON.parse((await store.read(claim)) ?? ''), clusterId: 'lost' }),
  );
  const { exitCode, output } = await site.npmRun('deploy', ['staging', '--engine', 'kit']);
  expect(exitCode).toBe(2);
  expect(output.trim().split('\n').at(-1)).toMatch(
    /^ERROR the key in TF_VAR_vault_access_key was incarnation us-east-1-1's.* — FIX: make a new key/,
  );
  expect(output).not.toContain('applied');

  const minter = openMinter(vault, keys) as Minter;
  const made = await minter.mint({ name: 'made-by-hand', prefix: 'staging/' });
  minter.close();
  await deploy({
    TF_VAR_vault_access_key: made.accessKeyId,
    TF_VAR_vault_secret_key: made.secretAccessKey,
    TF_VAR_orders_app_password: 'the-second',
    TF_VAR_secrets_revision: '3',
  });
});
