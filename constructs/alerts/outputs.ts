import { packages } from '../bindings/packages';
import { type DeclaredGroup, ownRules, sharedGroupName, sharedRules } from './declared';
import { runbookTemplate } from './files';
import { distinctTests } from './rule-tests';
import { render } from './template';

/**
 * `rules.yaml` (Prometheus' form), `rules.test.yaml` (promtool's) and `runbooks/`, by file name.
 */
export function alertFiles(groups: readonly DeclaredGroup[]): Record<string, string> {
  const rules = groups.filter((group) => group.rules.length > 0);
  const index = rules.flatMap(({ rules }) =>
    rules.map(
      ({ labels, rule, runbook }) =>
        `| ${labels['namespace']} | ${rule.alert} | ${labels['severity']} | [${runbook}](${runbook}) |`,
    ),
  );
  const all = [
    ...rules.map((group) => ({ name: group.name, rules: ownRules(group) })),
    ...sharedGroups(rules),
  ];
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  return {
    'rules.yaml': packages.yaml.stringify({ groups: all }, options),
    'rules.test.yaml': packages.yaml.stringify(
      {
        rule_files: ['rules.yaml'],
        evaluation_interval: '1m',
        // Facts first: Prometheus has them all the time, a test begins with nothing.
        group_eval_order: all.map(({ name }) => name),
        tests: distinctTests(rules),
      },
      options,
    ),
    'runbooks/README.md': `# Runbooks\n\n| namespace | alert | severity | runbook |\n| --- | --- | --- | --- |\n${[...new Set(index)].join('\n')}\n`,
    ...Object.fromEntries(rules.flatMap(runbooks)),
  };
}

/** Rules of all subjects of a namespace, each once; after what they join. */
function sharedGroups(groups: readonly DeclaredGroup[]): { name: string; rules: object[] }[] {
  const shared = new Map<string, Map<string, object>>();
  for (const group of groups) {
    const name = sharedGroupName(group);
    for (const rule of sharedRules(group)) {
      const rules = shared.get(name) ?? new Map<string, object>();
      shared.set(name, rules.set(JSON.stringify(rule), rule));
    }
  }
  return [...shared].map(([name, rules]) => ({ name, rules: [...rules.values()] }));
}

function runbooks({ definitions, directory, rules, runbooks }: DeclaredGroup): [string, string][] {
  const seen = new Map<string, string>(runbooks);
  if (directory === undefined) return [...seen].map(([file, text]) => [`runbooks/${file}`, text]);
  for (const { id, runbook, variables } of rules) {
    if (seen.has(runbook)) continue;
    const template = runbookTemplate(directory, definitions.get(id)?.runbook ?? id) ?? '';
    seen.set(runbook, render(template, variables));
  }
  return [...seen].map(([file, text]) => [`runbooks/${file}`, text]);
}
