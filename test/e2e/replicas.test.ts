import { Checkout } from './checkout';
import { eventually, LocalSite } from './local-site';

/**
 * A database with a replica on a real cluster: it streams, takes over by a command when the primary's pod and volume are
 * gone, is backed up there, and comes back, with its replica, when everything but the vault is lost.
 */
let site: LocalSite;
let checkout: Checkout;

const NAMESPACE = '--namespace=local';
const query = (pod: string, statement: string) =>
  site.kubectl(
    ...['exec', NAMESPACE, pod, '--container=postgres', '--', 'psql', '-XqAt'],
    ...['--dbname=orders', '--command', statement],
  );
const rows = async (pod: string) =>
  Number((await query(pod, 'select count(*) from kept').catch(() => '-1')).trim());
const streams = (pod: string) =>
  eventually(`${pod} streams`, 110, async () => {
    const status = await query(pod, 'select status from pg_stat_wal_receiver').catch(() => '');
    return status.trim() === 'streaming';
  });
interface Slices {
  readonly items: readonly {
    readonly endpoints:
      | readonly {
          readonly conditions: { readonly ready?: boolean };
          readonly targetRef: { readonly name: string };
        }[]
      | null;
  }[];
}
/** The pods that a Service leads to. */
const addressed = async (service: string): Promise<readonly string[]> => {
  const of = `--selector=kubernetes.io/service-name=${service}`;
  const told = await site.kubectl('get', 'endpointslices', NAMESPACE, of, '--output=json');
  return (JSON.parse(told) as Slices).items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .flatMap(({ conditions, targetRef }) => (conditions.ready === true ? [targetRef.name] : []))
    .sort();
};
const promote = (...args: string[]) =>
  site.in(checkout.directory).npmRun('promote', ['local', 'orders', ...args]);
const ended = ({ exitCode, output }: { exitCode: number; output: string }) => (exitCode === 0 ? '' : output);

beforeAll(async () => {
  checkout = await Checkout.copy();
  const plain = await LocalSite.open('replicas');
  site = plain.with({ TF_VAR_orders_replication_password: 'password-of-the-replicator' });
  // As most come to have one: the database is there, and a replica is declared.
  await site.in(checkout.directory).initialised();
  await site.backedUp();
  await query('orders-0', 'create table kept as select n from generate_series(1, 999) n');
  const password =
    "SecretRef.variable('orders_replication_password', { description: 'replicas stream by it' })";
  checkout.change('environments/local.ts', (text) => {
    const place = 'backupSpread: Duration.ZERO,';
    expect(text).toContain(place);
    return text
      .replace(place, `${place}\n      replicas: 1,\n      replicationPassword: ${password},`)
      .replace('import { Duration,', 'import { Duration, SecretRef,');
  });
  await site.in(checkout.directory).deployed();
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  checkout?.remove();
}, 120_000);

test('a database is given a replica: clients are led to the primary, readers to the replica, and nothing is lost', async () => {
  await streams('orders-1');
  await query('orders-0', 'insert into kept values (0)');
  await eventually('the rows are there', 20, async () => (await rows('orders-1')) === 1000);
  await eventually('both are ready', 30, async () => (await addressed('orders-replicas')).length === 1);
  expect(await addressed('orders')).toEqual(['orders-0']);
  expect(await addressed('orders-replicas')).toEqual(['orders-1']);
  const claims = await site.kubectl('get', 'pvc', NAMESPACE, '--output=name');
  expect(claims).toContain('data-orders-1');
});

test('a deploy that changes nothing restarts nothing', async () => {
  const uids = () =>
    site.kubectl(
      'get',
      'pods',
      NAMESPACE,
      'orders-0',
      'orders-1',
      '--output=jsonpath={.items[*].metadata.uid}',
    );
  const before = await uids();
  expect(ended(await site.in(checkout.directory).deploy())).toBe('');
  expect(await uids()).toBe(before);
});

