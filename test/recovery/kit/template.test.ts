import fc from 'fast-check';
import { literal } from '../../../constructs/core';
import { parseReference, parseTemplate } from '../../../constructs/recovery/kit/template';

// The right column is what Terraform 1.11 prints for an output with the left one.
test.each([
  ['$${x}', ['${x}']],
  ['$$${x}', ['$${x}']],
  ['$$$${x}', ['$$${x}']],
  ['%%{x} %%%{y}', ['%{x} %%{y}']],
  ['$ $$ % %% {x} $x', ['$ $$ % %% {x} $x']],
  ['a${b}c', ['a', { expression: 'b' }, 'c']],
  ['${a["}"]}', [{ expression: 'a["}"]' }]],
  ['${ {a = "\\"}"}.a }!', [{ expression: '{a = "\\"}"}.a' }, '!']],
  ['%{ if x }y%{ endif }', [{ directive: 'if x' }, 'y', { directive: 'endif' }]],
  ['', ['']],
])('%j is read as Terraform reads it', (text, parts) => {
  expect(parseTemplate(text)).toEqual(parts);
});

test('whatever core escapes comes out as it went in', () => {
  const shell = fc.stringMatching(/^[$%{}"\\a\n é-]*$/);
  fc.assert(
    fc.property(fc.oneof(shell, fc.string({ unit: 'binary' })), (text) => {
      expect(parseTemplate(literal(text)).join('')).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['var.x', ['var', 'x']],
  [
    'kubernetes_namespace_v1.a-b_1.metadata[0].name',
    ['kubernetes_namespace_v1', 'a-b_1', 'metadata', 0, 'name'],
  ],
  ['a.b.0.c', ['a', 'b', 0, 'c']],
  ['a.b["x.y"]', ['a', 'b', 'x.y']],
])('%s is a reference', (text, steps) => {
  expect(parseReference(text)).toEqual(steps);
});

test.each(['a + b', 'lower(var.x)', 'a.b[*].c', 'a.b[var.x]', 'a ? b : c', '1', ''])(
  '%s is more than a reference',
  (text) => {
    expect(parseReference(text)).toBeUndefined();
  },
);
