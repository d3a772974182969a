import { environmentOf, type IConstruct } from '../core';
import type { AlertDefinition } from './definition';
import { type RecordingRule, recordFacts } from './fact';
import type { ResolvedRule, Rule } from './rule';

/** The rules of one subject, as they were declared. */
export interface DeclaredGroup {
  /** Unique in its environment: `postgres/shop/orders`. */
  readonly name: string;
  /** The catalogue's folder, where its templates are; `undefined` for rules that a team wrote itself. */
  readonly directory: string | undefined;
  readonly rules: readonly ResolvedRule[];
  /** Runbooks that are no templates, by file name. @default none */
  readonly runbooks?: ReadonlyMap<string, string>;
  readonly definitions: ReadonlyMap<string, Pick<AlertDefinition<never>, 'id' | 'runbook'>>;
}

const idsOfGroups = new WeakMap<readonly DeclaredGroup[], Set<string>>();
type ByEnvironment = Map<string, DeclaredGroup[]>;
const groupsOfTree = new WeakMap<IConstruct, ByEnvironment>();

/** Remembers a group; tells whether it is the first of its environment. */
export function declareGroup(scope: IConstruct, group: DeclaredGroup): boolean {
  const { root } = scope.node;
  const environments = groupsOfTree.get(root) ?? new Map<string, DeclaredGroup[]>();
  groupsOfTree.set(root, environments);
  const environment = environmentOf(scope);
  const known = environments.get(environment) ?? [];
  environments.set(environment, known);
  const ids = idsOfGroups.get(known) ?? new Set<string>();
  idsOfGroups.set(known, ids);
  for (const id of group.definitions.keys()) ids.add(id);
  return known.push(group) === 1;
}

/** Ids of every alert that a catalogue of this construct's environment has. */
export function knownAlerts(scope: IConstruct): ReadonlySet<string> {
  return idsOfGroups.get(declaredGroups(scope)) ?? new Set();
}

/** Every group of this construct's environment, in order of declaration. */
export function declaredGroups(scope: IConstruct): readonly DeclaredGroup[] {
  return groupsOfTree.get(scope.node.root)?.get(environmentOf(scope)) ?? [];
}

/** What is recorded of a group's subject, and the rules that name it. */
export function ownRules({ rules }: DeclaredGroup): (RecordingRule | Rule)[] {
  return [
    ...recordFacts(rules.map(({ fact }) => fact)),
    ...rules.flatMap(({ fact, rule }) => (fact === undefined ? [rule] : [])),
  ];
}

/** The rules that a group has in common with others of its catalogue and namespace. */
export function sharedRules({ rules }: DeclaredGroup): Rule[] {
  const shared = rules.flatMap(({ fact, rule }) => (fact === undefined ? [] : [rule]));
  return [...new Map(shared.map((rule) => [JSON.stringify(rule), rule])).values()];
}

/** `postgres/shop` of `postgres/shop/orders`. */
export function sharedGroupName({ name }: DeclaredGroup): string {
  return name.split('/').slice(0, 2).join('/');
}
