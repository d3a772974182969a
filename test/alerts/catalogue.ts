import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  Alerting,
  type Catalogue,
  type ResolvedRule,
  type Rule,
  resolveRules,
  type Subject,
} from '../../constructs/alerts';
import { ownRules, sharedRules } from '../../constructs/alerts/declared';
import { recordFacts } from '../../constructs/alerts/fact';
import { runbookTemplate, testTemplate } from '../../constructs/alerts/files';
import { type PromtoolTest, ruleTests } from '../../constructs/alerts/rule-tests';
import { render } from '../../constructs/alerts/template';
import { mutants } from './mutants';
import { describeWithPromtool, passing, type RuleSuite, testRules } from './promtool';

export const ALERTING = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });

/** Mutants that one process tests. */
const BATCH = 50;

/** How many mutants of a catalogue its tests must notice. */
const NOTICED = 1;

/**
 * What holds for every catalogue: each alert has a runbook and hand-written tests, which pass, and which notice when
 * the rule is wrong.
 * @param subjects between them they have every alert
 */
export function describeCatalogue<S extends Subject>(catalogue: Catalogue<S>, subjects: readonly S[]): void {
  const groups = subjects.map((subject) => ({
    name: subject.name,
    directory: catalogue.directory,
    rules: resolveRules(catalogue, subject, ALERTING),
    definitions: new Map(catalogue.alerts.map((alert) => [alert.id, alert])),
  }));
  const rules = groups.flatMap(({ rules }) => rules);
  const testsOf = (rule: ResolvedRule) =>
    ruleTests({ ...(groups[0] as (typeof groups)[number]), rules: [rule] });

  describe(`the catalogue ${catalogue.name}`, () => {
    test('has every alert for one of the subjects, each id once', () => {
      const ids = catalogue.alerts.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect([...new Set(rules.map(({ id }) => id))].sort()).toEqual([...ids].sort());
    });

    test.each(catalogue.alerts.map(({ id, runbook = id }) => [id, runbook]))(
      '%s has tests and a runbook',
      (id, runbook) => {
        const rule = rules.find((one) => one.id === id) as ResolvedRule;
        const tests = testsOf(rule).flatMap((one) => one.promql_expr_test);
        // A watchdog is never quiet.
        if (rule.rule.labels['severity'] !== 'none')
          expect(tests.some(({ exp_samples }) => exp_samples.length === 0)).toBe(true);
        expect(tests.some(({ exp_samples }) => exp_samples.length > 0)).toBe(true);
        const text = render(runbookTemplate(catalogue.directory, runbook) ?? '', rule.variables);
        for (const heading of ['Symptoms', 'Diagnosis', 'Immediate actions', 'Recovery', 'Postmortem'])
          expect(text).toContain(`\n## ${heading}\n`);
      },
    );

    test('has no test and no runbook of an alert that is not there', () => {
      const files = (folder: string) => readdirSync(join(catalogue.directory, folder));
      expect(files('tests').sort()).toEqual(catalogue.alerts.map(({ id }) => `${id}.yaml`).sort());
      const runbooks = new Set(catalogue.alerts.map(({ id, runbook = id }) => `${runbook}.md`));
      expect(files('runbooks').sort()).toEqual([...runbooks].sort());
      for (const { id } of catalogue.alerts) expect(testTemplate(catalogue.directory, id)).toBeDefined();
    });
  });

  describeWithPromtool(`the rules of ${catalogue.name}, run by promtool`, () => {
    test('do what their tests say', async () => {
      const all = { ...(groups[0] as (typeof groups)[number]), rules };
      const suite = [...ownRules(all), ...sharedRules(all)];
      expect(await testRules({ rules: suite, tests: rules.flatMap(testsOf) })).toBe('');
    }, 300_000);

    test('are noticed when they are wrong', async () => {
      const distinct = [...new Map(rules.map((one) => [JSON.stringify(one.rule), one])).values()];
      const suites = await fast(distinct.flatMap((resolved) => split(resolved, testsOf(resolved))));
      const wrong = distinct.flatMap((resolved) =>
        mutants(resolved.rule).map(({ what, rule }) => ({
          name: `${resolved.id}: ${what}`,
          of: resolved,
          rule,
        })),
      );
      let missed = wrong;
      // What one suite has noticed no other has to.
      for (let round = 0; suites.some(({ number }) => number === round); round += 1) {
        const next = missed.flatMap((mutant) => {
          const suite = suites.find(({ number, of }) => of === mutant.of && number === round);
          return suite === undefined ? [] : [{ ...suite, mutant, rules: rulesOf(mutant.of, mutant.rule) }];
        });
        const passed = new Set((await inBatches(next)).map(({ mutant }) => mutant));
        const tested = new Set(next.map(({ mutant }) => mutant));
        missed = missed.filter((mutant) => passed.has(mutant) || !tested.has(mutant));
      }
      if (missed.length > (1 - NOTICED) * wrong.length)
        throw new Error(
          `${missed.length} of ${wrong.length} mutants were not noticed:\n${missed
            .map(({ name }) => name)
            .sort()
            .join('\n')}`,
        );
    }, 600_000);
  });
}

/** The tests of one rule whose series have samples equally often. */
interface SplitSuite extends RuleSuite {
  readonly of: ResolvedRule;
  /** Among those of the rule. */
  readonly number: number;
}

function split(of: ResolvedRule, tests: readonly PromtoolTest[]): SplitSuite[] {
  const intervals = [...new Set(tests.map(({ interval }) => interval))];
  return intervals.map((interval, number) => ({
    of,
    number,
    rules: rulesOf(of, of.rule),
    tests: tests.filter((test) => test.interval === interval),
    interval,
  }));
}

const rulesOf = ({ fact }: ResolvedRule, rule: Rule) => [...recordFacts([fact]), rule];

/**
 * Evaluated no more often than there are samples, where the rule as it is passes so, too: a test of two days does in a fifth
 * of the time what it does every minute.
 */
async function fast(suites: readonly SplitSuite[]): Promise<SplitSuite[]> {
  const passed = new Set(await inBatches(suites));
  return suites.map((suite) => (passed.has(suite) ? suite : { ...suite, interval: '1m' }));
}

async function inBatches<T extends RuleSuite>(suites: readonly T[]): Promise<T[]> {
  const passed: T[] = [];
  for (let from = 0; from < suites.length; from += BATCH)
    passed.push(...(await passing(suites.slice(from, from + BATCH))));
  return passed;
}
