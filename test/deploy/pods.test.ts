import { Kubectl } from '../../deploy/kubectl';
import { databasePods, isPrimary, tell } from '../../deploy/pods';
import { keepPrimaries } from '../../deploy/replicas';
import { waitForDatabases } from '../../deploy/wait';

/** Answers as a cluster would whose objects these are. */
class Cluster extends Kubectl {
  constructor(private readonly items: readonly object[]) {
    super();
  }
  override run(): Promise<string> {
    return Promise.resolve(JSON.stringify({ items: this.items }));
  }
}

const set = (different: object = {}) => ({
  kind: 'StatefulSet',
  metadata: { name: 'orders', generation: 2 },
  status: { observedGeneration: 2, updateRevision: 'new' },
  ...different,
});

const pod = (status: object, metadata: object = {}) => ({
  kind: 'Pod',
  metadata: {
    name: 'orders-0',
    uid: '1',
    labels: { 'app.kubernetes.io/instance': 'orders', 'controller-revision-hash': 'new' },
    ...metadata,
  },
  status,
});

const READY = { conditions: [{ type: 'Ready', status: 'True' }] };

async function story(...items: object[]) {
  const [seen] = await databasePods(new Cluster(items), 'shop', ['orders']);
  if (seen === undefined) throw new Error('nothing was seen');
  return tell(seen);
}

test('the newest pod that answers is ready', async () => {
  expect(await story(set(), pod(READY))).toEqual({ ready: true, words: 'ready' });
});

test.each([
  [
    'of an earlier revision',
    set(),
    pod(READY, { labels: { 'app.kubernetes.io/instance': 'orders', 'controller-revision-hash': 'old' } }),
  ],
  ['on its way out', set(), pod(READY, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  [
    'whose declaration was not looked at yet',
    set({ metadata: { name: 'orders', generation: 3 } }),
    pod(READY),
  ],
])('a pod %s is not, however ready it is', async (_name, ...items) => {
  expect(await story(...items)).toMatchObject({
    ready: false,
    words: expect.stringContaining('being replaced'),
  });
});

test('no pod yet', async () => {
  expect(await story(set())).toEqual({ ready: false, words: 'no pod yet' });
});

test('a container that failed: its last words, and how often it was restarted', async () => {
  const status = {
    initContainerStatuses: [
      {
        name: 'prepare',
        ready: false,
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 78, message: 'ERROR wrong key — FIX: give the right one\n' } },
      },
    ],
  };
  expect((await story(set(), pod(status))).failure).toEqual({
    container: 'prepare',
    message: 'ERROR wrong key — FIX: give the right one',
    restarts: 3,
  });
});

test('an image that cannot be had is a failure with a fix, though nothing was ever started', async () => {
  const status = {
    initContainerStatuses: [
      {
        name: 'prepare',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } },
      },
    ],
  };
  expect((await story(set(), pod(status))).failure?.message).toMatch(/^ImagePullBackOff: not found — FIX: /);
});

describe('a database with replicas', () => {
  const replicated = set({ spec: { replicas: 2 } });
  const labels = (role: string) => ({
    'app.kubernetes.io/instance': 'orders',
    'controller-revision-hash': 'new',
    'cdktf-disaster-recovery/role': role,
  });
  const primary = pod(READY, { name: 'orders-1', labels: labels('primary') });

  test('is all of its pods, also those that are not there yet; the primary is the one that is labelled so', async () => {
    const seen = await databasePods(new Cluster([replicated, primary]), 'shop', ['orders']);
    expect(seen.map(({ name, role }) => [name, role])).toEqual([
      ['orders-0', undefined],
      ['orders-1', 'primary'],
    ]);
    expect(seen.map(isPrimary)).toEqual([false, true]);
  });

  test('is not declared with so few that its primary would go', async () => {
    const kubectl = new Cluster([replicated, primary]);
    const keep = (replicas?: number) =>
      keepPrimaries({
        kubectl,
        namespace: 'shop',
        databases: [{ name: 'orders', ...(replicas === undefined ? {} : { replicas }) }],
      });
    await expect(keep()).rejects.toThrow(
      /orders-1, which would go, is its primary — FIX: promote one that stays/,
    );
    await expect(keep(1)).resolves.toBeUndefined();
  });

  const refusing = (message: string) =>
    pod(
      {
        initContainerStatuses: [
          {
            name: 'prepare',
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 78, message } },
          },
        ],
      },
      { labels: { 'app.kubernetes.io/instance': 'orders', 'controller-revision-hash': 'new' } },
    );
  const wait = async (...items: object[]) => {
    const told: string[] = [];
    await waitForDatabases({
      kubectl: new Cluster([replicated, ...items]),
      namespace: 'shop',
      databases: ['orders'],
      seconds: 0,
      progress: (line) => told.push(line),
    });
    return told;
  };

  test('answers when its primary does; a standby that refuses is told, and keeps nobody waiting', async () => {
    const message = 'ERROR orders, standby orders-0 went on where the primary did not — FIX: rebuild it';
    const told = await wait(refusing(message), primary);
    expect(told).toEqual(
      expect.arrayContaining([
        `orders-0/prepare: ${message}`,
        'orders-0 is no replica yet; see its log (prepare); a deploy does not wait for it',
      ]),
    );
  });

  test('does not answer while only a replica does', async () => {
    const replica = pod(READY, { name: 'orders-1', labels: labels('replica') });
    await expect(
      wait(refusing('ERROR orders: wrong key — FIX: give the right one'), replica),
    ).rejects.toThrow(/not ready after 0 s/);
  });
});
