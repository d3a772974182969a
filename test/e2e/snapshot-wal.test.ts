import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Btrfs, describeWithBtrfs } from '../postgres/scripts/btrfs';
import { BtrfsVolumes, volumeName } from './btrfs-volumes';
import { Checkout } from './checkout';
import { eventually, LocalSite } from './local-site';

/**
 * A database comes back from a snapshot of its volume and the archive, on a real cluster, beside a restore of the same
 * state from the repository: the same rows, at the newest state, at a time after the snapshot and at one before it. There
 * is no CSI driver here whose snapshots are atomic; the volumes are btrfs subvolumes, as `local` volumes. How long both take
 * is printed. `SNAPSHOT_WAL_MEGABYTES` is how much data there is.
 */
const MEGABYTES = Number(process.env['SNAPSHOT_WAL_MEGABYTES'] ?? 1024);
const NAMESPACE = '--namespace=local';
const ROWS = 'select count(*), sum(hashtextextended(id || filler, 0)) from kept';
const INSTANT = `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
/** Longer than anything here takes on a machine that does other things, too. */
const LONG = '900';

describeWithBtrfs('snapshot plus WAL', () => {
  let btrfs: Btrfs;
  let site: LocalSite;
  let checkout: Checkout;
  let volumes: BtrfsVolumes;
  let recoveries = 0;
  const times: string[] = [];

  beforeAll(async () => {
    // Before the node is made, so that it sees it.
    btrfs = Btrfs.create(Math.ceil(MEGABYTES / 128) + 4, tmpdir());
    volumes = new BtrfsVolumes(btrfs);
    checkout = await Checkout.copy();
    site = await LocalSite.open('snapshot');
    await eventually('pods may be made', 60, async () => {
      const accounts = ['get', 'serviceaccount', 'default', '--namespace=kube-system', '--ignore-not-found'];
      return (await site.kubectl(...accounts)) !== '';
    });
    await offer(empty());
    const vault = await site.npmRun('vault', ['local']);
    expect(vault.exitCode === 0 ? '' : vault.output).toBe('');
    await deploy({ variables: { TF_VAR_initialize: 'true' } });
    await site.sql('create table kept (id bigint primary key, filler text)');
    for (let part = 0; part < MEGABYTES / 64; part += 1) await write(64_000);
    await backup();
  }, 3_600_000);

  afterAll(async () => {
    if (times.length > 0) process.stderr.write(`${times.join('\n')}\n`);
    await site?.close();
    checkout?.remove();
    btrfs?.remove();
  }, 300_000);

  /** Rows of a kilobyte. */
  const write = (count: number) =>
    site.sql(`insert into kept select m + n, repeat(md5((m + n)::text), 32)
      from (select coalesce(max(id), 0) m from kept) k, generate_series(1, ${count}) n`);
  const rows = async () => (await site.sql(ROWS)).trim();
  const instant = async () => {
    await pause(2);
    const now = (await site.sql(INSTANT)).trim();
    await pause(2);
    return now;
  };
  const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const prepared = () => site.kubectl('logs', NAMESPACE, 'orders-0', '--container=prepare');
  const timeline = async () =>
    Number((await site.sql('select timeline_id from pg_control_checkpoint()')).trim());

  const empty = () => volumes.empty();
  const snapshot = (of: string) => volumes.snapshot(of);
  /** The volume for the database's claim, which is not there yet. */
  const offer = async (path: string) =>
    volumes.offer(
      site,
      path,
      await site.kubectl('get', 'storageclass', '--output=jsonpath={.items[0].metadata.name}'),
    );

  async function deploy(how: {
    readonly recover?: { readonly to: string; readonly timeline?: number };
    readonly variables?: Readonly<Record<string, string>>;
  }): Promise<void> {
    recoveries += 1;
    const { recover, variables = {} } = how;
    const order = recover && JSON.stringify({ id: `recovery-${recoveries}`, ...recover });
    const place = 'storage: Size.gibibytes(10),';
    checkout.change('environments/local.ts', (text) => {
      expect(text).toContain(place);
      return order === undefined ? text : text.replace(place, `${place} recover: ${order},`);
    });
    const args = ['local', '--engine', 'kit', '--timeout', LONG];
    const { exitCode, output } = await site.in(checkout.directory).npmRun('deploy', args, variables);
    expect(exitCode === 0 ? '' : output).toBe('');
  }

  async function backup(): Promise<void> {
    await site.kubectl('create', 'job', 'full', NAMESPACE, '--from=cronjob/orders-backup-full');
    await eventually('a full backup is made', 600, async () => {
      const succeeded = ['get', 'job', 'full', NAMESPACE, '--output=jsonpath={.status.succeeded}'];
      return (await site.kubectl(...succeeded)) === '1';
    });
  }

  /** Everything is gone but the vault, and what somebody has taken a snapshot of. */
  async function lose(): Promise<void> {
    const volume = await volumeName(site);
    await site.lose();
    await site.kubectl('delete', 'pv', volume, '--ignore-not-found');
    rmSync(join(btrfs.mount, volume), { recursive: true, force: true, maxRetries: 60, retryDelay: 1000 });
  }

  /** From the start of the init container until the pod is ready, as the API tells it: whole seconds. */
  async function seconds(): Promise<number> {
    const pod = JSON.parse(await site.kubectl('get', 'pod', NAMESPACE, 'orders-0', '--output=json'));
    const prepare = pod.status.initContainerStatuses[0].state.terminated.startedAt;
    const ready = pod.status.conditions.find(({ type }: { type: string }) => type === 'Ready');
    return (Date.parse(ready.lastTransitionTime) - Date.parse(prepare)) / 1000;
  }

  /** Brings it back both ways, and tells what each one did. @returns the rows of the first */
  async function bothWays(shot: string, to: string, expected: { readonly by: RegExp }): Promise<string> {
    const before = await timeline();
    await lose();
    await offer(shot);
    await deploy(to === 'latest' ? {} : { recover: { to } });
    expect(await prepared()).toMatch(expected.by);
    const fast = await seconds();
    const found = await rows();
    // Nobody has written since: the newest state is what was brought back.
    await lose();
    await offer(empty());
    await deploy(to === 'latest' ? {} : { recover: { to, timeline: before } });
    expect(await prepared()).toMatch(/: restore$/m);
    expect(await rows()).toBe(found);
    times.push(
      `${MEGABYTES} MB, to ${to}: ${fast} s on a volume of a snapshot, ${await seconds()} s from the repository`,
    );
    return found;
  }

  const current = () => volumes.current(site);

  test('to the newest state', async () => {
    await site.sql('checkpoint');
    const shot = snapshot(await current());
    await write(10_000);
    await site.archived(300);
    const written = await rows();
    expect(await bothWays(shot, 'latest', { by: /: catch-up$/m })).toBe(written);
  }, 1_800_000);

  test('to a time after the snapshot', async () => {
    await site.sql('checkpoint');
    const shot = snapshot(await current());
    await write(10_000);
    const [to, written] = [await instant(), await rows()];
    await write(10_000);
    await site.archived(300);
    expect(await bothWays(shot, to, { by: /: catch-up$/m })).toBe(written);
  }, 1_800_000);

  test('to a time before the snapshot, which the volume cannot reach: from the repository beside it', async () => {
    const [to, written] = [await instant(), await rows()];
    await write(10_000);
    await site.sql('checkpoint');
    const shot = snapshot(await current());
    await write(10_000);
    await site.archived(300);
    expect(await bothWays(shot, to, { by: /: recover-in-place$/m })).toBe(written);
  }, 1_800_000);
});
