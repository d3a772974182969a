import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latestRecords, publish, putRecord } from '../../constructs/object-storage/client';
import { freshStore, onEveryStore } from './stores';

onEveryStore((server) => {
  const folder = { environment: 'production', kind: 'rehearsals' };

  test('records are dated, read back newest first, and bounded', async () => {
    const store = await freshStore(server());
    const at = (day: number): Date => new Date(Date.UTC(2026, 10, day, 3, 4, 5, 6));
    for (const day of [3, 1, 2]) await putRecord(store, { ...folder, at: at(day), record: { day } });
    await putRecord(store, { ...folder, kind: 'drills', at: at(9), record: { day: 9 } });
    expect(await latestRecords(store, { ...folder, count: 2 })).toEqual([
      { key: 'records/production/rehearsals/20261103T030405006Z.json', at: at(3), record: { day: 3 } },
      { key: 'records/production/rehearsals/20261102T030405006Z.json', at: at(2), record: { day: 2 } },
    ]);
    expect(await latestRecords(store, { ...folder, count: 9 })).toHaveLength(3);
    expect(await latestRecords(store, folder)).toMatchObject([{ record: { day: 3 } }]);
    expect(await latestRecords(store, { ...folder, count: 9, since: at(2) })).toMatchObject([
      { record: { day: 3 } },
      { record: { day: 2 } },
    ]);
    expect(await latestRecords(store, { ...folder, environment: 'staging' })).toEqual([]);
  });

  test('a record is written once', async () => {
    const store = await freshStore(server());
    const at = new Date('2026-11-20T18:00:00Z');
    await putRecord(store, { ...folder, at, record: { passed: false } });
    await expect(putRecord(store, { ...folder, at, record: { passed: true } })).rejects.toThrow(
      /already a record records\/production\/rehearsals\/20261120T180000000Z\.json.*FIX/,
    );
    expect(await latestRecords(store, folder)).toMatchObject([{ record: { passed: false } }]);
  });

  test('a published folder is whole, apart from earlier ones, and named last', async () => {
    const store = await freshStore(server());
    const directory = mkdtempSync(join(tmpdir(), 'publish-'));
    try {
      mkdirSync(join(directory, 'kit/10-namespaces'), { recursive: true });
      writeFileSync(join(directory, 'plan.md'), '# Plan\n');
      writeFileSync(join(directory, 'kit/10-namespaces/a.yaml'), 'kind: Namespace\n');
      const prefix = 'published/production/eu-west-3-1';
      const first = new Date('2026-11-20T18:00:00Z');
      expect(await publish(store, { directory, prefix, at: first })).toBe(2);
      rmSync(join(directory, 'kit'), { recursive: true });
      expect(await publish(store, { directory, prefix, at: new Date('2026-11-21T18:00:00Z') })).toBe(1);
      expect(await store.keys(prefix)).toEqual([
        `${prefix}/20261120T180000000Z/kit/10-namespaces/a.yaml`,
        `${prefix}/20261120T180000000Z/plan.md`,
        `${prefix}/20261121T180000000Z/plan.md`,
        `${prefix}/latest.json`,
      ]);
      expect(JSON.parse((await store.read(`${prefix}/latest.json`)) ?? '')).toEqual({
        folder: `${prefix}/20261121T180000000Z`,
        files: ['plan.md'],
      });
      expect(await store.read(`${prefix}/20261120T180000000Z/kit/10-namespaces/a.yaml`)).toBe(
        'kind: Namespace\n',
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('publishing nothing is a mistake', async () => {
    const store = await freshStore(server());
    await expect(publish(store, { directory: '/nonexistent', prefix: 'p' })).rejects.toThrow(
      /nothing to publish in \/nonexistent — FIX: run npm run synth/,
    );
  });
});
