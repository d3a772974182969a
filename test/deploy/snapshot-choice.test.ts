import { Size } from '../../constructs/core';
import type { RecordedSnapshot } from '../../constructs/snapshots';
import { chooseForDatabase, type SnapshotFacts } from '../../deploy/snapshot-choice';

const snapshot = (
  name: string,
  createdAt: string,
  more: Partial<RecordedSnapshot> = {},
): RecordedSnapshot => ({
  name,
  createdAt,
  driver: 'ebs.csi.aws.com',
  handle: `snap-${name}`,
  restoreSizeBytes: 10 * 1024 ** 3,
  tiers: [],
  ...more,
});
const record = (...snapshots: readonly RecordedSnapshot[]): NonNullable<SnapshotFacts['record']> => ({
  version: 1,
  namespace: 'shop',
  claim: 'data-orders-0',
  writtenAt: '2026-05-04T04:00:30Z',
  snapshots,
});
const NEWEST = snapshot('newest', '2026-05-04T04:00:00Z');
const OLDER = snapshot('older', '2026-05-03T04:00:00Z');
const OLDEST = snapshot('oldest', '2026-05-02T04:00:00Z');

/** All is in order. */
const FACTS: SnapshotFacts = {
  record: record(NEWEST, OLDER, OLDEST),
  life: { lease: 3, since: new Date('2026-05-01T00:00:00Z') },
  archiveSince: new Date('2026-04-20T02:00:00Z'),
  order: undefined,
  cluster: {
    snapshots: true,
    drivers: ['ebs.csi.aws.com'],
    storageClass: { name: 'gp3', provisioner: 'ebs.csi.aws.com' },
  },
  storage: Size.gibibytes(10),
};
const LIFE = (since: string): Partial<SnapshotFacts> => ({ life: { lease: 4, since: new Date(since) } });

test.each<[string, Partial<SnapshotFacts>, string, RegExp]>([
  [
    'the newest',
    {},
    'newest',
    /^newest, of 2026-05-04T04:00:00Z, is the newest, of the life that holds lease 3/,
  ],
  ['the newest for latest', { order: { id: 'again', to: 'latest' } }, 'newest', /is the newest, of the life/],
  [
    'the newest before an ordered time',
    { order: { id: 'undo', to: '2026-05-04T03:02:01Z' } },
    'older',
    /^older, .* is the newest before 2026-05-04T03:02:01Z.*; newest is of .* and recovery undo goes to/,
  ],
  [
    'an older one where a minute is not between the newest and the ordered time',
    { order: { id: 'undo', to: '2026-05-04T06:01:00+02:00' } },
    'older',
    /; newest is of/,
  ],
  [
    'the newest where a minute and a second are',
    { order: { id: 'undo', to: '2026-05-04T06:01:01+02:00' } },
    'newest',
    /is the newest before/,
  ],
  [
    'an older one of a driver that is there',
    { record: record(snapshot('moved', '2026-05-04T05:00:00Z', { driver: 'other' }), NEWEST) },
    'newest',
    /; moved is of driver other, which this cluster does not have/,
  ],
  [
    'an older one that fits the declared size',
    {
      record: record(
        snapshot('grown', '2026-05-04T05:00:00Z', { restoreSizeBytes: 10 * 1024 ** 3 + 1 }),
        NEWEST,
      ),
    },
    'newest',
    /; grown needs 10737418241 bytes, and storage is declared as 10Gi/,
  ],
])('chooses %s', (_, facts, name, why) => {
  const choice = chooseForDatabase({ ...FACTS, ...facts });
  expect(choice.snapshot?.name).toBe(name);
  expect(choice.why).toMatch(why);
});

test.each<[string, Partial<SnapshotFacts>, RegExp]>([
  ['no record', { record: undefined }, /no record of a snapshot/],
  ['a record of none', { record: record() }, /no snapshot was ready/],
  [
    'an order that names a backup',
    { order: { id: 'x', to: 'latest', set: '20260504-020000F' } },
    /names the backup/,
  ],
  ['an order that names a timeline', { order: { id: 'x', to: 'latest', timeline: 2 } }, /names a timeline/],
  [
    'an order to a time before all of them',
    { order: { id: 'x', to: '2026-05-01T12:00:00Z' } },
    /goes to 2026-05-01T12/,
  ],
  ['no lease', { life: undefined }, /no lease is recorded/],
  [
    'a life that began after the newest',
    LIFE('2026-05-04T05:00:00Z'),
    /before the present life .*\(lease 4, 2026-05-04T05/,
  ],
  ['a life that began in the same minute', LIFE('2026-05-04T03:59:01Z'), /before the present life/],
  ['no full backup', { archiveSince: undefined }, /has no full backup/],
  [
    'WAL that begins after the newest',
    { archiveSince: new Date('2026-05-04T03:55:00Z') },
    /reaches back to 2026-05-04T03:55:00.000Z only/,
  ],
  ['no definitions', { cluster: { ...FACTS.cluster, snapshots: false } }, /does not know VolumeSnapshots/],
  ['no driver', { cluster: { ...FACTS.cluster, drivers: ['other'] } }, /which this cluster does not have/],
  ['no class', { cluster: { ...FACTS.cluster, storageClass: undefined } }, /needs a storage class/],
  [
    'a class of another driver',
    { cluster: { ...FACTS.cluster, storageClass: { name: 'local', provisioner: 'local-path' } } },
    /storage class local is of local-path/,
  ],
  ['less storage', { storage: Size.gibibytes(9) }, /storage is declared as 9Gi/],
  [
    'a block volume',
    { record: record(snapshot('b', NEWEST.createdAt, { volumeMode: 'Block' })) },
    /block volume/,
  ],
])('chooses none for %s, and says why', (_, facts, why) => {
  const choice = chooseForDatabase({ ...FACTS, ...facts });
  expect(choice.snapshot).toBeUndefined();
  expect(choice.why).toMatch(why);
});

test('a life that began a minute before, and WAL that begins ten minutes before, are enough', () => {
  const since = new Date('2026-05-04T03:59:00Z');
  const archiveSince = new Date('2026-05-04T03:50:00Z');
  expect(chooseForDatabase({ ...FACTS, life: { lease: 3, since }, archiveSince }).snapshot).toBe(NEWEST);
});
