import type { Duration } from '../core';
import { type Alerting, type AlertOverride, DEFAULT_RESPONSIBLE } from './alerting';
import type { AlertCase, AlertDefinition, Catalogue, Subject, Variables } from './definition';
import { type DeclaredFact, declareFact, selectFact } from './fact';

/** An alerting rule as Prometheus reads it. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  /** `10m` */
  readonly for: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A rule, and what it came from. */
export interface ResolvedRule {
  readonly id: string;
  /** One with a fact is the same for several subjects. */
  readonly rule: Rule;
  /** What it knows of this subject by a series. @default - it names its subject */
  readonly fact?: DeclaredFact;
  /** Of the alert, when it fires for this case. */
  readonly labels: Readonly<Record<string, string>>;
  /** File name of its runbook. */
  readonly runbook: string;
  /** Values of the templates of its tests and runbook. */
  readonly variables: Variables;
  /** Its expression is not the catalogue's: nothing here vouches for it. */
  readonly foreign: boolean;
  /** Its tests hold for it: nothing but the threshold, labels and severity is different from the catalogue's. */
  readonly tested: boolean;
}

/** The rules of a subject, as an environment wants them. */
export function resolveRules<S extends Subject>(
  catalogue: Catalogue<S>,
  subject: S,
  alerting: Alerting,
): ResolvedRule[] {
  return catalogue.alerts.flatMap((definition) =>
    definition.cases(subject).flatMap((one) => {
      const resolved = resolve(catalogue, subject, alerting, definition, one);
      return resolved === undefined ? [] : [resolved];
    }),
  );
}

function resolve<S extends Subject>(
  catalogue: Catalogue<S>,
  subject: S,
  alerting: Alerting,
  definition: AlertDefinition<S>,
  one: AlertCase,
): ResolvedRule | undefined {
  const { id } = definition;
  const override = alerting.overrides[id];
  if (override === false) return undefined;
  const threshold = override?.threshold ?? one.threshold ?? 0;
  const pending = override?.for ?? one.for ?? definition.for;
  const runbook = runbookFile(catalogue, subject.namespace, subject.name, definition);
  // Somebody's own expression names what it likes.
  const fact = override?.expr === undefined ? one.fact : undefined;
  const rules = [catalogue.name, ...(alerting.name === undefined ? [] : [alerting.name])].join('-');
  const own = { ...catalogue.labels(subject), ...one.labels };
  const expr = one.expr(threshold, fact === undefined ? '' : selectFact(fact, subject.namespace, rules));
  const declared: Rule = {
    alert: definition.alertname ?? id,
    expr: override?.expr ?? expr,
    for: prometheusDuration(pending),
    ...(definition.keepFiringFor === undefined
      ? {}
      : { keep_firing_for: prometheusDuration(definition.keepFiringFor) }),
    labels: {
      severity: override?.severity ?? definition.severity,
      category: definition.category,
      priority: definition.priority,
      responsible: alerting.responsible,
      // AlertmanagerConfig matches alerts of its own namespace by this label.
      namespace: subject.namespace,
      ...(fact === undefined ? own : {}),
      ...override?.labels,
    },
    annotations: {
      summary: definition.summary,
      description: definition.description,
      runbook_url: alerting.runbookUrl(
        fact === undefined
          ? runbook
          : runbookFile(
              catalogue,
              subject.namespace,
              `{{ $labels.${nameLabel(catalogue, subject)} }}`,
              definition,
            ),
      ),
    },
  };
  const rule = alerting.props.mapRule === undefined ? declared : alerting.props.mapRule(declared, id);
  if (rule === undefined) return undefined;
  return {
    id,
    rule,
    labels: fact === undefined ? rule.labels : { ...own, ...rule.labels },
    ...(fact === undefined
      ? {}
      : { fact: declareFact(fact, threshold, { namespace: subject.namespace, ...own }, rules) }),
    runbook,
    variables: {
      namespace: subject.namespace,
      name: subject.name,
      ...catalogue.variables(subject),
      ...one.variables,
      threshold,
      for: pending.toSeconds(),
      changedLabels: changedLabels(alerting, override),
    },
    foreign: rule.expr !== expr,
    tested: rule === declared && override?.expr === undefined && override?.for === undefined,
  };
}

/** What an environment has in other labels than the catalogue's tests expect. */
function changedLabels({ responsible }: Alerting, override: AlertOverride | undefined): Rule['labels'] {
  return {
    ...(responsible === DEFAULT_RESPONSIBLE ? {} : { responsible }),
    ...(override?.severity === undefined ? {} : { severity: override.severity }),
    ...override?.labels,
  };
}

/** `postgres-shop-orders-PostgresDown.md`: names the thing, so that its commands are ready to run. */
function runbookFile<S extends Subject>(
  catalogue: Catalogue<S>,
  namespace: string,
  name: string,
  { id, runbook = id }: AlertDefinition<S>,
): string {
  return `${catalogue.name}-${namespace}-${name}-${runbook}.md`;
}

/** The label of a subject's alerts that has its name. */
function nameLabel<S extends Subject>(catalogue: Catalogue<S>, subject: S): string {
  const [label] = Object.entries(catalogue.labels(subject)).find(([, value]) => value === subject.name) ?? [];
  if (label === undefined) throw new Error(`no label of ${catalogue.name} has the name of its subject`);
  return label;
}

/** Prometheus knows no fractions: `90s`, `10m`, `1h`. */
export function prometheusDuration(duration: Duration): string {
  const seconds = Math.round(duration.toSeconds());
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  if (seconds % 60 === 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}
