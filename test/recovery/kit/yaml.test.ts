import fc from 'fast-check';
import { parse } from 'yaml';
import { toYaml } from '../../../constructs/recovery/kit/yaml';

// `yaml` reads documents of YAML 1.1, as Kubernetes does, and of 1.2.
function expectRoundTrip(value: object): void {
  const text = toYaml(value);
  for (const version of ['1.1', '1.2'] as const) expect(parse(text, { version })).toEqual(value);
}

test.each([
  'yes',
  'No',
  'off',
  'null',
  '~',
  '1',
  '1e3',
  '0x10',
  '0o7',
  '12:30:45',
  '2024-01-01',
  '.5',
  'a: b',
  'a #b',
  '- a',
  '--- ',
  '---',
  '--flag',
  '-x',
  '=',
  '<<',
  '!tag',
  '&a',
  '*a',
  '@a',
  '`a`',
  '%a',
  'a:',
  ':a',
  'http://a.example.com:80/b?c=d&e',
  'k8s.io/x@sha256:abc',
  '',
  ' ',
  ' a',
  'a ',
  '\n',
  '\n\n',
  'a\n',
  'a\n\n',
  'a\nb',
  'a\n  b\n',
  '  a\nb\n',
  'a\n \n',
  'a\n \nb\n',
  'a\tb\n\tc\n',
  'a\r\nb\n',
  'it\'s\n"q"\\\n',
  'é ü 漢字 😀\nx\n',
  '\u0000\u0007\u001b\u007f\u0085\u00a0\u2028\u2029\ufeff\ue000\ue001',
  '# a\n# b\n',
  '@{{text:x}}',
])('%j survives', (text) => {
  expectRoundTrip({ text, list: [text, [text]], [text]: { deep: { text } } });
});

test('whatever a manifest holds is read back', () => {
  const text = fc
    .oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ \t\na:#"'-]*$/))
    .filter((one) => !/\p{Surrogate}/u.test(one));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        tie('tree'),
        { maxKeys: 4 },
      ),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), tree, { maxKeys: 5 }), (value) => {
      expectRoundTrip({ ...value });
    }),
    { numRuns: 1000 },
  );
});

test('half a character is replaced, as every encoder would', () => {
  expect(parse(toYaml({ a: 'x\ud800y' }))).toEqual({ a: 'x\ufffdy' });
});
