import type { Duration } from '../core';
import type { Fact } from './fact';

/** Critical pages somebody, warning is for office hours, info is context; none reaches nobody (a watchdog). */
export type Severity = 'critical' | 'warning' | 'info' | 'none';

/** What is at stake. */
export type Category = 'availability' | 'backup' | 'capacity' | 'performance' | 'security' | 'monitoring';

/** How soon somebody has to act: at once, today, this week, when there is time. */
export type Priority = 'P1' | 'P2' | 'P3' | 'P4';

/** What a rule is about: an object of a namespace, by name. A construct's own subject has the facts that its rules read. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
}

/** One rule of an alert. An alert has one per thing that its subject has of a kind: two schedules, two rules. */
export interface AlertCase {
  /** Tells it from the alert's other cases: `{ schedule: 'full' }`. @default - none: it is the only one */
  readonly labels?: Readonly<Record<string, string>>;
  /** From the subject's facts, in the unit of what `expr` compares. @default - none: nothing can be overridden */
  readonly threshold?: number;
  /** Longer than the definition's, where a fact says so. @default - the definition's */
  readonly for?: Duration;
  /**
   * What its rule joins, so that it is one for all subjects of a namespace: its series have the subject's labels and the
   * case's, which have to come out of the expression.
   * @default - none: a rule of its own, which names the subject and bears these labels
   */
  readonly fact?: Fact;
  /**
   * PromQL.
   * @param threshold the case's, or that of an override
   * @param fact as PromQL selects it, the subject's among others
   */
  readonly expr: (threshold: number, fact: string) => string;
  /** Values for the templates of its tests and runbook beside the subject's. @default none */
  readonly variables?: Variables;
}

/** Values of templates. What a template names and nobody gives is a fault. */
export type Variables = Readonly<Record<string, unknown>>;

/** One alert of a catalogue. */
export interface AlertDefinition<S extends Subject> {
  /** PascalCase, component first, the same for ever: key of `overrides`, name of its runbook and tests. */
  readonly id: string;
  /**
   * Value of the label `alertname`: tiers of one thing share it, so that the critical one mutes the warning.
   * @default - `id`
   */
  readonly alertname?: string;
  readonly severity: Severity;
  readonly category: Category;
  readonly priority: Priority;
  /** One sentence without values. */
  readonly summary: string;
  /** Template of Prometheus: `{{ $labels.pod }} … {{ $value | humanizeDuration }}`. */
  readonly description: string;
  readonly for: Duration;
  /** How long it goes on firing after its expression ended, for one that flaps. @default - not at all */
  readonly keepFiringFor?: Duration;
  /** Name of the runbook's template, where several alerts share one. @default - `id` */
  readonly runbook?: string;
  /** No case, no rule. */
  readonly cases: (subject: S) => readonly AlertCase[];
}

/** The alerts of one kind of subject. They ship with the construct whose metrics they read. */
export interface Catalogue<S extends Subject> {
  /** In names of groups: `postgres`. */
  readonly name: string;
  /** Where `runbooks/<name>.md` and `tests/<id>.yaml` are. */
  readonly directory: string;
  readonly alerts: readonly AlertDefinition<S>[];
  /** Labels of each of its rules beside severity, category, priority, responsible and namespace. */
  readonly labels: (subject: S) => Readonly<Record<string, string>>;
  /** Values for its templates; namespace and name are always there. */
  readonly variables: (subject: S) => Variables;
}
