import { Shop } from './shop';
import { VeleroSite } from './site';

/** A restore that cannot be whole: it says so, names what did not come back, and is put right by the commands it names. */
let cluster: VeleroSite;
let shop: Shop;
let hashes = '';

beforeAll(async () => {
  cluster = await VeleroSite.open('velero-partial');
  shop = await Shop.open(cluster.site);
  hashes = await shop.hashes();
  expect((await cluster.backupSince(new Date())).phase).toBe('Completed');
  await cluster.site.backedUp();
}, 3_600_000);

afterAll(() => cluster?.site.close(), 120_000);

test('with another key the volume cannot be read: the deploy fails and names it, and nothing backs up over it', async () => {
  await cluster.loseCluster();
  const { exitCode, output } = await cluster.site.deploy({
    TF_VAR_velero_repository_key: 'not the one either',
  });
  process.stderr.write(`${output}\n`);
  expect(exitCode).toBe(2);
  const last = output.trim().split('\n').at(-1) ?? '';
  expect(last).toMatch(
    /^ERROR restore us-east-1-2-cluster is PartiallyFailed, and these did not come back: volume data of shop\/web-0.* — FIX: .*shop\/web-0/,
  );
  expect(output).toMatch(/^FAILED volume data of pod shop\/web-0: /m);
  expect(output).toMatch(/^FAILED .*(password|repository)/im);
  // The database is not kept from coming back.
  expect((await cluster.site.sql('select 1')).trim()).toBe('1');
  expect(await cluster.field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadOnly');
  expect(await cluster.field('schedule', 'cluster', '{.spec.paused}')).toBe('true');
}, 900_000);

test('with the right one it is put right by the commands that the last line names', async () => {
  const repeated = await cluster.site.deploy({ TF_VAR_secrets_revision: '2' });
  // The pod and its empty volume are there, so Velero calls this attempt complete; it is not.
  expect(repeated.exitCode).toBe(2);
  expect(repeated.output).toMatch(/^FAILED volume data of pod shop\/web-0: /m);
  expect(await cluster.field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadOnly');
  await cluster.site.kubectl(
    'rollout',
    'restart',
    '--namespace=velero',
    'deployment/velero',
    'daemonset/node-agent',
  );
  await cluster.site.kubectl('delete', 'namespace', 'shop', '--wait');
  const { exitCode, output } = await cluster.velero('restore');
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toContain('is complete');
  expect(await shop.hashes()).toBe(hashes);
  expect(await cluster.field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadWrite');
}, 900_000);
