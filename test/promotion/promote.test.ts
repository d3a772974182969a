import { EnvironmentProblem } from '../../deploy/progress';
import { endOf } from '../../promotion/archive';
import { plan } from '../../promotion/promote';
import { render, type Standing } from '../../promotion/standing';

const standing = (pod: string, different: Partial<Standing> = {}): Standing => ({
  pod,
  role: 'replica',
  exists: true,
  superseded: false,
  timeline: 1,
  position: 100,
  streaming: true,
  lastReplay: null,
  words: '',
  ...different,
});
const primary = standing('orders-0', { role: 'primary', streaming: false, position: 120 });
const dead = standing('orders-0', { role: 'down', words: 'no route', position: 0 });
const refused = (all: readonly Standing[], pod?: string, acceptLoss = false) => {
  try {
    plan(all, { acceptLoss, ...(pod === undefined ? {} : { pod }) });
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentProblem);
    return (error as Error).message;
  }
  return 'nothing was refused';
};

test('the replica that is furthest is promoted unless another is named; a primary that answers is stopped first', () => {
  const all = [primary, standing('orders-1', { position: 90 }), standing('orders-2')];
  expect(plan(all, { acceptLoss: false })).toMatchObject({ target: { pod: 'orders-2' }, primary });
  // It is caught up before it is promoted.
  expect(plan(all, { acceptLoss: false, pod: 'orders-1' })).toMatchObject({ target: { pod: 'orders-1' } });
});

test('beside a dead primary nothing is promoted that has less than another, unless somebody accepts that', () => {
  const all = [dead, standing('orders-1', { position: 90 }), standing('orders-2')];
  expect(plan(all, { acceptLoss: false })).toMatchObject({
    target: { pod: 'orders-2' },
    primary: undefined,
    silent: [dead],
  });
  expect(refused(all, 'orders-1')).toMatch(/orders-2 has more than orders-1 — FIX: .*--accept-loss/);
  expect(plan(all, { acceptLoss: true, pod: 'orders-1' })).toMatchObject({ target: { pod: 'orders-1' } });
});

test.each<[string, readonly Standing[], string | undefined, RegExp]>([
  [
    'two primaries',
    [primary, { ...primary, pod: 'orders-1' }],
    undefined,
    /orders-0 and orders-1 both accept writes/,
  ],
  ['nobody', [dead, { ...dead, pod: 'orders-1' }], undefined, /no replica answers/],
  ['the primary', [primary, standing('orders-1')], 'orders-0', /orders-0 is the primary already/],
  ['a pod that is down', [primary, { ...dead, pod: 'orders-1' }], 'orders-1', /does not answer \(no route\)/],
  ['a pod that there is not', [primary, standing('orders-1')], 'orders-7', /there is no pod orders-7/],
])('%s cannot be promoted', (_, all, pod, message) => {
  expect(refused(all, pod)).toMatch(message);
});

test('a primary that was led away from does not count as one', () => {
  const all = [{ ...primary, superseded: true }, standing('orders-1')];
  expect(plan(all, { acceptLoss: false }).primary).toBeUndefined();
});

test('how they stand is told in one line each', () => {
  const replica = standing('orders-1', { position: 120 - 3 * 2 ** 20, lastReplay: '2026-05-04T03:02:01Z' });
  const lines = render([primary, replica, { ...dead, pod: 'orders-2' }]).split('\n');
  expect(lines[0]).toBe('orders-0  primary  timeline 1');
  expect(lines[1]).toMatch(
    /^orders-1 {2}replica .* streams {2}3\.00 MB behind {2}last transaction of 2026-05-04T03:02:01Z$/,
  );
  expect(lines[2]).toBe('orders-2  down  no route');
});

test('a segment ends where the next begins, over the border of a log file', () => {
  const size = 16 * 2 ** 20;
  expect(endOf('000000020000000000000001', size)).toBe(2 * size);
  expect(endOf('0000000200000000000000FF', size)).toBe(2 ** 32);
  expect(endOf('000000020000000100000000', size)).toBe(2 ** 32 + size);
});
