import { parse } from 'yaml';
import { Alerting, type AlertingProps, type Rule } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import type { EnvironmentStack } from '../../constructs/core';
import { Template } from '../helpers/template';

/** What a platform's declaration comes to. */
export interface Declared {
  readonly template: Template;
  /** `rules.yaml`, `rules.test.yaml` and `runbooks/…`, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** The one alert of this name that has these labels. */
  readonly alert: (name: string, labels?: Readonly<Record<string, string>>) => Rule;
  /** The runbook that an alert leads to. */
  readonly runbookOf: (rule: Rule) => string;
}

export function declared(
  declare: (stack: EnvironmentStack, alerting: Alerting) => void,
  how: Partial<AlertingProps> = {},
): Declared {
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', ...how });
  let files: Record<string, string> = {};
  const template = Template.of((stack) => {
    declare(stack, alerting);
    files = alertFiles(declaredGroups(stack));
  });
  const { groups } = parse(files['rules.yaml'] ?? '') as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap(({ rules }) => rules);
  return {
    template,
    files,
    alert: (name, labels = {}) => {
      const found = rules.filter(
        (rule) =>
          rule.alert === name &&
          Object.entries(labels).every(([label, value]) => rule.labels[label] === value),
      );
      if (found.length !== 1 || found[0] === undefined)
        throw new Error(`${found.length} alerts are ${name} ${JSON.stringify(labels)}`);
      return found[0];
    },
    runbookOf: ({ annotations }) => {
      const name = annotations['runbook_url']?.split('/').at(-1) ?? '';
      // Rules of several subjects name the one that it is about by its label.
      const pattern = new RegExp(`^runbooks/${name.replaceAll(/\{\{[^}]*\}\}/g, '[a-z0-9-]+')}$`);
      const [found, ...others] = Object.keys(files).filter((file) => pattern.test(file));
      if (found === undefined || others.length > 0) throw new Error(`no runbook, or several: ${name}`);
      return files[found] ?? '';
    },
  };
}
