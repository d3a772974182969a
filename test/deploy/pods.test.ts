import { Kubectl } from '../../deploy/kubectl';
import { databasePods, tell } from '../../deploy/pods';

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
