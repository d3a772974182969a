import { Schedule, SecretRef, Size } from '../../constructs/core';
import type { ObjectStore } from '../../constructs/object-storage/client';
import type { Kubectl } from '../../deploy/kubectl';
import { EnvironmentProblem } from '../../deploy/progress';
import { giveUpUnbound, offerSnapshots, oldestFull, withWayBack } from '../../deploy/snapshots';

const SNAPSHOT = {
  name: 'data-orders-0-20260504t040000z',
  driver: 'ebs.csi.aws.com',
  handle: 'snap-1',
  createdAt: '2026-05-04T04:00:00Z',
  restoreSizeBytes: 1024 ** 3,
  tiers: [],
};
const RECORD = {
  version: 1,
  namespace: 'shop',
  claim: 'data-orders-0',
  writtenAt: '2026-05-04T04:01:00Z',
  snapshots: [SNAPSHOT],
};

/** A cluster by what kubectl says of it, and all that it was told to do. */
class FakeCluster {
  readonly objects = new Map<string, unknown>();
  readonly done: string[] = [];
  broken: string | undefined;

  readonly kubectl = {
    find: async (kind: string, name: string) => this.objects.get(`${kind}/${name}`),
    json: async ([, kind]: readonly string[]) => ({ items: this.objects.get(`all/${kind}`) ?? [] }),
    run: async (args: readonly string[], { input = '' }: { input?: string } = {}) => {
      const object = input === '' ? undefined : JSON.parse(input);
      const what = object === undefined ? args.join(' ') : `${object.kind}/${object.metadata.name}`;
      if (this.broken !== undefined && what.startsWith(this.broken)) throw new Error(`${what} is forbidden`);
      this.done.push(what);
      if (object?.kind === 'VolumeSnapshot')
        this.objects.set(`volumesnapshot/${object.metadata.name}`, {
          ...object,
          status: { readyToUse: true },
        });
      if (object?.kind === 'PersistentVolumeClaim') this.objects.set('claim', object);
      return '';
    },
  } as unknown as Kubectl;
}

let cluster: FakeCluster;
let objects: Map<string, string>;
let said: string[];
const store: ObjectStore = {
  read: async (key) => objects.get(key),
  write: async (key, body) => void objects.set(key, String(body)),
  writeNew: async () => false,
  keys: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
};
const snapshots = {
  class: { name: 'ebs', driver: 'ebs.csi.aws.com', deletionPolicy: 'Retain' as const },
  schedule: Schedule.cron('0 2 * * *'),
  keep: { daily: 7 },
  checkpointPassword: SecretRef.variable('checkpoint_password', { description: 'of the role snapshots' }),
};
const options = () => ({
  kubectl: cluster.kubectl,
  namespace: 'shop',
  environment: 'production',
  databases: [{ name: 'orders', storage: Size.gibibytes(2), storageClass: 'gp3', snapshots }],
  store,
  repositoryOf: (name: string) => `production/${name}`,
  makeNamespace: async () => void cluster.done.push('namespace'),
  progress: (line: string) => void said.push(line),
  seconds: 1,
});

beforeEach(() => {
  said = [];
  cluster = new FakeCluster();
  cluster.objects.set('all/storageclasses', [{ metadata: { name: 'gp3' }, provisioner: 'ebs.csi.aws.com' }]);
  cluster.objects.set('all/csidrivers', [{ metadata: { name: 'ebs.csi.aws.com' } }]);
  cluster.objects.set('customresourcedefinition/volumesnapshots.snapshot.storage.k8s.io', {});
  objects = new Map([
    ['production/snapshots/shop/data-orders-0.json', JSON.stringify(RECORD)],
    ['production/orders/leases/orders/000001.json', '{"lease":1,"at":"2026-03-01T00:00:00Z"}'],
    ['production/orders/leases/orders/000002.json', '{"lease":2,"at":"2026-04-01T00:00:00Z"}'],
    ['production/orders/backup/orders/20260420-020000F/backup.manifest', ''],
    ['production/orders/backup/orders/20260427-020000F_20260428-020000D/backup.manifest', ''],
  ]);
});

