import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  Alerting,
  type Catalogue,
  type ResolvedRule,
  resolveRules,
  type Subject,
} from '../../constructs/alerts';
import { ownRules, sharedRules } from '../../constructs/alerts/declared';
import { recordFacts } from '../../constructs/alerts/fact';
import { runbookTemplate, testTemplate } from '../../constructs/alerts/files';
import { ruleTests } from '../../constructs/alerts/rule-tests';
import { render } from '../../constructs/alerts/template';
import { mutants } from './mutants';
import { describeWithPromtool, passing, testRules } from './promtool';

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
      const distinct = new Map(rules.map((resolved) => [JSON.stringify(resolved.rule), resolved]));
      const wrong = [...distinct.values()].flatMap((resolved) =>
        mutants(resolved.rule).map(({ what, rule }) => ({
          name: `${resolved.id}: ${what}`,
          rules: [...recordFacts([resolved.fact]), rule],
          tests: testsOf(resolved),
        })),
      );
      const missed: string[] = [];
      for (let from = 0; from < wrong.length; from += BATCH)
        missed.push(...(await passing(wrong.slice(from, from + BATCH))).map(({ name }) => name));
      if (missed.length > (1 - NOTICED) * wrong.length)
        throw new Error(
          `${missed.length} of ${wrong.length} mutants were not noticed:\n${missed.sort().join('\n')}`,
        );
    }, 600_000);
  });
}