test('a planned promotion loses nothing, and the old primary follows without being rebuilt', async () => {
  const shown = await promote();
  expect(ended(shown)).toBe('');
  expect(shown.output).toMatch(
    /orders-0 {2}primary[\s\S]*orders-1 {2}replica .*streams[\s\S]*nothing was changed/,
  );
  await query('orders-0', 'insert into kept values (1001)');
  const done = await promote('orders-1', '--yes');
  expect(ended(done)).toBe('');
  expect(done.output).toMatch(
    /orders-1 has everything that orders-0 acknowledged[\s\S]*clients are led to orders-1/,
  );
  expect(await rows('orders-1')).toBe(1001);
  await streams('orders-0');
  await query('orders-1', 'insert into kept values (1002)');
  await eventually('the row is there', 20, async () => (await rows('orders-0')) === 1002);
  await eventually(
    'readers are led to it',
    20,
    async () => (await addressed('orders-replicas')).join() === 'orders-0',
  );
  expect(await addressed('orders')).toEqual(['orders-1']);
}, 400_000);

test('a backup finds the new primary', async () => {
  const job = 'orders-backup-after';
  await site.kubectl('create', 'job', job, NAMESPACE, '--from=cronjob/orders-backup-diff');
  await site.kubectl('wait', NAMESPACE, '--for=condition=complete', '--timeout=110s', `job/${job}`);
  expect(await site.kubectl('logs', NAMESPACE, `job/${job}`)).toContain('"type":"diff"');
});

test('the primary dies and does not come back: the replica takes over by command; the old one refuses', async () => {
  await query('orders-1', 'insert into kept values (1003)');
  await eventually('the row is there', 20, async () => (await rows('orders-0')) === 1003);
  // As when its node is gone: no shutdown, and no new pod.
  const node = (await site.kubectl('get', 'nodes', '--output=jsonpath={.items[0].metadata.name}')).trim();
  await site.kubectl('cordon', node);
  const freeze = 'kill -STOP $(head -n 1 $PGDATA/postmaster.pid)';
  await site.kubectl('exec', NAMESPACE, 'orders-1', '--container=postgres', '--', 'sh', '-c', freeze);
  await site.kubectl('delete', 'pod', NAMESPACE, 'orders-1', '--grace-period=0', '--force', '--wait=true');
  await eventually('no primary answers', 60, async () => (await rows('orders-1')) === -1);
  const done = await promote('--yes');
  expect(ended(done)).toBe('');
  expect(done.output).toMatch(
    /no primary answers: orders-0 has all that was archived[\s\S]*clients are led to orders-0/,
  );
  expect(await rows('orders-0')).toBe(1003);
  await query('orders-0', 'insert into kept values (1004)');
  await site.kubectl('uncordon', node);
  await eventually('the old primary refuses', 110, async () => {
    const said = await site.kubectl('logs', NAMESPACE, 'orders-1', '--container=prepare').catch(() => '');
    return /ERROR orders, standby orders-1 went on where the primary did not .* --rebuild orders-1/.test(
      said,
    );
  });
}, 400_000);

test('rebuilt by the command it tells, it is a replica; what it held is kept', async () => {
  const done = await promote('--rebuild', 'orders-1', '--yes');
  expect(ended(done)).toBe('');
  expect(await rows('orders-1')).toBe(1004);
  const kept = await site.kubectl(
    ...['exec', NAMESPACE, 'orders-1', '--container=postgres', '--', 'sh', '-c'],
    'ls -d "$PGDATA".before-rebuild-*',
  );
  expect(kept).toContain('pgdata.before-rebuild-');
}, 400_000);

test('everything lost but the vault: the pod that was the primary comes back as one, and the other as its replica', async () => {
  expect(ended(await promote('orders-1', '--yes'))).toBe('');
  const segment = (
    await query('orders-1', 'insert into kept values (1005); select pg_walfile_name(pg_switch_wal())')
  ).trim();
  await eventually(`${segment} is archived`, 90, async () => {
    const answer = `select coalesce(last_archived_wal, '') >= '${segment}' from pg_stat_archiver`;
    return (await query('orders-1', answer)).trim() === 't';
  });
  await site.lose();
  expect(ended(await site.in(checkout.directory).deploy())).toBe('');
  expect(await rows('orders-1')).toBe(1005);
  await streams('orders-0');
  expect(await rows('orders-0')).toBe(1005);
  expect(await addressed('orders')).toEqual(['orders-1']);
}, 600_000);
