import { addCheck, addWarning, Construct, type Finding } from '../core';
import { type Asset, Recovery } from '../recovery';
import type { Alerting } from './alerting';
import { knownAlerts } from './declared';
import type { Catalogue, Subject } from './definition';
import { deliver } from './deliver';
import { runbookTemplate } from './files';
import { pendingFault, shortPending } from './pending';
import { promqlFault } from './promql';
import { type ResolvedRule, resolveRules } from './rule';

export interface AlertRulesProps<S extends Subject> {
  readonly alerting: Alerting;
  readonly catalogue: Catalogue<S>;
  readonly subject: S;
  /** What the alerts watch; the report names them. @default - nothing that holds state */
  readonly asset?: Asset;
}

/** The alerts of a catalogue for one subject: a PrometheusRule, and their part of rules, tests and runbooks. */
export class AlertRules<S extends Subject> extends Construct {
  readonly rules: readonly ResolvedRule[];

  constructor(scope: Construct, id: string, props: AlertRulesProps<S>) {
    super(scope, id);
    const { alerting, asset, catalogue, subject } = props;
    this.rules = resolveRules(catalogue, subject, alerting);
    if (asset !== undefined)
      for (const [alert, runbook] of new Map(this.rules.map(({ id, runbook }) => [id, runbook])))
        Recovery.of(this).watches(asset, { alert, runbook });
    addCheck(this, () => [
      ...alerting.faults(),
      ...unknownOverrides(alerting, knownAlerts(this)),
      ...this.rules.flatMap((rule) => [
        ...unparsable(rule),
        ...pendingFault(rule.id, rule.rule),
        ...missingRunbook(rule, catalogue),
      ]),
    ]);
    addWarning(this, () =>
      this.rules.flatMap(({ id, rule }) =>
        shortPending(id, rule, alerting, catalogue.alerts.find((alert) => alert.id === id)?.for),
      ),
    );
    deliver(
      this,
      alerting,
      {
        name: `${catalogue.name}/${subject.namespace}/${subject.name}`,
        directory: catalogue.directory,
        rules: this.rules,
        definitions: new Map(catalogue.alerts.map((alert) => [alert.id, alert])),
      },
      { name: `${subject.name}-${catalogue.name}`, namespace: subject.namespace },
    );
  }
}

/** PromQL that cannot be read. */
export function unparsable({ id, foreign, rule }: ResolvedRule): Finding[] {
  // The catalogue's own expressions are parsed, and run, by its tests.
  const fault = foreign ? promqlFault(rule.expr) : undefined;
  if (fault === undefined) return [];
  return [
    {
      rule: 'alerts/promql',
      message: `the expression of ${id} is ${JSON.stringify(rule.expr)}; ${fault}`,
      fix: 'correct it: promtool or the expression browser of any Prometheus tells more',
    },
  ];
}

function missingRunbook<S extends Subject>({ id }: ResolvedRule, catalogue: Catalogue<S>): Finding[] {
  const { runbook = id } = catalogue.alerts.find((alert) => alert.id === id) ?? {};
  if (runbookTemplate(catalogue.directory, runbook) !== undefined) return [];
  return [
    {
      rule: 'alerts/runbook',
      message: `${id} has no runbook: ${catalogue.directory}/runbooks/${runbook}.md is not there`,
      fix: 'write it: who is woken by an alert must be told what to do',
    },
  ];
}

function unknownOverrides(alerting: Alerting, known: ReadonlySet<string>): Finding[] {
  return Object.keys(alerting.overrides)
    .filter((id) => !known.has(id))
    .map((id) => ({
      rule: 'alerts/unknown-override',
      message: `overrides has "${id}", which is no alert of a catalogue that this environment uses`,
      fix: `one of ${[...known].sort().join(', ')}`,
    }));
}