test('the pod is told first, then snapshot and claim are made, in a namespace that is there', async () => {
  expect(await offerSnapshots(options())).toEqual([{ database: 'orders', snapshot: SNAPSHOT.name }]);
  expect(cluster.done).toEqual([
    'namespace',
    'ConfigMap/orders-snapshot',
    expect.stringMatching(/^VolumeSnapshotContent\//),
    `VolumeSnapshot/${SNAPSHOT.name}`,
    'PersistentVolumeClaim/data-orders-0',
  ]);
  expect(cluster.objects.get('claim')).toMatchObject({
    spec: {
      storageClassName: 'gp3',
      resources: { requests: { storage: '2Gi' } },
      dataSource: { kind: 'VolumeSnapshot', name: SNAPSHOT.name },
    },
  });
  expect(said[0]).toMatch(
    /^orders: its volume is made from a snapshot, .*lease 2, and the archive reaches back/,
  );
});

test('a database that has a claim is left alone, without a word', async () => {
  cluster.objects.set('pvc/data-orders-0', {});
  expect(await offerSnapshots(options())).toEqual([]);
  expect([cluster.done, said]).toEqual([[], []]);
});

test('one that a newer life has left behind is not used', async () => {
  objects.set('production/orders/leases/orders/000003.json', '{"lease":3,"at":"2026-05-04T05:00:00Z"}');
  expect(await offerSnapshots(options())).toEqual([]);
  expect(cluster.done).toEqual([]);
  expect(said).toEqual([
    expect.stringMatching(/^orders: its volume is not made from a snapshot: .*before the present life/),
  ]);
});

test('a recovery that was done is no order any more', async () => {
  const { databases, ...rest } = options();
  const recover = { id: 'undo', to: '2026-05-01T00:00:00Z' };
  const ordered = { ...rest, databases: databases.map((database) => ({ ...database, recover })) };
  expect(await offerSnapshots(ordered)).toEqual([]);
  objects.set('production/orders/recoveries/orders/undo.json', '{}');
  expect(await offerSnapshots(ordered)).toHaveLength(1);
});

test.each(['ConfigMap', 'VolumeSnapshotContent', 'PersistentVolumeClaim'])(
  'where %s cannot be made, the database is restored from its repository, and that is told',
  async (kind) => {
    cluster.broken = kind;
    expect(await offerSnapshots(options())).toEqual([]);
    expect(cluster.done).not.toContain('PersistentVolumeClaim/data-orders-0');
    expect(said.at(-1)).toMatch(
      /^WARNING orders: no volume could be made .* restored from its repository: .*forbidden/,
    );
  },
);

test('a record that is damaged is told of, and stops nothing', async () => {
  objects.set('production/snapshots/shop/data-orders-0.json', '{"version":1}');
  expect(await offerSnapshots(options())).toEqual([]);
  expect(said).toEqual([expect.stringMatching(/^WARNING orders: .*is damaged/)]);
});

test('a claim that gets no volume is given up with its pod; one that is bound is not', async () => {
  const offered = [{ database: 'orders', snapshot: SNAPSHOT.name }];
  cluster.objects.set('pvc/data-orders-0', { metadata: {}, status: { phase: 'Bound' } });
  await giveUpUnbound(options(), offered, new AbortController().signal);
  expect(cluster.done).toEqual([]);
  cluster.objects.set('pvc/data-orders-0', { metadata: {}, status: { phase: 'Pending' } });
  await giveUpUnbound({ ...options(), seconds: 0 }, offered, new AbortController().signal);
  expect(cluster.done).toEqual([
    expect.stringMatching(/^delete pvc\/data-orders-0 .*--wait=false/),
    expect.stringMatching(/^delete pod\/orders-0 /),
  ]);
  expect(said.at(-1)).toMatch(
    /no volume of snapshot .* within 0 s; its claim is given up \(kubectl .*\), and .*restored/,
  );
});

test('nothing is given up after the wait has ended', async () => {
  cluster.objects.set('pvc/data-orders-0', { metadata: {}, status: { phase: 'Pending' } });
  const waited = new AbortController();
  const giving = giveUpUnbound(
    { ...options(), seconds: 60 },
    [{ database: 'orders', snapshot: SNAPSHOT.name }],
    waited.signal,
  );
  waited.abort();
  await giving;
  expect(cluster.done).toEqual([]);
});

test('who waits in vain for a database on a volume of a snapshot is told how to do without; others are not', () => {
  const offered = [{ database: 'orders', snapshot: SNAPSHOT.name }];
  const told = withWayBack(new EnvironmentProblem('orders does not start: x — FIX: y'), offered, options());
  expect((told as Error).message).toMatch(
    /^orders does not start: x — FIX: y; .*kubectl --namespace shop delete pod\/orders-0 pvc\/data-orders-0, and npm run deploy -- production --no-snapshots$/,
  );
  const other = new EnvironmentProblem('billing does not start');
  expect(withWayBack(other, offered, options())).toBe(other);
});

test('the oldest full backup is found among the files of all', () => {
  expect(oldestFull([...objects.keys()])?.toISOString()).toBe('2026-04-20T02:00:00.000Z');
  expect(oldestFull(['x/backup/orders/20260427-020000F_20260428-020000D/a'])).toBeUndefined();
});
