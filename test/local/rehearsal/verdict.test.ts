import { type Evidence, judge } from '../../../local/rehearsal/verdict';

const SAME = { rows: 10, sum: '5' };
const KILLED = 1_000_000;

function evidence(different: Partial<Evidence>): Evidence {
  return {
    acknowledged: [1, 2, 3].map((id) => ({ id, at: KILLED - 100_000 + id * 1000 })),
    killedAt: KILLED,
    recovered: new Set([1, 2, 3]),
    archiveTimeoutSeconds: 30,
    pushSeconds: 10,
    ballast: { before: SAME, after: SAME },
    ...different,
  };
}

test('everything back: passed, nothing lost', () => {
  expect(judge(evidence({}))).toEqual({
    passed: true,
    reasons: [],
    rpoSeconds: 0,
    rowsLost: 0,
    rowsAcknowledged: 3,
  });
});

test('what was acknowledged within archive_timeout and push time may be lost, and is measured', () => {
  const acknowledged = [
    { id: 1, at: KILLED - 60_000 },
    { id: 2, at: KILLED - 39_900 },
    { id: 3, at: KILLED - 1000 },
  ];
  expect(judge(evidence({ acknowledged, recovered: new Set([1]) }))).toMatchObject({
    passed: true,
    rpoSeconds: 39.9,
    rowsLost: 2,
  });
});

test('an older one may not', () => {
  const acknowledged = [{ id: 7, at: KILLED - 40_100 }];
  const verdict = judge(evidence({ acknowledged, recovered: new Set() }));
  expect(verdict.passed).toBe(false);
  expect(verdict.reasons).toEqual([expect.stringMatching(/1 commits .* the oldest id 7/)]);
});

test('commits that were acknowledged while the cluster was being killed count into the loss', () => {
  const acknowledged = [
    { id: 1, at: KILLED - 10_000 },
    { id: 2, at: KILLED + 2000 },
  ];
  expect(judge(evidence({ acknowledged, recovered: new Set() })).rpoSeconds).toBe(12);
});

test.each([
  ['a missing row', { rows: 9, sum: '5' }],
  ['a changed row', { rows: 10, sum: '6' }],
])('%s of the loaded table fails it', (_name, after) => {
  expect(judge(evidence({ ballast: { before: SAME, after } }))).toMatchObject({
    passed: false,
    reasons: [expect.stringContaining('the loaded table differs')],
  });
});

test('a rehearsal in which nobody wrote proves nothing', () => {
  expect(judge(evidence({ acknowledged: [] })).passed).toBe(false);
});
