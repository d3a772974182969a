import { tmpdir } from 'node:os';
import { snapshotRecordKey } from '../../../constructs/snapshots';
import { Btrfs, describeWithBtrfs } from '../../postgres/scripts/btrfs';
import { Checkout } from '../checkout';
import { eventually, LocalSite } from '../local-site';
import { BtrfsVolumes, create, volumeName } from './btrfs-volumes';
import { DRIVER, SnapshotDriver } from './snapshot-driver';

/**
 * `npm run deploy` after a loss chooses a snapshot by the record in the vault, and makes the claim of it, on a real cluster
 * with the definitions and the controller of external-snapshotter. A stand-in plays the driver on the API; the volumes that
 * it makes are real ones, of btrfs.
 */
const NAMESPACE = '--namespace=local';
const CLASS = 'disk';
const SNAPSHOTS = `storageClass: '${CLASS}', snapshots: {
  class: { name: '${CLASS}', driver: '${DRIVER}', deletionPolicy: 'Retain' },
  schedule: Schedule.daily({ hour: 3 }), keep: { daily: 7 },
  checkpointPassword: SecretRef.variable('orders_checkpoint_password', { description: 'of the role snapshots' }),
},`;

describeWithBtrfs('a deploy that chooses a snapshot', () => {
  let btrfs: Btrfs;
  let volumes: BtrfsVolumes;
  let site: LocalSite;
  let checkout: Checkout;
  let driver: SnapshotDriver;
  let provisioning: Promise<void> | undefined;
  let over = false;

  const rows = async () => (await site.sql('select count(*) from kept')).trim();
  const prepared = () => site.kubectl('logs', NAMESPACE, 'orders-0', '--container=prepare');

  beforeAll(async () => {
    btrfs = Btrfs.create(8, tmpdir());
    volumes = new BtrfsVolumes(btrfs);
    checkout = await Checkout.copy();
    checkout.change('environments/local.ts', (text) =>
      text
        .replace('storage: Size.gibibytes(10),', (place) => `${place} ${SNAPSHOTS}`)
        .replace('import { Duration, Size }', 'import { Duration, Schedule, SecretRef, Size }'),
    );
    site = (await LocalSite.open('snapshot-deploy')).with({
      TF_VAR_orders_checkpoint_password: 'checkpoint-password',
    });
    await site.install('snapshots');
    await create(site, { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: DRIVER } });
    await create(site, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: CLASS },
      provisioner: DRIVER,
      volumeBindingMode: 'Immediate',
    });
    driver = new SnapshotDriver(site);
    driver.start();
    provisioning = provision();
    const vault = await site.npmRun('vault', ['local']);
    expect(vault.exitCode === 0 ? '' : vault.output).toBe('');
    await deploy({ TF_VAR_initialize: 'true' });
    await site.sql('create table kept as select n from generate_series(1, 1000) n');
    await site.backedUp();
  }, 3_600_000);

  afterAll(async () => {
    over = true;
    await provisioning;
    await driver?.stop();
    await site?.close();
    checkout?.remove();
    btrfs?.remove();
  }, 300_000);

  async function deploy(
    variables: Readonly<Record<string, string>> = {},
    ...more: readonly string[]
  ): Promise<string> {
    const args = ['local', '--engine', 'kit', '--timeout', '600', ...more];
    const { exitCode, output } = await site.in(checkout.directory).npmRun('deploy', args, variables);
    expect(exitCode === 0 ? '' : output).toBe('');
    return output;
  }

  interface Claim {
    readonly spec: { readonly dataSource?: { readonly name: string } };
    readonly status: { readonly phase: string };
  }

  /** What an external provisioner does: a volume for the claim, of the snapshot that it names. */
  async function provision(): Promise<void> {
    for (; !over; await new Promise((resolve) => setTimeout(resolve, 500))) {
      const found = ['get', 'pvc', NAMESPACE, 'data-orders-0', '--ignore-not-found', '--output=json'];
      const text = await site.kubectl(...found).catch(() => '');
      if (text.trim() === '') continue;
      const { spec, status } = JSON.parse(text) as Claim;
      const offered = `--output=jsonpath={.items[?(@.spec.claimRef.name=="data-orders-0")].metadata.name}`;
      if (status.phase !== 'Pending' || (await site.kubectl('get', 'pv', offered)) !== '') continue;
      const source = spec.dataSource === undefined ? undefined : await handleOf(spec.dataSource.name);
      await volumes.offer(site, source === undefined ? volumes.empty() : volumes.snapshot(source), CLASS);
    }
  }

  async function handleOf(snapshot: string): Promise<string> {
    const of = `--output=jsonpath={.items[?(@.spec.volumeSnapshotRef.name=="${snapshot}")].spec.source.snapshotHandle}`;
    return site.kubectl('get', 'volumesnapshotcontents', of);
  }

  /** As a run of the schedule leaves it, but that it says a later time: nobody waits here until a backup is old. */
  async function take(name: string): Promise<void> {
    const handle = volumes.snapshot(await volumes.current(site));
    driver.store.add(handle);
    const createdAt = new Date(Date.now() + 660_000).toISOString();
    const snapshot = { name, driver: DRIVER, handle, createdAt, storageClass: CLASS, tiers: [] };
    const claim = { namespace: 'local', claim: 'data-orders-0' };
    const record = { version: 1, ...claim, writtenAt: createdAt, snapshots: [snapshot] };
    const key = `local/${snapshotRecordKey(claim.namespace, claim.claim)}`;
    await site.vault('local-vault').store.write(key, JSON.stringify(record));
  }

  async function lose(): Promise<void> {
    const volume = await volumeName(site);
    await site.lose();
    await site.kubectl('delete', 'pv', volume, '--ignore-not-found');
  }

  test('makes a checkpoint before, by a role that may do nothing else', async () => {
    await site.kubectl('create', 'job', 'now', NAMESPACE, '--from=cronjob/orders-snapshots');
    const exit = `--output=jsonpath={.items[0].status.initContainerStatuses[?(@.name=="checkpoint")].state.terminated.exitCode}`;
    await eventually('the checkpoint is made', 120, async () => {
      const code = await site.kubectl('get', 'pods', NAMESPACE, '--selector=job-name=now', exit);
      if (code !== '') expect(code).toBe('0');
      return code !== '';
    });
    await site.kubectl('delete', 'job', 'now', NAMESPACE);
  }, 300_000);

  test('brings the database back from the snapshot and the archive, and says so', async () => {
    await take('data-orders-0-first');
    await site.sql('insert into kept select n from generate_series(1001, 1500) n');
    await site.archived(300);
    await lose();
    const said = await deploy();
    expect(said).toMatch(
      /orders: its volume is made from a snapshot, and catches up with the archive: data-orders-0-first, of .* lease 1,/,
    );
    expect(await prepared()).toMatch(/snapshot=yes .*: catch-up$/m);
    expect(await rows()).toBe('1500');
    expect(await volumeName(site)).toMatch(/^snapshot-/);
  }, 1_200_000);

  test('restores from the repository when the driver cannot find the snapshot, and says why', async () => {
    await take('data-orders-0-second');
    driver.store.clear();
    await site.sql('insert into kept select n from generate_series(1501, 1600) n');
    await site.archived(300);
    await lose();
    const said = await deploy({}, '--snapshot-timeout', '20');
    expect(said).toMatch(
      /WARNING orders: no volume could be made from a snapshot, so it is restored from its repository: .*there is no snapshot/,
    );
    expect(await prepared()).toMatch(/: restore$/m);
    expect(await rows()).toBe('1600');
  }, 1_200_000);
});
