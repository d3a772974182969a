import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Minter, openMinter, type StoreKeys } from '../../constructs/object-storage/client';
import { definitions } from '../../local/cluster/addons/monitoring/definitions';
import { person, recipientsVariable } from '../escrow/recipients';
import { eventually, LocalSite } from './local-site';

/**
 * An environment on a cluster that exists, given by context, registry and endpoint; and a secret that changes. It is
 * watched, as it is unless that is declined, and the cluster has no Prometheus operator.
 */
let site: LocalSite;
let withoutEscrow: LocalSite;
let newest: StoreKeys;

beforeAll(async () => {
  site = await LocalSite.open('staging');
  const recipients = await Promise.all(['On-call', 'Safe'].map(person));
  withoutEscrow = site;
  site = site.with({ ESCROW_RECIPIENTS: recipientsVariable(...recipients) });
  expect((await site.npmRun('vault', ['staging'])).exitCode).toBe(0);
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

/** Everything is up but what watches it. */
const deploy = async (variables: Record<string, string> = {}) => {
  const { exitCode, output } = await site.npmRun('deploy', ['staging', '--engine', 'kit'], variables);
  expect(exitCode === 3 ? '' : output).toBe('');
  const told = output.trim().split('\n');
  expect(told.at(-1)).toMatch(
    /^ERROR the platform is up; what watches it is not: the cluster does not know (PodMonitor, PrometheusRule|podmonitors, prometheusrules) \(monitoring\.coreos\.com\) — FIX: install the Prometheus operator/,
  );
  expect(told).toContain('orders: ready');
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

test('its exporter ends, and the database stays reachable', async () => {
  const exporter = ['--namespace=staging', 'orders-0', '--container=exporter'];
  await site.kubectl('exec', ...exporter, '--', 'pkill', '-KILL', '-x', 'prometheus-post');
  await eventually('it is told', 30, async () =>
    (await site.kubectl('logs', ...exporter)).includes('ended with status 137 and is started again'),
  );
  const ready = await site.kubectl(
    'get',
    'pod',
    '--namespace=staging',
    'orders-0',
    '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.containerStatuses[?(@.name=="exporter")].restartCount}',
  );
  expect(ready).toBe('True 0');
  expect((await asApplication('the-second')).trim()).toBe('orders_app');
  await eventually(
    'it runs again',
    60,
    async () =>
      (await site.kubectl('exec', ...exporter, '--', 'pgrep', '-x', 'prometheus-post').catch(() => '')) !==
      '',
  );
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
  newest = await minter.mint({ name: 'made-by-hand', prefix: 'staging/' });
  minter.close();
  await deploy({
    TF_VAR_vault_access_key: newest.accessKeyId,
    TF_VAR_vault_secret_key: newest.secretAccessKey,
    TF_VAR_orders_app_password: 'the-second',
    TF_VAR_secrets_revision: '3',
  });
});

describe('when the cluster learns what watches it', () => {
  const again = () =>
    site.npmRun('deploy', ['staging', '--engine', 'kit'], {
      TF_VAR_vault_access_key: newest.accessKeyId,
      TF_VAR_vault_secret_key: newest.secretAccessKey,
      TF_VAR_orders_app_password: 'the-second',
      TF_VAR_secrets_revision: '3',
    });

  test('what else is missing is named, and then nothing is', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'definitions-')), 'definitions.json');
    const items = await definitions(() => undefined);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await site.kubectl('apply', '--server-side', `--filename=${file}`);
    const { exitCode, output } = await again();
    expect(exitCode).toBe(3);
    expect(output.trim().split('\n').at(-1)).toMatch(
      /^ERROR the platform is up; what watches it is not: .*there is no namespace monitoring .* — FIX: make it/,
    );

    await site.kubectl('create', 'namespace', 'monitoring');
    const complete = await again();
    expect(complete.exitCode === 0 ? '' : complete.output).toBe('');
    const objects = await site.kubectl(
      'get',
      'prometheusrules,podmonitors',
      '--all-namespaces',
      '--output=name',
    );
    expect(objects.trim().split('\n')).toEqual(
      expect.arrayContaining([
        'podmonitor.monitoring.coreos.com/orders-pgbackrest',
        'podmonitor.monitoring.coreos.com/orders-postgres',
        'prometheusrule.monitoring.coreos.com/orders-postgres',
        'prometheusrule.monitoring.coreos.com/orders-workload',
      ]),
    );
  });
});
