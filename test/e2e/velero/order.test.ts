import { Shop } from './shop';
import { VeleroSite } from './site';

/** A restore that somebody orders while the cluster lives. */
let cluster: VeleroSite;
let shop: Shop;
let hashes = '';
let backup = { name: '', phase: '' };

beforeAll(async () => {
  cluster = await VeleroSite.open('velero-order');
  shop = await Shop.open(cluster.site);
  hashes = await shop.hashes();
  backup = await cluster.backupSince(new Date());
  expect(backup.phase).toBe('Completed');
}, 3_600_000);

afterAll(() => cluster?.site.close(), 120_000);

test('a namespace that was deleted comes back by an order, once', async () => {
  await cluster.site.kubectl('delete', 'namespace', 'shop', '--wait');
  const restored = await cluster.velero('restore', '--id', 'incident-1', '--backup', backup.name);
  expect(restored.exitCode === 0 ? '' : restored.output).toBe('');
  expect(restored.output).toContain('restore incident-1-cluster is complete');
  expect(await shop.hashes()).toBe(hashes);
  const again = await cluster.velero('restore', '--id', 'incident-1');
  expect(again.output).toContain('incident-1 was carried out before');
}, 400_000);
