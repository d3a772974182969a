import { parseTarget } from '../../clone/instant';
import { checkTarget, parseHistory, recoverableWindow } from '../../clone/window';

const at = (text: string): number => Date.parse(text) / 1000;
const backup = (label: string, stop: string, timeline: number) => ({
  label,
  timestamp: { start: at(stop) - 60, stop: at(stop) },
  archive: { start: null, stop: `${timeline.toString(16).toUpperCase().padStart(8, '0')}0000000000000003` },
});
const info = {
  status: { code: 0, message: 'ok' },
  backup: [
    backup('20260501-020000F', '2026-05-01T02:01:00Z', 1),
    backup('20260502-020000F', '2026-05-02T02:01:00Z', 12),
  ],
};
const now = new Date('2026-05-03T00:00:00Z');

test('a window begins when the oldest usable backup has ended', () => {
  expect(recoverableWindow('orders', info, '12').from.toISOString()).toBe('2026-05-01T02:01:01.000Z');
});

test('backups of a later timeline serve no earlier one', () => {
  expect(recoverableWindow('orders', info, '11').newest).toBe('20260501-020000F');
  expect(recoverableWindow('orders', info, '13').newest).toBe('20260502-020000F');
});

test('a backup of an earlier timeline counts up to where that one was left', () => {
  const onFirst = (lsn: string) => ({
    ...info,
    backup: [{ ...backup('20260501-020000F', '2026-05-01T02:01:00Z', 1), lsn: { start: '0/1', stop: lsn } }],
  });
  const history = parseHistory(
    '1\t1/A0000000\tbefore 2026-05-01 12:00:00+00\n\n2\t2/0\tno recovery target specified\n',
  );
  expect(history).toEqual([
    { timeline: 1, leftAt: 0x1_a000_0000n },
    { timeline: 2, leftAt: 0x2_0000_0000n },
  ]);
  expect(recoverableWindow('orders', onFirst('1/A0000000'), '3', history).newest).toBe('20260501-020000F');
  expect(() => recoverableWindow('orders', onFirst('1/A0000001'), '3', history)).toThrow(
    /no backup on timeline 3/,
  );
  // Timeline 12 is a stranger to it, though its number is lower.
  expect(() => recoverableWindow('orders', { ...info, backup: info.backup.slice(1) }, '13', history)).toThrow(
    /no backup on timeline 13/,
  );
});

test('without a backup there is nothing to restore', () => {
  const none = { status: { code: 2, message: 'no valid backups' }, backup: [] };
  expect(() => recoverableWindow('orders', none, '1')).toThrow(
    /no backup to restore from .*no valid backups.* — FIX: /,
  );
  const later = { ...info, backup: info.backup.slice(1) };
  expect(() => recoverableWindow('orders', later, '3')).toThrow(/no backup on timeline 3 or before it/);
});

test('a target outside it is refused, and the window is told', () => {
  const window = recoverableWindow('orders', info, '12');
  const check = (text: string) => () => checkTarget('orders', parseTarget(text), window, now);
  expect(check('2026-05-01T02:01:00Z')).toThrow(
    /before the end of the oldest backup.* — FIX: orders can be restored to any instant from 2026-05-01T02:01:01.000Z to now/,
  );
  expect(check('2026-05-03T00:00:01Z')).toThrow(
    /is in the future; it is 2026-05-03T00:00:00.000Z now — FIX: /,
  );
  expect(check('2026-05-01T02:01:01Z')).not.toThrow();
  expect(check('latest')).not.toThrow();
});
