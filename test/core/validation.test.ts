import {
  App,
  addCheck,
  addWarning,
  Construct,
  collectFaults,
  collectWarnings,
  EnvironmentStack,
  FaultsError,
  formatWarnings,
} from '../../constructs/core';

function tree() {
  const app = new App({ stackTraces: false, skipValidation: false });
  const first = new EnvironmentStack(app, { environment: 'a', layer: 'platform' });
  const second = new EnvironmentStack(app, { environment: 'b', layer: 'platform' });
  return { app, one: new Construct(first, 'one'), two: new Construct(second, 'two') };
}

const finding = (rule: string) => ({ rule, message: `${rule} is wrong`, fix: `mend ${rule}` });

describe('collectFaults', () => {
  test('gathers the faults of every stack, in one go, each with the path of its construct', () => {
    const { app, one, two } = tree();
    addCheck(one, () => [finding('x'), finding('y')]);
    addCheck(two, () => [finding('z')]);
    expect(collectFaults(app)).toEqual([
      { ...finding('x'), path: 'a-platform/one' },
      { ...finding('y'), path: 'a-platform/one' },
      { ...finding('z'), path: 'b-platform/two' },
    ]);
  });

  test('includes what other constructs report by the framework alone', () => {
    const { app, one } = tree();
    one.node.addValidation({ validate: () => ['not by us'] });
    expect(collectFaults(app)).toEqual([
      expect.objectContaining({ rule: 'framework', path: 'a-platform/one', message: 'not by us' }),
    ]);
  });

  test('a check that throws is a fault and hides no other', () => {
    const { app, one } = tree();
    addCheck(one, () => {
      throw new Error('boom');
    });
    addCheck(one, () => [finding('x')]);
    const faults = collectFaults(app);
    expect(faults.map(({ rule }) => rule)).toEqual(['check-failed', 'x']);
    expect(faults[0]?.message).toContain('boom');
  });

  test('a tree without faults has none', () => {
    expect(collectFaults(tree().app)).toEqual([]);
  });
});

describe('collectWarnings', () => {
  test('gathers the warnings of a tree, which are no faults', () => {
    const { app, one, two } = tree();
    addWarning(one, () => [finding('x')]);
    addWarning(two, () => [finding('y')]);
    expect(collectFaults(app)).toEqual([]);
    expect(collectWarnings(app)).toEqual([
      { ...finding('x'), path: 'a-platform/one' },
      { ...finding('y'), path: 'b-platform/two' },
    ]);
    expect(collectWarnings(two)).toEqual([{ ...finding('y'), path: 'b-platform/two' }]);
    expect(() => app.synth()).not.toThrow();
  });

  test('one that throws is told as such', () => {
    const { app, one } = tree();
    addWarning(one, () => {
      throw new Error('boom');
    });
    expect(collectWarnings(app)).toEqual([expect.objectContaining({ rule: 'check-failed' })]);
  });

  test('are told once where they are the same', () => {
    expect(formatWarnings([])).toBe('');
    const same = (path: string) => ({ ...finding('x'), path });
    expect(
      formatWarnings([same('a/one'), same('a/two'), { ...finding('y'), path: 'a/two' }, same('b')]),
    ).toBe(
      [
        '2 warnings:',
        '  - a/one and 2 more: x is wrong [x]',
        '    fix: mend x',
        '  - a/two: y is wrong [y]',
        '    fix: mend y',
      ].join('\n'),
    );
  });
});

test('an application that never calls collectFaults is refused by the framework', () => {
  const { app, one } = tree();
  addCheck(one, () => [finding('x')]);
  expect(() => app.synth()).toThrow(/x is wrong/);
});

test('the error lists every fault with path, rule and fix', () => {
  const error = new FaultsError([
    { ...finding('x'), path: 'a/one' },
    { ...finding('y'), path: 'a/two' },
  ]);
  expect(error.message).toBe(
    [
      '2 faults, nothing was written:',
      '  - a/one: x is wrong [x]',
      '    fix: mend x',
      '  - a/two: y is wrong [y]',
      '    fix: mend y',
    ].join('\n'),
  );
});
