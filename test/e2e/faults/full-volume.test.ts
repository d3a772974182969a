import { VOLUMES } from '../../../local/cluster/addons/storage';
import { eventually, LocalSite } from '../local-site';
import { giveSmallVolume } from '../small-volume';
import { FaultProxy } from './fault-proxy';

/**
 * The vault is away for so long that WAL fills the database's volume, on a real cluster: the volume is a small file
 * system of its own. Nothing that was acknowledged is lost, and nobody deletes files by hand.
 */
let site: LocalSite;
let proxy: FaultProxy;
let rows = 0;

const NAMESPACE = '--namespace=local';
const POD = 'orders-0';
const SMALL = `${VOLUMES}/small`;
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

const server = (path: string): Promise<string> =>
  site
    .kubectl(
      'get',
      'pod',
      NAMESPACE,
      POD,
      `--output=jsonpath={.status.containerStatuses[?(@.name=="postgres")]${path}}`,
    )
    .catch(() => '');

beforeAll(async () => {
  const direct = await LocalSite.open('full-volume');
  site = direct;
  proxy = await FaultProxy.start('full-volume');
  site = direct.with({ VAULT_ENDPOINT: proxy.endpoint });
  await giveSmallVolume(site, 300);
  await site.initialised();
  await site.sql('create table kept (id bigint generated always as identity primary key)');
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await proxy?.stop();
  await site?.close();
}, 120_000);

/** The repository cannot be reached; what the deploy itself needs can. */
const vaultAway = () =>
  proxy.set(...['/local/orders', 'prefix=local%2Forders'].map((path) => ({ path, do: 'reset' }) as const));

/** One row and 4 MB of WAL at a time, until the server is down. */
async function fill(): Promise<void> {
  const one = `begin; insert into kept default values;
    select pg_logical_emit_message(true, 'filler', repeat('0123456789abcdef', 262144)); commit`;
  await eventually(
    'the volume is full and the server down',
    200,
    async () => {
      rows += await site.sql(one).then(
        () => 1,
        () => 0,
      );
      return (
        (await server('.state.running.startedAt')) === '' &&
        (await server('.lastState.terminated.exitCode')) !== ''
      );
    },
    0,
  );
}

async function everyRowIsThere(): Promise<void> {
  const found = Number(await site.sql('select count(*) from kept'));
  // The last one may have been committed without the answer having arrived.
  expect([rows, rows + 1]).toContain(found);
  rows = found;
}

test('full while the vault is away: the deploy says so, and what to do', async () => {
  await vaultAway();
  await fill();
  expect(rows).toBeGreaterThan(10);
  const { exitCode, output } = await site.npmRun('deploy', ['local', '--engine', 'kit', '--timeout', '280']);
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(
    /^ERROR orders does not start: ERROR orders cannot start: its volume is full .*wait for the vault: .* — FIX: .*raise its storage/,
  );
});

test('the vault is back: the database comes back by itself, with every row', async () => {
  await proxy.set();
  // The kubelet waits for up to five minutes before it tries once more.
  await eventually('it answers', 400, async () =>
    site.sql('select 1').then(
      () => true,
      () => false,
    ),
  );
  await everyRowIsThere();
  await site.archived();
}, 500_000);

test('full again, and the volume grows while the vault stays away: the deploy brings it back', async () => {
  await vaultAway();
  await fill();
  await site.kubectl(
    'exec',
    '--namespace=kube-system',
    'mounter',
    '--',
    'mount',
    '-o',
    'remount,size=800m',
    SMALL,
  );
  await site.deployed();
  await everyRowIsThere();
});

test('all of it reached the vault: after a loss every row is there', async () => {
  await proxy.set();
  await site.archived(150);
  await site.lose();
  await site.deployed();
  await everyRowIsThere();
});
