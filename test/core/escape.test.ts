import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { App, TerraformOutput, TerraformStack, Testing, Token } from '../../constructs/core';
import { literal } from '../../constructs/core/escape';

/** Text made of what is special, so that every order of it comes up. */
const tricky = fc.string({
  unit: fc.oneof(
    fc.constantFrom('$', '%', '{', '}', '"', '\\', '${', '%{', '$${', 'a', '\n', '~'),
    fc.string(),
  ),
  maxLength: 12,
});

/** What Terraform does to a string without interpolations: `$${` and `%%{` are `${` and `%{`. */
function asTerraformReads(text: string): string {
  if (/(?<!\$)\$\{|(?<!%)%\{/.test(text)) throw new Error(`Terraform would read a template in ${text}`);
  return text.replaceAll('$${', '${').replaceAll('%%{', '%{');
}

test.each([
  ['${PGDATA}', '$${PGDATA}'],
  ['%{http_code}', '%%{http_code}'],
  ['echo $1 100% {}', 'echo $1 100% {}'],
  ['$${PGDATA}', '$$${PGDATA}'],
  ['{{ $labels.x }}', '{{ $labels.x }}'],
])('%s becomes %s', (text, escaped) => expect(literal(text)).toBe(escaped));

test('what Terraform makes of it is the text itself', () => {
  fc.assert(fc.property(tricky, (text) => expect(asTerraformReads(literal(text))).toBe(text)));
});

test('it is not idempotent: a text that looks escaped is a text as well', () => {
  expect(literal(literal('${a}'))).toBe('$$${a}');
  expect(asTerraformReads(literal('$${a}'))).toBe('$${a}');
});

test('tokens resolve, between any texts', () => {
  fc.assert(
    fc.property(tricky, tricky, (before, after) => {
      const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'escape-')) });
      try {
        const stack = new TerraformStack(app, 's');
        const token = Token.asString({ resolve: () => 'VALUE' });
        const value = literal(`${before}${token}${after}`);
        new TerraformOutput(stack, 'o', { value });
        const synthesised = JSON.parse(Testing.synth(stack)).output.o.value as string;
        expect(
          synthesised
            .replace(/\$\{"(\$+)"\}VALUE/, '$1VALUE')
            .split('VALUE')
            .map(asTerraformReads),
        ).toEqual([before, after]);
      } finally {
        rmSync(app.outdir, { recursive: true });
      }
    }),
    { numRuns: 100 },
  );
});

const terraform = spawnSync('terraform', ['version'], { stdio: 'ignore' }).status === 0;

// Terraform itself, in one plan without providers: nothing is read from any network.
(terraform ? test : test.skip)(
  'Terraform gives back the text itself',
  () => {
    const texts = fc.sample(tricky, { numRuns: 300, seed: 20261120 });
    const dollars = ['$', 'costs $', '$$', 'a$$$', '%', '${a}$'];
    const output = Object.fromEntries([
      ...texts.map((text, i) => [`t${i}`, { value: literal(text) }]),
      // In place of a token stands what a token resolves to: a reference.
      ...dollars.map((text, i) => [
        `d${i}`,
        {
          value: literal(`${text}\${TfToken[TOKEN.0]}`).replace(
            /\$\{TfToken\[TOKEN\.0\]\}/,
            '${local.value}',
          ),
        },
      ]),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'escape-'));
    try {
      writeFileSync(join(folder, 'main.tf.json'), JSON.stringify({ locals: { value: 'VALUE' }, output }));
      const run = (...args: string[]): string =>
        execFileSync('terraform', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      run('plan', '-input=false', '-out=plan');
      const outputs = JSON.parse(run('show', '-json', 'plan')).planned_values.outputs;
      const read = (name: string): string => outputs[name].value;
      expect(texts.map((_, i) => read(`t${i}`))).toEqual(texts);
      expect(dollars.map((_, i) => read(`d${i}`))).toEqual(dollars.map((text) => `${text}VALUE`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
