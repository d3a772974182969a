import type { BackupBucket } from '../../../deploy/velero/bucket';
import type { VeleroInCluster } from '../../../deploy/velero/cluster';
import type { Backup, Restore } from '../../../deploy/velero/kinds';
import type { PlannedRecovery } from '../../../deploy/velero/plan';
import { carryOut } from '../../../deploy/velero/restore';

const BACKUP: Backup = {
  metadata: { name: 'cluster-20260504010000', labels: { 'velero.io/schedule-name': 'cluster' } },
  spec: {},
  status: { phase: 'Completed' },
};
const PLAN: PlannedRecovery = {
  id: 'incident-1',
  why: 'ordered as incident-1',
  backups: [BACKUP],
  namespaces: ['shop'],
  newCluster: false,
  warnings: ['something'],
};

interface Made {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly [key: string]: unknown };
}

/** A cluster whose Restores end by these phases at once. */
function cluster(phases: Readonly<Record<string, string>>, missing: readonly string[] = []) {
  const made: Made[] = [];
  const calls: string[] = [];
  const known = new Map(Object.entries(phases));
  const fake = {
    namespace: 'velero',
    kubectl: {
      json: async () => ({
        items: missing.map((secret) => ({
          metadata: { namespace: 'shop', name: 'web-0' },
          spec: {
            volumes: [{ secret: { secretName: secret } }, { secret: { secretName: 'x', optional: true } }],
          },
          status: { phase: 'Pending' },
        })),
      }),
      find: async () => undefined,
    },
    adopt: async () => void calls.push('adopt'),
    forgetBrokenRepositories: async () => void calls.push('forget'),
    restore: async (name: string): Promise<Restore | undefined> => {
      const phase = known.get(name);
      return phase === undefined ? undefined : { metadata: { name }, spec: {}, status: { phase } };
    },
    create: async (object: Made) => {
      if (known.has(object.metadata.name)) return;
      made.push(object);
      known.set(object.metadata.name, 'Completed');
    },
    volumeRestores: async () => [],
    restoredBy: async () => undefined,
  };
  return { made, calls, known, fake: fake as unknown as VeleroInCluster };
}

const bucket = (skipped: readonly object[] = [], warnings: readonly string[] = []): BackupBucket =>
  ({
    podVolumeBackups: async () => [],
    skippedVolumes: async () => skipped,
    backupWarnings: async () => warnings,
    restoreErrors: async () => ['shop: refused'],
  }) as unknown as BackupBucket;

async function run(
  of: ReturnType<typeof cluster>,
  from = bucket(),
  seconds = 5,
): Promise<{ said: string[]; error: string }> {
  const said: string[] = [];
  const options = {
    cluster: of.fake,
    bucket: from,
    environment: 'staging',
    seconds,
    progress: (line: string) => void said.push(line),
  };
  const error = await carryOut(PLAN, options).then(
    () => '',
    (reason: Error) => reason.message,
  );
  return { said, error };
}

test('a Restore is made once, named by the incident and the schedule, of what was asked for', async () => {
  const first = cluster({});
  const { error, said } = await run(first);
  expect(error).toBe('');
  expect(first.calls).toEqual(['adopt', 'forget']);
  expect(first.made).toHaveLength(1);
  expect(first.made[0]?.metadata.name).toBe('incident-1-cluster');
  expect(first.made[0]?.spec).toMatchObject({
    backupName: 'cluster-20260504010000',
    includedNamespaces: ['shop'],
  });
  expect(first.made[0]?.spec['excludedResources']).toContain('schedules.velero.io');
  expect(said[0]).toBe('Velero restores cluster-20260504010000: ordered as incident-1');
  expect(said).toContain('WARNING something');
});

test('one that is complete is not made again; one that failed is followed by the next', async () => {
  const complete = cluster({ 'incident-1-cluster': 'Completed' });
  expect((await run(complete)).error).toBe('');
  expect(complete.made).toEqual([]);
  const failed = cluster({ 'incident-1-cluster': 'PartiallyFailed', 'incident-1-cluster-2': 'Failed' });
  expect((await run(failed)).error).toBe('');
  expect(failed.made.map(({ metadata }) => metadata.name)).toEqual(['incident-1-cluster-3']);
});

test('one that Velero calls complete, without a volume of the backup, is followed by the next', async () => {
  const half = cluster({ 'incident-1-cluster': 'PartiallyFailed', 'incident-1-cluster-2': 'Completed' });
  const volume = {
    spec: { pod: { namespace: 'shop', name: 'web-0' }, volume: 'data' },
    status: { phase: 'Completed' },
  };
  const other = { ...volume, spec: { ...volume.spec, pod: { namespace: 'elsewhere', name: 'web-0' } } };
  const from = Object.assign(bucket(), { podVolumeBackups: async () => [volume, other] });
  expect((await run(half, from)).error).toMatch(/volume data of shop\/web-0; .*the location stays/);
  expect(half.made.map(({ metadata }) => metadata.name)).toEqual(['incident-1-cluster-3']);
});

test('one that is under way is waited for, and then told of; it goes on by itself', async () => {
  const stuck = cluster({ 'incident-1-cluster': 'InProgress' }, ['web-tls']);
  const { error, said } = await run(stuck, bucket(), 1);
  expect(stuck.made).toEqual([]);
  expect(error).toMatch(
    /^restore incident-1-cluster is still InProgress after 1 s; it goes on meanwhile — FIX: /,
  );
  // What keeps a pod, and the volumes in it, waiting.
  expect(said.filter((line) => line.includes('Secret'))).toEqual([
    'WARNING shop/web-0 waits for the Secret web-tls, which is not there — FIX: make it; what was in no archive comes from where it came from before',
  ]);
});

test('what was never in the backup is told', async () => {
  const { said } = await run(
    cluster({}),
    bucket(
      [{ pvcNamespace: 'shop', pvcName: 'scratch', skipped: true, skippedReason: 'no' }],
      ['shop: a hostPath volume'],
    ),
  );
  expect(said).toContain('WARNING the volume of claim shop/scratch was never in cluster-20260504010000: no');
  expect(said).toContain('WARNING said when cluster-20260504010000 was made: shop: a hostPath volume');
});
