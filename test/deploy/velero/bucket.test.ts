import { gzipSync } from 'node:zlib';
import type { S3Store } from '../../../constructs/object-storage/client';
import { BackupBucket } from '../../../deploy/velero/bucket';

const objects = new Map<string, Buffer>();
const bucket = new BackupBucket(
  {
    keys: async (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
    read: async (key: string) => objects.get(key)?.toString(),
    readBytes: async (key: string) => objects.get(key),
  } as unknown as S3Store,
  'velero/staging',
);
const put = (path: string, content: object): void =>
  void objects.set(`velero/staging/${path}`, Buffer.from(JSON.stringify(content)));
const zip = (path: string, content: object): void =>
  void objects.set(`velero/staging/${path}`, gzipSync(JSON.stringify(content)));
const backup = (name: string, startTimestamp: string, completionTimestamp?: string): void =>
  put(`backups/${name}/velero-backup.json`, {
    metadata: { name },
    status: { startTimestamp, completionTimestamp },
  });

beforeEach(() => objects.clear());

test('backups are those that have ended, the newest first', async () => {
  expect(await bucket.backups()).toEqual([]);
  backup('a', '2026-05-01T00:00:00Z', '2026-05-01T00:01:00Z');
  backup('c', '2026-05-03T00:00:00Z', '2026-05-03T00:01:00Z');
  backup('b', '2026-05-02T00:00:00Z', '2026-05-02T00:01:00Z');
  backup('going-on', '2026-05-04T00:00:00Z');
  put('backups/a/other.json', {});
  expect((await bucket.backups()).map(({ metadata }) => metadata.name)).toEqual(['c', 'b', 'a']);
});

test('volumes that were passed over, and what was said', async () => {
  expect(await bucket.skippedVolumes('a')).toEqual([]);
  expect(await bucket.podVolumeBackups('a')).toEqual([]);
  expect(await bucket.backupWarnings('a')).toEqual([]);
  zip('backups/a/a-volumeinfo.json.gz', [
    { pvcName: 'x', skipped: true, skippedReason: 'y' },
    { pvcName: 'z' },
  ]);
  zip('backups/a/a-podvolumebackups.json.gz', [{ metadata: { name: 'v' } }]);
  zip('backups/a/a-results.gz', { errors: { velero: ['e'] }, warnings: { namespaces: { shop: ['w'] } } });
  expect(await bucket.skippedVolumes('a')).toEqual([{ pvcName: 'x', skipped: true, skippedReason: 'y' }]);
  expect(await bucket.podVolumeBackups('a')).toEqual([{ metadata: { name: 'v' } }]);
  expect(await bucket.backupWarnings('a')).toEqual(['e', 'shop: w']);
});

test('what a restore could not do, of Velero, of the cluster, of namespaces', async () => {
  expect(await bucket.restoreErrors('r')).toEqual([]);
  zip('restores/r/restore-r-results.gz', {
    errors: { velero: ['a'], cluster: ['b'], namespaces: { shop: ['c', 'd'] } },
    warnings: { cluster: ['not an error'] },
  });
  expect(await bucket.restoreErrors('r')).toEqual(['a', 'b', 'shop: c', 'shop: d']);
  zip('restores/n/restore-n-results.gz', { errors: { namespaces: null } });
  expect(await bucket.restoreErrors('n')).toEqual([]);
});
