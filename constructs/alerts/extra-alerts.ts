import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { addCheck, addWarning, Construct, type Duration, type Finding } from '../core';
import { unparsable } from './alert-rules';
import type { Alerting } from './alerting';
import { declaredGroups } from './declared';
import type { Category, Priority, Severity } from './definition';
import { deliver } from './deliver';
import { pendingFault, shortPending } from './pending';
import { prometheusDuration, type ResolvedRule, type Rule } from './rule';

/** A rule that a team writes itself. */
export interface ExtraAlert {
  /** `QueueStuck` */
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  readonly for: Duration;
  /** @default - not at all */
  readonly keepFiringFor?: Duration;
  readonly severity: Severity;
  /** @default 'availability' */
  readonly category?: Category;
  /** @default - by severity: P1 for critical, P3 for warning, P4 for info and none */
  readonly priority?: Priority;
  /** One sentence without values. */
  readonly summary: string;
  /** Template of Prometheus, with the values. */
  readonly description: string;
  /** What to do: a URL, or the path of a Markdown file, which is put among the runbooks of the environment. */
  readonly runbook: string;
  /** Added to those that every rule has. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Added to summary, description and runbook_url. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ExtraAlertsProps {
  readonly alerting: Alerting;
  /** What they are about: `shop`. */
  readonly name: string;
  readonly namespace: string;
  readonly alerts: readonly ExtraAlert[];
}

/** Labels that routes and silences read: a rule has them by its properties. */
const OWN_LABELS = ['alertname', 'severity', 'category', 'priority', 'responsible', 'namespace'];
const OWN_ANNOTATIONS = ['summary', 'description', 'runbook_url'];
const PRIORITIES: Readonly<Record<Severity, Priority>> = {
  critical: 'P1',
  warning: 'P3',
  info: 'P4',
  none: 'P4',
};

/** Rules that a team writes itself, delivered, labelled and explained as those of the catalogues. */
export class ExtraAlerts extends Construct {
  constructor(scope: Construct, id: string, props: ExtraAlertsProps) {
    super(scope, id);
    const { alerting, alerts, name, namespace } = props;
    const rules = alerts.flatMap((alert) => resolve(alert, props));
    addCheck(this, () => [
      ...alerting.faults(),
      ...alerts.flatMap((alert) => [...runbookFaults(alert), ...labelFaults(alert)]),
      ...duplicates(this, alerts),
      ...rules.flatMap((rule) => [...unparsable(rule), ...pendingFault(rule.id, rule.rule)]),
    ]);
    addWarning(this, () => rules.flatMap(({ id, rule }) => shortPending(id, rule, alerting)));
    deliver(
      this,
      alerting,
      {
        name: `extra/${namespace}/${name}`,
        directory: undefined,
        rules,
        definitions: new Map(),
        runbooks: new Map(
          alerts.flatMap(({ runbook }) => {
            const text = isUrl(runbook) ? undefined : read(runbook);
            return text === undefined ? [] : [[runbookFile(runbook, props), text]];
          }),
        ),
      },
      { name: `${name}-extra`, namespace },
    );
  }
}

function resolve(alert: ExtraAlert, props: ExtraAlertsProps): ResolvedRule[] {
  const { alerting, namespace } = props;
  const runbook = isUrl(alert.runbook) ? alert.runbook : runbookFile(alert.runbook, props);
  const declared: Rule = {
    alert: alert.alert,
    expr: alert.expr,
    for: prometheusDuration(alert.for),
    ...(alert.keepFiringFor === undefined
      ? {}
      : { keep_firing_for: prometheusDuration(alert.keepFiringFor) }),
    labels: {
      ...alert.labels,
      severity: alert.severity,
      category: alert.category ?? 'availability',
      priority: alert.priority ?? PRIORITIES[alert.severity],
      responsible: alerting.responsible,
      namespace,
    },
    annotations: {
      ...alert.annotations,
      summary: alert.summary,
      description: alert.description,
      runbook_url: isUrl(alert.runbook) ? alert.runbook : alerting.runbookUrl(runbook),
    },
  };
  const { mapRule } = alerting.props;
  const rule = mapRule === undefined ? declared : mapRule(declared, alert.alert);
  if (rule === undefined) return [];
  return [
    { id: alert.alert, rule, labels: rule.labels, runbook, variables: {}, foreign: true, tested: false },
  ];
}

function isUrl(runbook: string): boolean {
  return /^https?:\/\//.test(runbook);
}

/** `extra-shop-queue-stuck.md`: two teams may have a file of the same name. */
function runbookFile(path: string, { name, namespace }: ExtraAlertsProps): string {
  return `extra-${namespace}-${name}-${basename(path)}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function runbookFaults({ alert, runbook }: ExtraAlert): Finding[] {
  const fault = (why: string): Finding[] => [
    {
      rule: 'alerts/runbook',
      message: `runbook of ${alert} is ${JSON.stringify(runbook)}; ${why}`,
      fix: 'write it: who is woken by an alert must be told what to do',
    },
  ];
  if (isUrl(runbook)) return URL.canParse(runbook) ? [] : fault('it is no URL');
  if (!runbook.endsWith('.md')) return fault('it is neither a URL nor a Markdown file');
  const text = read(runbook);
  if (text === undefined) return fault('there is no such file');
  return text.trim() === '' ? fault('the file is empty') : [];
}

function labelFaults({ alert, annotations = {}, labels = {} }: ExtraAlert): Finding[] {
  const found: Finding[] = [];
  const fault = (property: string, name: string, why: string, fix: string): void => {
    found.push({
      rule: 'alerts/label',
      message: `${property} of ${alert} has ${JSON.stringify(name)}; ${why}`,
      fix,
    });
  };
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(alert))
    fault('alert', alert, 'it must be letters, digits and _', 'for example QueueStuck');
  for (const [property, given, own] of [
    ['labels', labels, OWN_LABELS],
    ['annotations', annotations, OWN_ANNOTATIONS],
  ] as const)
    for (const name of Object.keys(given)) {
      if (own.includes(name)) fault(property, name, 'which has a property of its own', 'drop it there');
      else if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__'))
        fault(property, name, 'that is no name of a label', 'letters, digits and _, beginning with a letter');
    }
  for (const [name, value] of Object.entries(labels))
    if (/\$value|\.Value/.test(value))
      fault(
        'labels',
        name,
        'its value changes with each evaluation, and a changed label is another alert that begins to pend anew',
        'put values into description',
      );
  return found;
}

/** Of one name there would be two sets of labels, thresholds and runbooks, and the critical one would mute the other. */
function duplicates(scope: ExtraAlerts, alerts: readonly ExtraAlert[]): Finding[] {
  const known = new Set(declaredGroups(scope).flatMap(({ definitions }) => [...definitions.keys()]));
  return alerts
    .filter(
      ({ alert }, index) => known.has(alert) || alerts.findIndex((other) => other.alert === alert) !== index,
    )
    .map(({ alert }) => ({
      rule: 'alerts/duplicate-alert',
      message: `${alert} is there already${known.has(alert) ? ', in a catalogue' : ''}`,
      fix: known.has(alert) ? 'another name, or overrides for that one' : 'give each a name of its own',
    }));
}
