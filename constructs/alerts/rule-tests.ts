import { packages } from '../bindings/packages';
import type { DeclaredGroup } from './declared';
import type { Variables } from './definition';
import { testTemplate } from './files';
import type { ResolvedRule, Rule } from './rule';
import { render } from './template';

/** A hand-written test of an alert, `tests/<id>.yaml`: a list of these, rendered with the subject's values. */
interface WrittenTest {
  /** What happens: `the exporter says that the server is down`. */
  readonly name: string;
  /** @default 1m; never above 5m, after which Prometheus takes a series for gone */
  readonly interval?: string;
  /** By series: values in promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  /** When it must not fire: `[4m]`. */
  readonly quiet?: readonly string[];
  /** When it must fire, with `labels`. */
  readonly fires?: readonly string[];
  /** Every label of the firing alert but alertname, as literals: severity, category, priority, responsible, namespace, … */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A test as promtool reads it. */
export interface PromtoolTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly promql_expr_test: readonly {
    readonly expr: string;
    readonly eval_time: string;
    readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
  }[];
}

/**
 * The tests of all groups. Rules that differ in the names of their subjects alone have those of the first: three hundred
 * databases would only repeat them.
 */
export function distinctTests(groups: readonly DeclaredGroup[]): PromtoolTest[] {
  const seen = new Set<string>();
  const isNew = (group: DeclaredGroup, rule: ResolvedRule): boolean => {
    const shape = JSON.stringify([group.directory, rule.id, shapeOf(rule)]);
    if (seen.has(shape)) return false;
    seen.add(shape);
    return true;
  };
  return groups.flatMap((group) =>
    ruleTests({ ...group, rules: group.rules.filter((rule) => isNew(group, rule)) }),
  );
}

/** What one rule does for all subjects is tested once, too. */
function shapeOf({ fact, rule, variables }: ResolvedRule): string {
  const text = JSON.stringify([rule.expr, rule.for, rule.labels]);
  if (fact !== undefined) return text;
  return [variables['name'], variables['namespace']].reduce<string>(
    (shape, name) => shape.replaceAll(`${name}`, '…'),
    text,
  );
}

/** The tests of a group's rules, with its own names and thresholds. */
export function ruleTests({ directory, rules }: DeclaredGroup): PromtoolTest[] {
  if (directory === undefined) return [];
  return rules.flatMap((rule) => (rule.tested ? testsOf(rule, directory) : []));
}

function testsOf({ id, labels, rule, variables }: ResolvedRule, directory: string): PromtoolTest[] {
  const template = testTemplate(directory, id);
  if (template === undefined) return [];
  // Series that tests have in common are merged (`<<`).
  const written = packages.yaml.parse(render(template, variables), { merge: true }) as WrittenTest[];
  const changed = variables['changedLabels'] as Record<string, string>;
  return written.map((test) => instantiate(test, id, rule.alert, labels, changed, variables));
}

function instantiate(
  { name, interval = '1m', series, quiet = [], fires = [], labels = {} }: WrittenTest,
  id: string,
  alert: string,
  ruleLabels: Readonly<Record<string, string>>,
  changed: Readonly<Record<string, string>>,
  variables: Variables,
): PromtoolTest {
  // Of this rule alone: another case, or another tier, may fire from the same series.
  const expr = firingSelector({ alert, labels: ruleLabels });
  // YAML reads 0x60 as a number, and the series would have one sample.
  for (const [one, values] of Object.entries(series))
    if (typeof values !== 'string')
      throw new Error(`${id}, "${name}": the values of ${one} are no text — FIX: put them into quotes`);
  const expected = selector({ ...labels, alertname: alert, alertstate: 'firing', ...changed });
  return {
    name: `${id} of ${variables['namespace']}/${variables['name']}: ${name}`,
    interval,
    input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      ...quiet.map((eval_time) => ({ expr, eval_time, exp_samples: [] })),
      ...fires.map((eval_time) => ({ expr, eval_time, exp_samples: [{ labels: expected, value: 1 }] })),
    ],
  };
}

/** What tells whether a rule fires. */
export function firingSelector({ alert, labels }: Pick<Rule, 'alert' | 'labels'>): string {
  return selector({ alertname: alert, alertstate: 'firing', ...labels });
}

function selector(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels)
    .filter(([name]) => name !== '')
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `ALERTS{${matchers.join(',')}}`;
}
