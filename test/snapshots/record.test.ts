import { Size } from '../../constructs/core';
import {
  chooseSnapshot,
  type RecordedSnapshot,
  readSnapshotRecord,
  reattachSnapshot,
  restoredClaim,
  type SnapshotRecord,
  SnapshotRecordError,
  snapshotRecordKey,
} from '../../constructs/snapshots';

const snapshot = (name: string, createdAt: string, different: object = {}): RecordedSnapshot => ({
  name,
  driver: 'ebs.csi.aws.com',
  handle: `snap-${name}`,
  createdAt,
  tiers: ['daily'],
  ...different,
});

const RECORD: SnapshotRecord = {
  version: 1,
  namespace: 'shop',
  claim: 'data-orders-0',
  writtenAt: '2026-11-29T02:01:10Z',
  snapshots: [
    snapshot('newest', '2026-11-29T02:00:01Z', {
      restoreSizeBytes: 1_073_741_824,
      class: 'ebs',
      storageClass: 'gp3',
      schedule: 'orders',
    }),
    snapshot('older', '2026-11-28T02:00:01.5Z'),
    snapshot('oldest', '2026-11-01T02:00:01Z', { tiers: [] }),
  ],
};

describe('the record of snapshots', () => {
  test('is read as it was written, the newest first, without what is not known', () => {
    const { snapshots, ...rest } = RECORD;
    const text = JSON.stringify({
      ...rest,
      later: true,
      snapshots: [...snapshots].reverse().map((one) => ({ ...one, unknown: 1 })),
    });
    expect(readSnapshotRecord(text, 'here')).toEqual(RECORD);
    expect(snapshotRecordKey('shop', 'data-orders-0')).toBe('snapshots/shop/data-orders-0.json');
  });

  test.each<[string, (record: Record<string, unknown>) => unknown, string]>([
    ['no object', () => [], 'it is [], not an object'],
    ['another version', (record) => ({ ...record, version: 2 }), 'has version 2, and 1 is known'],
    ['no claim', ({ claim: _, ...record }) => record, 'claim is missing, not a text'],
    ['a list that is none', (record) => ({ ...record, snapshots: {} }), 'snapshots is {}, not a list'],
    [
      'an instant without a zone',
      (record) => ({ ...record, writtenAt: '2026-11-29T02:01:10' }),
      'writtenAt is "2026-11-29T02:01:10"',
    ],
    [
      'no handle',
      (record) => ({ ...record, snapshots: [{ ...snapshot('x', '2026-11-29T02:00:01Z'), handle: '' }] }),
      'snapshots[0].handle is ""',
    ],
    [
      'a tier of its own',
      (record) => ({
        ...record,
        snapshots: [{ ...snapshot('x', '2026-11-29T02:00:01Z'), tiers: ['minutely'] }],
      }),
      'snapshots[0].tiers[0] is "minutely", not one of hourly, daily',
    ],
    [
      'a size with a unit',
      (record) => ({
        ...record,
        snapshots: [{ ...snapshot('x', '2026-11-29T02:00:01Z'), restoreSizeBytes: '1Gi' }],
      }),
      'snapshots[0].restoreSizeBytes is "1Gi"',
    ],
  ])('is refused with %s', (_, change, message) => {
    const text = JSON.stringify(change(JSON.parse(JSON.stringify(RECORD)) as Record<string, unknown>));
    expect(() => readSnapshotRecord(text, 'vault/record.json')).toThrow(SnapshotRecordError);
    expect(() => readSnapshotRecord(text, 'vault/record.json')).toThrow(message);
    expect(() => readSnapshotRecord(text, 'vault/record.json')).toThrow(/vault\/record\.json .*; fix: /);
  });

  test('is refused when it is cut short', () => {
    expect(() => readSnapshotRecord('{"version":1,', 'here')).toThrow(
      'the snapshot record here is no JSON; fix: take an earlier version of this object',
    );
  });

  test('the newest is chosen, or the newest at an instant or before', () => {
    expect(chooseSnapshot(RECORD)?.name).toBe('newest');
    expect(chooseSnapshot(RECORD, new Date('2026-11-29T02:00:01Z'))?.name).toBe('newest');
    expect(chooseSnapshot(RECORD, new Date('2026-11-29T02:00:00Z'))?.name).toBe('older');
    expect(chooseSnapshot(RECORD, new Date('2020-01-01T00:00:00Z'))).toBeUndefined();
  });
});

describe('the way back of a snapshot', () => {
  const [newest, older] = RECORD.snapshots as [RecordedSnapshot, RecordedSnapshot];

  test('a content by its handle that nobody loses by deleting an object, and the snapshot that it is for', () => {
    const [content, object] = reattachSnapshot(RECORD, newest);
    expect(content).toEqual({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotContent',
      metadata: {
        name: 'reattached-shop-newest',
        labels: { 'cdktf-disaster-recovery/snapshot-schedule': 'orders' },
      },
      spec: {
        deletionPolicy: 'Retain',
        driver: 'ebs.csi.aws.com',
        source: { snapshotHandle: 'snap-newest' },
        sourceVolumeMode: 'Filesystem',
        volumeSnapshotClassName: 'ebs',
        volumeSnapshotRef: {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshot',
          name: 'newest',
          namespace: 'shop',
        },
      },
    });
    expect(object).toEqual({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: {
        name: 'newest',
        namespace: 'shop',
        labels: { 'cdktf-disaster-recovery/snapshot-schedule': 'orders' },
        annotations: {
          'cdktf-disaster-recovery/snapshot-claim': 'data-orders-0',
          'cdktf-disaster-recovery/snapshot-created-at': '2026-11-29T02:00:01Z',
        },
      },
      spec: {
        volumeSnapshotClassName: 'ebs',
        source: { volumeSnapshotContentName: 'reattached-shop-newest' },
      },
    });
  });

  test('of a schedule that is said, or of none; the same each time', () => {
    expect(reattachSnapshot(RECORD, older)[1].metadata.labels).toBeUndefined();
    expect(reattachSnapshot(RECORD, newest, { schedule: 'another' })[1].metadata.labels).toEqual({
      'cdktf-disaster-recovery/snapshot-schedule': 'another',
    });
    expect(reattachSnapshot(RECORD, older)).toEqual(reattachSnapshot(RECORD, older));
    const other = reattachSnapshot({ ...RECORD, namespace: 'another' }, newest);
    expect(other[0].metadata.name).not.toBe(reattachSnapshot(RECORD, newest)[0].metadata.name);
  });

  test('a claim of it, as the old one was, or as it is said', () => {
    expect(restoredClaim(RECORD, newest)).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-orders-0', namespace: 'shop' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        volumeMode: 'Filesystem',
        storageClassName: 'gp3',
        resources: { requests: { storage: '1Gi' } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'newest' },
      },
    });
    const different = restoredClaim(RECORD, older, {
      name: 'copy',
      size: Size.gibibytes(2),
      storageClass: 'slow',
      labels: { a: 'b' },
    });
    expect(different).toMatchObject({
      metadata: { name: 'copy', labels: { a: 'b' } },
      spec: { storageClassName: 'slow', resources: { requests: { storage: '2Gi' } } },
    });
    expect(() => restoredClaim(RECORD, older)).toThrow(/the size of snapshot older is not recorded; fix: /);
  });
});
