import { listRuns, renderRun } from '../../mirror/runs';

const record = {
  id: '20260504T020000Z',
  startedAt: '2026-05-04T02:00:00Z',
  finishedAt: '2026-05-04T02:01:00Z',
  seconds: 60,
  objects: 5,
  bytes: 3 * 1_048_576,
  copied: { objects: 2, bytes: 1_048_576 },
  replaced: 1,
  removed: 3,
  repaired: 0,
  versions: 4,
  check: { readBack: 1, changedMeanwhile: 0, differences: 0, differing: [] },
};

function storeOf(objects: Readonly<Record<string, string>>) {
  return {
    read: async (key: string) => objects[key],
    keys: async (prefix: string) => Object.keys(objects).filter((key) => key.startsWith(prefix)),
    write: async () => undefined,
    writeNew: async () => true,
  };
}

test('runs are listed oldest first; what was interrupted, or is damaged, says so', async () => {
  const at = 'production/mirrors/uploads/runs';
  const runs = await listRuns(
    storeOf({
      [`${at}/20260505T020000Z/plan.gz`]: '',
      [`${at}/20260504T020000Z/plan.gz`]: '',
      [`${at}/20260504T020000Z/record.json`]: JSON.stringify(record),
      [`${at}/20260506T020000Z/record.json`]: '{"id":',
    }),
    'production/mirrors/uploads',
  );
  expect(runs.map(({ id, record: one }) => [id, one?.objects])).toEqual([
    ['20260504T020000Z', 5],
    ['20260505T020000Z', undefined],
    ['20260506T020000Z', undefined],
  ]);
  expect(runs.map(renderRun)).toEqual([
    '2026-05-04T02:01:00Z  5 objects (3.0 MB): 2 copied (1.0 MB), 1 replaced, 3 gone',
    expect.stringMatching(/^20260505T020000Z {2}interrupted/),
    expect.stringMatching(/^20260506T020000Z {2}interrupted/),
  ]);
  const differing = { ...record, check: { ...record.check, differences: 1, differing: ['a/b'] } };
  expect(renderRun({ id: record.id, record: differing })).toContain('; 1 DIFFERED: a/b');
});
