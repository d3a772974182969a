import { Size } from '../../constructs/core';
import type { KubernetesManifest, RecordedSnapshot, SnapshotRecord } from '../../constructs/snapshots';
import { Kubectl } from '../../deploy/kubectl';
import { findRecord, listRecords, renderRecord } from '../../snapshot/records';
import { attach, chosen, restoreClaim } from '../../snapshot/restore';

type Stored = KubernetesManifest & { status?: object };

/** A cluster whose driver finds what it has, as soon as it is told of it. */
class FakeKubectl extends Kubectl {
  readonly objects = new Map<string, Stored>();
  readonly applied: string[] = [];
  /** Handles that the store has. */
  readonly store = new Set<string>();

  override async run(args: readonly string[], { input = '' }: { input?: string } = {}): Promise<string> {
    const [verb, kind = '', name = ''] = args;
    if (verb === 'get') {
      const object = this.objects.get(`${kind}/${name}`);
      return object === undefined ? '' : JSON.stringify(object);
    }
    const object = JSON.parse(input) as Stored;
    this.applied.push(object.kind);
    this.objects.set(`${object.kind.toLowerCase()}/${object.metadata.name}`, object);
    if (object.kind === 'VolumeSnapshot') {
      const { volumeSnapshotContentName: content } = object.spec['source'] as Record<string, string>;
      const { spec } = this.objects.get(`volumesnapshotcontent/${content}`) ?? { spec: { source: {} } };
      const { snapshotHandle = '' } = spec['source'] as Record<string, string>;
      object.status = this.store.has(snapshotHandle)
        ? { readyToUse: true, boundVolumeSnapshotContentName: content }
        : { readyToUse: false, error: { message: 'not found in the store' } };
    }
    return '';
  }
}

const snapshot = (name: string, createdAt: string): RecordedSnapshot => ({
  name,
  driver: 'disk.test',
  handle: `snap-${name}`,
  createdAt,
  restoreSizeBytes: 1_073_741_824,
  tiers: ['daily'],
});
const NEWEST = snapshot('newest', '2026-11-29T02:00:01Z');
const RECORD: SnapshotRecord = {
  version: 1,
  namespace: 'shop',
  claim: 'data-0',
  writtenAt: '2026-11-29T02:01:10Z',
  snapshots: [NEWEST, snapshot('older', '2026-11-28T02:00:01Z')],
};

let kubectl: FakeKubectl;
let said: string[];
const props = () => ({
  kubectl,
  record: RECORD,
  progress: (line: string) => void said.push(line),
  seconds: 0,
});
beforeEach(() => {
  kubectl = new FakeKubectl();
  said = [];
});

describe('a snapshot by its record', () => {
  test('is attached where the cluster does not know it, and taken as it is where it does', async () => {
    kubectl.store.add(NEWEST.handle);
    await attach(NEWEST, props());
    expect(kubectl.applied).toEqual(['VolumeSnapshotContent', 'VolumeSnapshot']);
    await attach(NEWEST, props());
    expect(kubectl.applied).toHaveLength(2);
    expect(said).toEqual(['newest is attached by its handle snap-newest']);
  });

  test('is not attached over one of the same name that is another', async () => {
    kubectl.store.add('snap-another');
    await attach({ ...NEWEST, handle: 'snap-another' }, props());
    await expect(attach(NEWEST, props())).rejects.toThrow(
      "VolumeSnapshot shop/newest is of snap-another, and the record's is snap-newest — FIX: look whose it is",
    );
  });

  test('that the store has no more is told with the driver’s words', async () => {
    await expect(attach(NEWEST, props())).rejects.toThrow(
      /^snapshot newest is not ready to use after 0 s: not found in the store — FIX: see that the snapshot controller .* choose an older one/,
    );
  });

  test('becomes a claim, and never over one that is there', async () => {
    kubectl.store.add(NEWEST.handle);
    await restoreClaim(NEWEST, { ...props(), to: 'copy', size: Size.gibibytes(2), storageClass: 'slow' });
    expect(kubectl.objects.get('persistentvolumeclaim/copy')?.spec).toMatchObject({
      storageClassName: 'slow',
      resources: { requests: { storage: '2Gi' } },
    });
    await expect(restoreClaim(NEWEST, { ...props(), to: 'copy' })).rejects.toThrow(
      'claim shop/copy exists already, and nothing is restored over it — FIX: give another name by --to',
    );
  });

  test('whose size is not known asks for it, before anything is made', async () => {
    const { restoreSizeBytes: _, ...unsized } = NEWEST;
    await expect(restoreClaim(unsized, { ...props(), to: 'copy' })).rejects.toThrow('FIX: give it by --size');
    expect(kubectl.applied).toEqual([]);
  });

  test('is chosen by name, by instant, or as the newest; what is not there is told', () => {
    expect(chosen(RECORD, {}).name).toBe('newest');
    expect(chosen(RECORD, { at: new Date('2026-11-28T12:00:00Z') }).name).toBe('older');
    expect(chosen(RECORD, { name: 'older' }).name).toBe('older');
    expect(() => chosen(RECORD, { name: 'x' })).toThrow(
      'the record of shop/data-0 has no snapshot named x — FIX: ',
    );
    expect(() => chosen(RECORD, { at: new Date(0) })).toThrow('as old as 1970-01-01T00:00:00.000Z — FIX: ');
  });
});

describe('records in a vault', () => {
  const objects = new Map([
    ['test/snapshots/shop/data-0.json', JSON.stringify(RECORD)],
    ['test/snapshots/other/data-0.json', JSON.stringify({ ...RECORD, namespace: 'other', snapshots: [] })],
  ]);
  const store = {
    read: async (key: string) => objects.get(key),
    write: async () => undefined,
    writeNew: async () => true,
    keys: async (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
  const place = { store, path: 'test' };

  test('are listed, all of them or those of a namespace', async () => {
    expect((await listRecords(place)).map(({ namespace }) => namespace)).toEqual(['other', 'shop']);
    expect((await listRecords(place, 'shop')).map(({ namespace }) => namespace)).toEqual(['shop']);
    expect(renderRecord(RECORD)).toBe(
      [
        'shop/data-0, as of 2026-11-29T02:01:10Z: 2 snapshots',
        '  2026-11-29T02:00:01Z      1.0 GiB  newest  disk.test snap-newest  daily',
        '  2026-11-28T02:00:01Z      1.0 GiB  older  disk.test snap-older  daily',
      ].join('\n'),
    );
  });

  test('one that is missing or damaged is told with what to do', async () => {
    await expect(findRecord(place, 'shop', 'data-1')).rejects.toThrow(
      'the vault has no record of snapshots of claim shop/data-1 (test/snapshots/shop/data-1.json) — FIX: `list` shows',
    );
    objects.set('test/snapshots/shop/data-1.json', '{');
    await expect(findRecord(place, 'shop', 'data-1')).rejects.toThrow(
      'the snapshot record test/snapshots/shop/data-1.json is no JSON — FIX: take an earlier version',
    );
  });
});
