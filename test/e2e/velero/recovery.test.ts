import { Alerting, resolveRules } from '../../../constructs/alerts';
import { runbookTemplate } from '../../../constructs/alerts/files';
import { render } from '../../../constructs/alerts/template';
import { VELERO_SCHEDULE_ALERTS } from '../../../constructs/velero/alerts/schedule/catalogue';
import { VELERO_SERVER_ALERTS } from '../../../constructs/velero/alerts/server/catalogue';
import { commandsOf } from '../../alerts/runbook-commands';
import { failing } from '../runbooks';
import { Shop } from './shop';
import { REPOSITORY_KEY, VeleroSite } from './site';

/**
 * Velero on a real cluster: a namespace with volumes and objects is backed up, the cluster is wiped, and the deploy that brings
 * the databases back brings it back as well.
 */
const ALERTING = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
let cluster: VeleroSite;
let shop: Shop;
let hashes = '';
let backup = { name: '', phase: '' };

beforeAll(async () => {
  cluster = await VeleroSite.open('velero');
}, 3_600_000);

afterAll(() => cluster?.site.close(), 120_000);

test('a first deploy lets it back up, by a key of its own that is not the one everybody knows', async () => {
  expect(await cluster.field('bsl', 'vault', '{.spec.accessMode} {.status.phase}')).toBe(
    'ReadWrite Available',
  );
  expect(await cluster.field('schedule', 'cluster', '{.spec.paused} {.status.phase}')).toMatch(
    /^(false)? Enabled$/,
  );
  const secret = Buffer.from(
    await cluster.field('secret', 'velero-repo-credentials', '{.data.repository-password}'),
    'base64',
  );
  expect(secret.toString()).toBe(REPOSITORY_KEY);
  const credentials = await cluster.field('secret', 'velero-vault-credentials', '{.data.cloud}');
  expect(Buffer.from(credentials, 'base64').toString()).toMatch(
    /^\[default\]\naws_access_key_id=local\.us-east-1-1\.velero\naws_secret_access_key=\S+\n$/,
  );
});

test('a namespace is backed up: its volume, not the database’s, and no Secret', async () => {
  shop = await Shop.open(cluster.site);
  hashes = await shop.hashes();
  expect(hashes.trim().split('\n')).toHaveLength(201);
  backup = await cluster.backupSince(new Date());
  expect(backup.phase).toBe('Completed');

  const volumes = await cluster.written<{ spec: { pod: { name: string } }; status: { phase: string } }[]>(
    `backups/${backup.name}/${backup.name}-podvolumebackups.json.gz`,
  );
  expect(volumes.map(({ spec, status }) => [spec.pod.name, status.phase])).toEqual([['web-0', 'Completed']]);
  const resources = await cluster.written<Record<string, string[]>>(
    `backups/${backup.name}/${backup.name}-resource-list.json.gz`,
  );
  expect(resources['v1/PersistentVolumeClaim']).toEqual(['shop/data-web-0', 'shop/scratch']);
  expect(resources['v1/PersistentVolume']).toHaveLength(2);
  expect(resources['v1/Pod']).toEqual(['shop/scratch-0', 'shop/web-0']);
  expect(resources['v1/Secret']).toBeUndefined();
  const all = Object.values(resources).flat();
  expect(all).toContain('shop/prices');
  // Nothing that Terraform declared, nor what that made.
  expect(all.filter((name) => name.includes('orders'))).toEqual([]);
}, 400_000);

test('what is not in it is told: a hostPath volume does not make the backup partial', async () => {
  const { exitCode, output } = await cluster.velero('status');
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toMatch(/^location {4}Available, ReadWrite$/m);
  expect(output).toMatch(new RegExp(`^backup {6}${backup.name} {2}Completed, .* 1 volumes, .*until `, 'm'));
  expect(output).toMatch(/^ {2}(warning|left out) .*scratch/m);
});

test('the cluster is lost; the same deploy brings it back, and backups begin again', async () => {
  await cluster.site.backedUp();
  await cluster.loseCluster();
  const began = Date.now();
  const { exitCode, output } = await cluster.site.deploy();
  expect(exitCode === 0 ? '' : output).toBe('');
  const seconds = (Date.now() - began) / 1000;
  process.stderr.write(`the deploy that restored took ${seconds.toFixed(1)} s\n${output}\n`);
  expect(output).toContain('the location is read-only and the schedules are paused until all is restored');
  expect(output).toMatch(/restore us-east-1-2-cluster is complete: \d+ objects, 1 volumes/);
  expect(output).toMatch(/^WARNING .*scratch/m);
  expect(output).toMatch(/recovery us-east-1-2 is done/);

  expect(await shop.hashes()).toBe(hashes);
  expect(
    await cluster.site.kubectl(
      'get',
      'configmap',
      'prices',
      '--namespace=shop',
      '--output=jsonpath={.data.bread}',
    ),
  ).toBe('3.20');
  expect(
    await cluster.site.kubectl('get', 'namespace', 'shop', '--output=jsonpath={.metadata.labels.team}'),
  ).toBe('front');
  // The database restored itself: Velero touched nothing of it.
  expect((await cluster.site.sql('select 1')).trim()).toBe('1');
  const touched = await cluster.site.kubectl(
    'get',
    'all,pvc,pv,cm,secrets',
    '--all-namespaces',
    '--selector=velero.io/restore-name',
    '--output=name',
  );
  expect(touched).not.toContain('orders');
  expect(touched).toContain('persistentvolumeclaim/data-web-0');

  expect(await cluster.field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadWrite');
  const next = await cluster.backupSince(new Date());
  expect(next.phase).toBe('Completed');
}, 900_000);

test('the commands of its runbooks run as they are written', async () => {
  const where = { namespace: 'velero', environment: 'local', location: 'vault', bucket: 'local-vault' };
  const rules = [
    ...resolveRules(VELERO_SCHEDULE_ALERTS, { name: 'cluster', ...where, maximumAge: 14_460 }, ALERTING).map(
      (rule) => ({ ...rule, directory: VELERO_SCHEDULE_ALERTS.directory }),
    ),
    ...resolveRules(VELERO_SERVER_ALERTS, { name: 'velero', ...where }, ALERTING).map((rule) => ({
      ...rule,
      directory: VELERO_SERVER_ALERTS.directory,
    })),
  ];
  const commands = rules.flatMap(({ directory, id, variables }) =>
    commandsOf(id, render(runbookTemplate(directory, id) ?? '', variables)),
  );
  expect(commands.length).toBeGreaterThanOrEqual(6);
  expect(await failing(commands, (command) => cluster.site.shell(command, {}))).toEqual([]);
});

test('another deploy restores nothing again', async () => {
  const { exitCode, output } = await cluster.site.deploy();
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).not.toContain('Velero restores');
  expect(await cluster.field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadWrite');
});
