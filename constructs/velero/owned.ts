import { Aspects, type Construct, TerraformResource, type TerraformStack } from '../core';
import { EXCLUDE_LABEL } from './labels';

/** Values of labels, which an object that is excluded has one of each: a selector's `NotIn`, and-ed by De Morgan. */
export type ExclusionSelector = readonly { readonly key: string; readonly values: readonly string[] }[];

type Labels = Readonly<Record<string, string>>;

/**
 * Labels every object that these stacks declare, but namespaces: Terraform owns it, and a restore must not bring back
 * another version of it. It is the object's own metadata, which can change at any time; templates of pods and claims stay as
 * they are, since a changed one restarts pods, and that of a claim cannot change at all.
 */
export function excludeDeclared(stacks: readonly TerraformStack[]): void {
  for (const stack of stacks)
    Aspects.of(stack).add({
      visit: (node) => {
        if (!TerraformResource.isTerraformResource(node)) return;
        const type = node.terraformResourceType;
        if (!type.startsWith('kubernetes_') || /^kubernetes_namespace(_v1)?$/.test(type)) return;
        const metadata = type === 'kubernetes_manifest' ? 'manifest.metadata' : 'metadata';
        node.addOverride(metadata, { labels: { [EXCLUDE_LABEL]: 'true' } });
      },
    });
}

/**
 * Selectors for what declared workloads make by themselves: pods, claims, and whatever takes over their labels. Such an
 * object is not in Terraform's hands, so it is known by the labels of its template, which it has had all along.
 *
 * Templates with the same keys are one group; an object is left out if, for some group, each of the keys has one of the
 * group's values. A selector of Velero's can only say "or" of "and"s: the result is one for each choice of a key per group.
 */
export function exclusionSelectors(stacks: readonly TerraformStack[]): readonly ExclusionSelector[] {
  const templates = resources(stacks).flatMap((resource) => templateLabels(resource));
  const groups = new Map<string, Map<string, Set<string>>>();
  for (const labels of templates) {
    const keys = Object.keys(labels).sort();
    if (keys.length === 0) continue;
    const group = groups.get(keys.join()) ?? new Map(keys.map((key) => [key, new Set<string>()]));
    for (const [key, value] of Object.entries(labels)) group.get(key)?.add(value);
    groups.set(keys.join(), group);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  const distinct = sorted.filter((group) =>
    sorted.every((other) => other === group || !covers(other, group)),
  );
  if (distinct.length === 0) return [];
  return withoutImplied(distinct.reduce<ExclusionSelector[]>(byEachKey, [[]]));
}

type Group = ReadonlyMap<string, ReadonlySet<string>>;

/** Whether whatever the other group leaves out, this one does, too. */
function covers(group: Group, other: Group): boolean {
  return [...group].every(([key, values]) => {
    const theirs = other.get(key);
    return theirs !== undefined && [...theirs].every((value) => values.has(value));
  });
}

function byEachKey(chosen: ExclusionSelector[], group: Group): ExclusionSelector[] {
  return chosen.flatMap((selector) => [...group].map(([key, values]) => merge(selector, key, values)));
}

/** One that asks for more than another selects nothing that the other does not. */
function withoutImplied(selectors: readonly ExclusionSelector[]): ExclusionSelector[] {
  const texts = new Map(selectors.map((selector) => [JSON.stringify(selector), selector]));
  const all = [...texts.values()];
  return all.filter((one) => all.every((other) => other === one || !implies(one, other)));
}

function implies(one: ExclusionSelector, other: ExclusionSelector): boolean {
  return other.every(({ key, values }) =>
    one.some((mine) => mine.key === key && values.every((value) => mine.values.includes(value))),
  );
}

/** Of two groups one key may be chosen twice: what is excluded has none of either's values. */
function merge(selector: ExclusionSelector, key: string, values: ReadonlySet<string>): ExclusionSelector {
  const before = selector.find((one) => one.key === key);
  const all = [...new Set([...(before?.values ?? []), ...values])].sort();
  return [...selector.filter((one) => one !== before), { key, values: all }].sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );
}

function resources(stacks: readonly TerraformStack[]): TerraformResource[] {
  return stacks.flatMap((stack) =>
    stack.node
      .findAll()
      .filter((node): node is TerraformResource => TerraformResource.isTerraformResource(node)),
  );
}

/** The labels of all templates in a resource, however deep: a StatefulSet's pods and claims, a CronJob's jobs and pods. */
function templateLabels(resource: Construct): Labels[] {
  const spec = (resource as { readonly specInput?: unknown }).specInput;
  return spec === undefined ? [] : labelsBelow(plain(spec));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function labelsBelow(value: unknown): Labels[] {
  if (Array.isArray(value)) return value.flatMap(labelsBelow);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const labels = key === 'metadata' ? (inner as { readonly labels?: Labels } | null)?.labels : undefined;
    return labels === undefined ? labelsBelow(inner) : [labels];
  });
}
