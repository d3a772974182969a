import type { BackupBucket } from '../../../deploy/velero/bucket';
import type { VeleroInCluster } from '../../../deploy/velero/cluster';
import type { PodVolumeBackup, PodVolumeRestore, Restore } from '../../../deploy/velero/kinds';
import { verify } from '../../../deploy/velero/verify';

const VOLUME: PodVolumeBackup = {
  metadata: { name: 'pvb' },
  spec: { pod: { namespace: 'shop', name: 'web-0' }, volume: 'data' },
  status: { phase: 'Completed' },
};
const restored = (phase: string, message?: string): PodVolumeRestore => ({
  metadata: { name: 'pvr' },
  spec: VOLUME.spec,
  status: { phase, ...(message === undefined ? {} : { message }) },
});
const restore = (phase: string, more: object = {}): Restore => ({
  metadata: { name: 'life-cluster' },
  spec: { backupName: 'b' },
  status: { phase, progress: { itemsRestored: 7, totalItems: 7 }, ...more },
});

interface Situation {
  readonly restore?: Restore;
  readonly restores?: readonly PodVolumeRestore[];
  readonly errors?: readonly string[];
  readonly newCluster?: boolean;
  /** By what the pod came back; `undefined`: it is not there. */
  readonly by?: string | undefined;
  readonly attempts?: readonly string[];
}

async function outcome(situation: Situation): Promise<{ said: string[]; error: string }> {
  const said: string[] = [];
  const cluster = {
    namespace: 'velero',
    volumeRestores: async () => situation.restores ?? [],
    restoredBy: async () => situation.by,
  } as unknown as VeleroInCluster;
  const bucket = { restoreErrors: async () => situation.errors ?? [] } as unknown as BackupBucket;
  const error = await verify({
    cluster,
    bucket,
    environment: 'staging',
    attempts: situation.attempts ?? ['life-cluster'],
    restore: situation.restore ?? restore('Completed'),
    volumes: [VOLUME],
    newCluster: situation.newCluster ?? true,
    progress: (line) => said.push(line),
  }).then(
    () => '',
    (reason: Error) => reason.message,
  );
  return { said, error };
}

test('complete is what Velero calls so, with each volume', async () => {
  const { error, said } = await outcome({ restores: [restored('Failed'), restored('Completed')] });
  expect(error).toBe('');
  expect(said).toEqual(['restore life-cluster is complete: 7 objects, 1 volumes']);
});

test('a volume that failed is named with its reason, though Velero says complete', async () => {
  const { error, said } = await outcome({ restores: [restored('Failed', 'no space left')] });
  expect(said).toContain('FAILED volume data of pod shop/web-0: Failed no space left');
  expect(error).toMatch(
    /^restore life-cluster is Completed, and these did not come back: volume data of shop\/web-0; .* — FIX: .*shop\/web-0/,
  );
});

test('one that was never begun is missing in a new cluster, whoever made its pod', async () => {
  for (const by of [undefined, '', 'life-cluster', 'another'])
    expect((await outcome({ by })).error).toContain('volume data of shop/web-0');
});

test('in a cluster that ran on, a pod that was there already keeps its volume, and that is told', async () => {
  const { error, said } = await outcome({ newCluster: false, by: '' });
  expect(error).toBe('');
  expect(said[0]).toBe('WARNING shop/web-0 was there already, so its volume data was left as it is');
});

test('a pod that an earlier attempt brought back without its volume was not there already', async () => {
  const { error } = await outcome({
    newCluster: false,
    by: 'life-cluster',
    attempts: ['life-cluster', 'life-cluster-2'],
  });
  expect(error).toContain('volume data of shop/web-0');
  expect((await outcome({ newCluster: false, by: undefined })).error).toContain('volume data of shop/web-0');
});

test('objects that were refused are named, six in the last line and all above', async () => {
  const errors = Array.from({ length: 8 }, (_, index) => `shop: object ${index}`);
  const { error, said } = await outcome({
    restore: restore('PartiallyFailed', {
      failureReason: 'a reason',
      validationErrors: ['an invalid thing'],
    }),
    restores: [restored('Completed')],
    errors,
  });
  expect(said.filter((line) => line.startsWith('FAILED '))).toHaveLength(10);
  expect(error).toMatch(
    /an invalid thing; a reason; shop: object 0; .*shop: object 3; and 4 more, above; the location stays read-only/,
  );
});
