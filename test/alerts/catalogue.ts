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
import { recordFacts } from '../../constructs/alerts/fact';
import { runbookTemplate, testTemplate } from '../../constructs/alerts/files';
import { ruleTests } from '../../constructs/alerts/rule-tests';
import { render } from '../../constructs/alerts/template';
import { mutants } from './mutants';
import { byInterval, describeWithPromtool, passing, testRules } from './promtool';

export const ALERTING = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });

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
    // Each with its own rule alone: promtool evaluates every rule of a file for every test in it.
    test('do what their tests say', async () => {
      const suites = rules
        .map((resolved) => ({ rules: rulesOf(resolved, resolved.rule), tests: testsOf(resolved) }))
        .filter(({ tests }) => tests.length > 0);
      expect(suites.length).toBeGreaterThan(0);
      const passed = new Set(await passing(suites));
      const said: string[] = [];
      for (const suite of suites) if (!passed.has(suite)) said.push(await testRules(suite));
      expect(said).toEqual([]);
    }, 300_000);

    test('are noticed when they are wrong', async () => {
      const distinct = [...new Map(rules.map((one) => [JSON.stringify(one.rule), one])).values()];
      const split = distinct.flatMap((of) =>
        byInterval({ of, rules: rulesOf(of, of.rule), tests: testsOf(of) }).map((suite, number) => ({
          ...suite,
          number,
        })),
      );
      const passed = new Set(await passing(split));
      const suites = split.map((suite) => (passed.has(suite) ? suite : { ...suite, interval: '1m' }));
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
        const alive = new Set((await passing(next)).map(({ mutant }) => mutant));
        const tested = new Set(next.map(({ mutant }) => mutant));
        missed = missed.filter((mutant) => alive.has(mutant) || !tested.has(mutant));
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

const rulesOf = ({ fact }: ResolvedRule, rule: Rule) => [...recordFacts([fact]), rule];
