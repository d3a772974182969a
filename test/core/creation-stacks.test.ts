import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { App, TerraformStack, withoutCreationStacks } from '../../constructs/core';

const declare = (): readonly string[] => {
  const stack = new TerraformStack(new App(), 'stack');
  const { metadata } = new ConfigMapV1(stack, 'map', { metadata: { name: 'map' } });
  return metadata.creationStack;
};

test('the framework takes no trace inside, and takes them again after', () => {
  expect(withoutCreationStacks(declare)).toEqual([]);
  expect(declare().length).toBeGreaterThan(1);
});

test('CREATION_STACKS=true keeps them', () => {
  process.env['CREATION_STACKS'] = 'true';
  try {
    expect(withoutCreationStacks(declare).length).toBeGreaterThan(1);
  } finally {
    delete process.env['CREATION_STACKS'];
  }
});

test('an error has its own trace, and puts everything back', () => {
  const fail = (): never => {
    throw new Error('of the declaration');
  };
  let trace = '';
  try {
    withoutCreationStacks(fail);
  } catch (error) {
    trace = (error as Error).stack ?? '';
  }
  expect(trace).toContain('creation-stacks.test');
  expect(declare().length).toBeGreaterThan(1);
});
