import { canFakeTime, FAKETIME } from '../../postgres/scripts/clock';
import { eventually, LocalSite } from '../local-site';

/**
 * The clock of the database's pod is an hour ahead, by a library in that pod alone: the store refuses what it sends.
 * Nothing is lost, nothing is taken for empty, and all goes on when the clock is right.
 */
let site: LocalSite;
let rows = 0;

const NAMESPACE = '--namespace=local';
const POD = 'orders-0';
const DIFFER = /the clocks of this node and of the object store differ too much.* — FIX: .*NTP/;
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';
const logs = (container: string): Promise<string> =>
  site.kubectl('logs', NAMESPACE, POD, `--container=${container}`).catch(() => '');

async function write(): Promise<void> {
  await site.sql('insert into kept default values');
  rows += 1;
}

async function everyRowIsThere(): Promise<void> {
  expect((await site.sql('select count(*) from kept')).trim()).toBe(String(rows));
}

async function setClockWrong(): Promise<void> {
  const container = (name: string) => ({
    name,
    env: [
      { name: 'LD_PRELOAD', value: '/faketime/libfaketime.so.1' },
      { name: 'FAKETIME', value: '+60m' },
      { name: 'FAKETIME_DONT_FAKE_MONOTONIC', value: '1' },
      { name: 'FAKETIME_DISABLE_SHM', value: '1' },
    ],
    volumeMounts: [{ name: 'faketime', mountPath: '/faketime', readOnly: true }],
  });
  const spec = {
    volumes: [{ name: 'faketime', configMap: { name: 'faketime' } }],
    initContainers: [container('prepare')],
    containers: [container('postgres')],
  };
  const patch = JSON.stringify({ spec: { template: { spec } } });
  await site.kubectl('patch', 'statefulset', NAMESPACE, 'orders', '--type=strategic', `--patch=${patch}`);
}

const setClockRight = () => site.kubectl('rollout', 'undo', NAMESPACE, 'statefulset/orders');
const rolledOut = () => site.kubectl('rollout', 'status', NAMESPACE, 'statefulset/orders', '--timeout=110s');

if (!canFakeTime)
  console.warn('Skipped: libfaketime is not installed here (npm test does it, as root on Debian).');

(canFakeTime ? describe : describe.skip)("the pod's clock an hour off", () => {
  beforeAll(async () => {
    site = await LocalSite.open('clock');
    await site.initialised();
    await site.kubectl(
      'create',
      'configmap',
      'faketime',
      NAMESPACE,
      `--from-file=libfaketime.so.1=${FAKETIME}`,
    );
    await site.sql('create table kept (id bigint generated always as identity primary key)');
    await write();
    await site.backedUp();
  }, 3_600_000);

  afterAll(async () => {
    await site?.close();
  }, 120_000);

  test('archiving fails and says why, the database goes on', async () => {
    await setClockWrong();
    await rolledOut();
    expect(await site.sql(`select now() > '${new Date(Date.now() + 3_000_000).toISOString()}'`)).toBe('t');
    expect(await logs('prepare')).toMatch(/WARNING the repository could not be read .*clocks/);
    await write();
    await site.sql('select pg_switch_wal()');
    await eventually('it is told', 120, async () =>
      /ERROR \S+ of orders is not archived yet: /.test(await logs('postgres')),
    );
    expect(await logs('postgres')).toMatch(DIFFER);
  });

  test('with the right clock, all that waited is archived', async () => {
    await setClockRight();
    await rolledOut();
    await everyRowIsThere();
    await write();
    await site.archived();
  });

  test('its volume lost meanwhile: refused with the cause, and brought back when the clock is right', async () => {
    await setClockWrong();
    await rolledOut();
    await site.kubectl('delete', 'pvc', NAMESPACE, `data-${POD}`, '--wait=false');
    await site.kubectl('delete', 'pod', NAMESPACE, POD, '--grace-period=0', '--force', '--wait=true');
    const { exitCode, output } = await site.deploy({ TF_VAR_initialize: 'true' });
    expect(exitCode).toBe(2);
    expect(lastLine(output)).toMatch(/^ERROR orders does not start: .*never starts empty/);
    expect(lastLine(output)).toMatch(DIFFER);
    await setClockRight();
    await site.deployed();
    await everyRowIsThere();
  });
});
