import type { Rule } from '../../constructs/alerts';
import type { PromtoolTest } from '../../constructs/alerts/rule-tests';
import { describeWithPromtool, passing, testRules } from './promtool';

const rule = (expr: string): Rule => ({ alert: 'A', expr, for: '0m', labels: {}, annotations: {} });
const tests: PromtoolTest[] = [
  {
    name: 'fires',
    interval: '1m',
    input_series: [{ series: 'x', values: '1x9' }],
    promql_expr_test: [
      {
        expr: 'ALERTS{alertstate="firing"}',
        eval_time: '5m',
        exp_samples: [{ labels: 'ALERTS{alertname="A",alertstate="firing"}', value: 1 }],
      },
    ],
  },
];
const suite = (name: string, expr: string) => ({ name, rules: [rule(expr)], tests });

describeWithPromtool('of many suites in one process', () => {
  test('those that pass are told from those that fail', async () => {
    const suites = [
      suite('fails', 'x > 1'),
      suite('passes', 'x > 0'),
      suite('is no rule', 'x >'),
      suite('fails again', 'x == 2'),
      suite('passes again', 'x == 1'),
    ];
    expect((await passing(suites)).map(({ name }) => name)).toEqual(['passes', 'passes again']);
  });

  test('and so it is of one', async () => {
    expect(await testRules(suite('passes', 'x > 0'))).toBe('');
    expect(await testRules(suite('fails', 'x > 1'))).toContain('FAILED');
  });
});
