import type { Kubectl } from '../../deploy/kubectl';
import { restartFailed } from '../../deploy/restart';

type Status = Readonly<Record<string, unknown>>;

/** A cluster with one pod; tells which pods were deleted. */
async function restarted(
  preparation: Status,
  server: Status = { state: { waiting: { reason: 'PodInitializing' } } },
) {
  const labels = { 'app.kubernetes.io/instance': 'orders', 'controller-revision-hash': 'one' };
  const items = [
    {
      kind: 'StatefulSet',
      metadata: { name: 'orders', generation: 1 },
      status: { observedGeneration: 1, updateRevision: 'one' },
    },
    {
      kind: 'Pod',
      metadata: { name: 'orders-0', uid: 'u', labels },
      status: {
        initContainerStatuses: [{ name: 'prepare', ready: false, restartCount: 0, ...preparation }],
        containerStatuses: [{ name: 'postgres', ready: false, restartCount: 0, ...server }],
      },
    },
  ];
  const deleted: string[] = [];
  const kubectl = {
    json: async () => ({ items }),
    run: async ([verb, , name]: readonly string[]) => {
      if (verb === 'delete') deleted.push(name ?? '');
      return '';
    },
  };
  await restartFailed(kubectl as unknown as Kubectl, 'local', ['orders'], () => {});
  return deleted;
}

const failed = { exitCode: 78, message: 'ERROR' };

test.each([
  [
    'its preparation failed and waits longer and longer',
    { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: failed } },
    undefined,
  ],
  ['its image cannot be pulled', { state: { waiting: { reason: 'ImagePullBackOff' } } }, undefined],
  [
    'a Secret that it names is missing',
    { state: { waiting: { reason: 'CreateContainerConfigError' } } },
    undefined,
  ],
  [
    'its start was refused and waits longer and longer',
    { state: { terminated: { exitCode: 0 } } },
    { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: failed } },
  ],
])('a pod is started anew when %s', async (_, preparation, server) => {
  expect(await restarted(preparation, server)).toEqual(['orders-0']);
});

test.each([
  [
    'its preparation runs, be it the tenth time',
    { state: { running: {} }, lastState: { terminated: failed } },
    undefined,
  ],
  ['its preparation has not begun yet', { state: { waiting: { reason: 'PodInitializing' } } }, undefined],
  [
    'its server runs, though its start was refused before',
    { state: { terminated: { exitCode: 0 } } },
    { state: { running: {} }, lastState: { terminated: failed } },
  ],
  [
    'its server ran and failed',
    { state: { terminated: failed } },
    { state: { waiting: {} }, lastState: { terminated: { exitCode: 1 } } },
  ],
])('a pod is left alone when %s', async (_, preparation, server) => {
  expect(await restarted(preparation, server)).toEqual([]);
});
