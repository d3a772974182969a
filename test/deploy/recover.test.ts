import { Kubectl } from '../../deploy/kubectl';
import { EnvironmentProblem } from '../../deploy/progress';
import { backUpRecovered, pendingRecoveries, startRecoveries } from '../../deploy/recover';

const ORDER = { id: 'undo-1', to: '2026-05-04T03:02:01Z' };

const set = {
  kind: 'StatefulSet',
  metadata: { name: 'orders', generation: 1 },
  status: { observedGeneration: 1 },
};
const pod = (uid: string, container: object = { name: 'postgres', state: { running: {} } }) => ({
  kind: 'Pod',
  metadata: { name: 'orders-0', uid, labels: { 'app.kubernetes.io/instance': 'orders' } },
  status: { containerStatuses: [container] },
});

/** A cluster with these objects, whose database answers so; it remembers what it was told to do. */
class Cluster extends Kubectl {
  readonly done: string[] = [];
  asked: string[] = [];
  constructor(
    public items: readonly object[],
    public answer: object,
    private readonly jobs: readonly string[] = [],
  ) {
    super();
  }
  override run(args: readonly string[], { input = '' } = {}): Promise<string> {
    const [verb, kind, name] = args;
    if (verb === 'exec') {
      this.asked.push(input);
      return Promise.resolve(JSON.stringify(this.answer));
    }
    if (verb === 'get' && kind === 'job')
      return Promise.resolve(this.jobs.includes(String(name)) ? `job/${name}` : '');
    if (verb === 'get') return Promise.resolve(JSON.stringify({ items: this.items }));
    this.done.push(args.slice(0, 4).join(' '));
    return Promise.resolve('');
  }
}

const told: string[] = [];
const options = (kubectl: Cluster, recover: object | undefined = ORDER) => ({
  kubectl,
  namespace: 'shop',
  databases: [{ name: 'orders', ...(recover === undefined ? {} : { recover: ORDER }) }, { name: 'other' }],
  progress: (line: string) => told.push(line),
});
const PENDING = { state: 'pending', label: '20260504-020000F', timeline: '1' };
beforeEach(() => {
  told.length = 0;
});

test('a running database is asked with its order, restarted once, and backed up when it is done', async () => {
  const cluster = new Cluster([set, pod('a')], PENDING);
  const pending = await pendingRecoveries(options(cluster));
  expect(cluster.asked.map((order) => JSON.parse(order))).toEqual([ORDER]);
  expect(cluster.done).toEqual([]);
  await startRecoveries(options(cluster), pending);
  cluster.answer = { state: 'done', here: true };
  await backUpRecovered(options(cluster), pending);
  expect(cluster.done).toEqual([
    'delete pod orders-0 --namespace=shop',
    'create job orders-recovered-undo-1 --from=cronjob/orders-backup-full',
  ]);
});

test('an order that cannot be carried out ends the deploy before anything is applied, in the words of the pod', async () => {
  const message = 'ERROR orders: no backup leads there — FIX: choose another instant';
  const cluster = new Cluster([set, pod('a')], { state: 'refused', message });
  const asking = pendingRecoveries(options(cluster));
  await expect(asking).rejects.toThrow(EnvironmentProblem);
  await expect(asking).rejects.toThrow(/^orders: no backup leads there — FIX: choose another instant$/);
  expect(cluster.done).toEqual([]);
});

test('nothing is restarted for an order that was done, nor backed up again', async () => {
  const cluster = new Cluster([set, pod('a')], { state: 'done', here: true }, ['orders-recovered-undo-1']);
  const pending = await pendingRecoveries(options(cluster));
  await startRecoveries(options(cluster), pending);
  await backUpRecovered(options(cluster), pending);
  expect(cluster.done).toEqual([]);
});

test('one that was done in an earlier life gets no further backup', async () => {
  const cluster = new Cluster([set, pod('a')], { state: 'done', here: false });
  await backUpRecovered(options(cluster), await pendingRecoveries(options(cluster)));
  expect(cluster.done).toEqual([]);
});

test('a pod that the apply has replaced is not restarted again', async () => {
  const cluster = new Cluster([set, pod('a')], PENDING);
  const pending = await pendingRecoveries(options(cluster));
  cluster.items = [set, pod('b')];
  await startRecoveries(options(cluster), pending);
  expect(cluster.done).toEqual([]);
});

test('a database whose server does not run is not asked; it decides when it starts', async () => {
  const waiting = { name: 'postgres', state: { waiting: { reason: 'PodInitializing' } } };
  for (const items of [[set], [set, pod('a', waiting)]]) {
    const cluster = new Cluster(items, PENDING);
    expect(await pendingRecoveries(options(cluster))).toEqual([]);
    expect(cluster.asked).toEqual([]);
  }
  expect(told[0]).toContain('decided when it starts');
});

test('a recovery that did not happen is not passed over', async () => {
  const cluster = new Cluster([set, pod('a')], PENDING);
  const pending = await pendingRecoveries(options(cluster));
  await expect(backUpRecovered(options(cluster), pending)).rejects.toThrow(
    /undo-1 of orders was not carried out/,
  );
});
