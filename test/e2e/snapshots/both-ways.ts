import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Btrfs } from '../../postgres/scripts/btrfs';
import { Checkout } from '../checkout';
import { eventually, LocalSite } from '../local-site';
import { BtrfsVolumes, volumeName } from './btrfs-volumes';

/** How much data there is. What a snapshot saves is seen from a gigabyte on. */
const MEGABYTES = Number(process.env['SNAPSHOT_WAL_MEGABYTES'] ?? 256);
const NAMESPACE = '--namespace=local';
const ROWS = 'select count(*), sum(hashtextextended(id || filler, 0)) from kept';
const INSTANT = `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
/** Longer than anything here takes on a machine that does other things, too. */
const LONG = '900';

/**
 * A database that comes back from a snapshot of its volume and the archive, and after that from the repository, to the same
 * state. There is no CSI driver here whose snapshots are atomic; the volumes are btrfs subvolumes, as `local` volumes.
 */
export class BothWays {
  static async open(instance: string): Promise<BothWays> {
    // Before the node is made, so that it sees it.
    const btrfs = Btrfs.create(Math.ceil(MEGABYTES / 128) + 4, tmpdir());
    const checkout = await Checkout.copy();
    const site = await LocalSite.open(instance);
    const database = new BothWays(site, checkout, btrfs);
    try {
      await database.initialise();
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  }

  private readonly volumes: BtrfsVolumes;
  private readonly times: string[] = [];
  private recoveries = 0;

  private constructor(
    readonly site: LocalSite,
    private readonly checkout: Checkout,
    private readonly btrfs: Btrfs,
  ) {
    this.volumes = new BtrfsVolumes(btrfs);
  }

  private async initialise(): Promise<void> {
    await eventually('pods may be made', 60, async () => {
      const accounts = ['get', 'serviceaccount', 'default', '--namespace=kube-system', '--ignore-not-found'];
      return (await this.site.kubectl(...accounts)) !== '';
    });
    await this.offer(this.volumes.empty());
    const vault = await this.site.npmRun('vault', ['local']);
    expect(vault.exitCode === 0 ? '' : vault.output).toBe('');
    await this.deploy({ variables: { TF_VAR_initialize: 'true' } });
    await this.site.sql('create table kept (id bigint primary key, filler text)');
    for (let part = 0; part < MEGABYTES / 64; part += 1) await this.write(64_000);
    await this.site.kubectl('create', 'job', 'full', NAMESPACE, '--from=cronjob/orders-backup-full');
    await eventually('a full backup is made', 600, async () => {
      const succeeded = ['get', 'job', 'full', NAMESPACE, '--output=jsonpath={.status.succeeded}'];
      return (await this.site.kubectl(...succeeded)) === '1';
    });
  }

  /** Rows of a kilobyte. */
  write(count: number): Promise<string> {
    return this.site.sql(`insert into kept select m + n, repeat(md5((m + n)::text), 32)
      from (select coalesce(max(id), 0) m from kept) k, generate_series(1, ${count}) n`);
  }

  /** How many rows there are, and a checksum of all. */
  async rows(): Promise<string> {
    return (await this.site.sql(ROWS)).trim();
  }

  /** A moment that is not near any transaction. */
  async instant(): Promise<string> {
    await pause(2);
    const now = (await this.site.sql(INSTANT)).trim();
    await pause(2);
    return now;
  }

  /** Of the volume on which it runs, as a disk is from one moment to the next. */
  async snapshot(): Promise<string> {
    await this.site.sql('checkpoint');
    return this.volumes.snapshot(await this.volumes.current(this.site));
  }

  /**
   * Brings it back to `to` on a volume made of the snapshot, then from the repository, and compares all rows.
   * @param by what `prepare` says of the first way
   * @returns the rows
   */
  async recovered(shot: string, to: string, by: RegExp): Promise<string> {
    const before = await this.timeline();
    await this.lose();
    await this.offer(shot);
    await this.deploy(to === 'latest' ? {} : { recover: { to } });
    expect(await this.prepared()).toMatch(by);
    const fast = await this.seconds();
    const found = await this.rows();
    // Nobody has written since: the newest state is what was brought back.
    await this.lose();
    await this.offer(this.volumes.empty());
    await this.deploy(to === 'latest' ? {} : { recover: { to, timeline: before } });
    expect(await this.prepared()).toMatch(/: restore$/m);
    expect(await this.rows()).toBe(found);
    this.times.push(
      `${MEGABYTES} MB, to ${to}: ${fast} s on a volume of a snapshot, ${await this.seconds()} s from the repository`,
    );
    return found;
  }

  async close(): Promise<void> {
    if (this.times.length > 0) process.stderr.write(`${this.times.join('\n')}\n`);
    await this.site.close();
    this.checkout.remove();
    this.btrfs.remove();
  }

  private async deploy(how: {
    readonly recover?: { readonly to: string; readonly timeline?: number };
    readonly variables?: Readonly<Record<string, string>>;
  }): Promise<void> {
    this.recoveries += 1;
    const { recover, variables = {} } = how;
    const order = recover && JSON.stringify({ id: `recovery-${this.recoveries}`, ...recover });
    const place = 'storage: Size.gibibytes(10),';
    this.checkout.change('environments/local.ts', (text) => {
      expect(text).toContain(place);
      return order === undefined ? text : text.replace(place, `${place} recover: ${order},`);
    });
    const args = ['local', '--engine', 'kit', '--timeout', LONG];
    const { exitCode, output } = await this.site
      .in(this.checkout.directory)
      .npmRun('deploy', args, variables);
    expect(exitCode === 0 ? '' : output).toBe('');
  }

  /** Everything is gone but the vault, and what somebody has taken a snapshot of. */
  private async lose(): Promise<void> {
    const volume = await volumeName(this.site);
    await this.site.lose();
    await this.site.kubectl('delete', 'pv', volume, '--ignore-not-found');
    const path = join(this.btrfs.mount, volume);
    rmSync(path, { recursive: true, force: true, maxRetries: 60, retryDelay: 1000 });
  }

  /** The volume for the database's claim, which is not there yet. */
  private async offer(path: string): Promise<void> {
    const first = ['get', 'storageclass', '--output=jsonpath={.items[0].metadata.name}'];
    await this.volumes.offer(this.site, path, await this.site.kubectl(...first));
  }

  private prepared(): Promise<string> {
    return this.site.kubectl('logs', NAMESPACE, 'orders-0', '--container=prepare');
  }

  private async timeline(): Promise<number> {
    return Number((await this.site.sql('select timeline_id from pg_control_checkpoint()')).trim());
  }

  /** From the start of the init container until the pod is ready, as the API tells it: whole seconds. */
  private async seconds(): Promise<number> {
    const pod = JSON.parse(await this.site.kubectl('get', 'pod', NAMESPACE, 'orders-0', '--output=json'));
    const prepare = pod.status.initContainerStatuses[0].state.terminated.startedAt;
    const ready = pod.status.conditions.find(({ type }: { type: string }) => type === 'Ready');
    return (Date.parse(ready.lastTransitionTime) - Date.parse(prepare)) / 1000;
  }
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
