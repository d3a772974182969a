import { type Construct, dnsName, TerraformStack } from '../core';
import { CustomResource } from '../workloads';
import type { Alerting } from './alerting';
import type { Rule } from './rule';

/** Rules that several subjects have in common, and the object that holds them. */
interface SharedRules {
  readonly rules: Map<string, Rule>;
  readonly object: CustomResource;
}

const known = new WeakMap<TerraformStack, Map<string, SharedRules>>();

/**
 * Puts rules that are the same for all subjects of a namespace into one object of their stack, each once.
 * @param group name of theirs: `postgres/shop`
 */
export function shareRules(
  scope: Construct,
  alerting: Alerting,
  { group, namespace, rules }: { group: string; namespace: string; rules: readonly Rule[] },
): void {
  if (rules.length === 0) return;
  const stack = TerraformStack.of(scope);
  const shared = known.get(stack) ?? new Map<string, SharedRules>();
  known.set(stack, shared);
  const key = [group, alerting.name ?? []].flat().join('/');
  const there = shared.get(key) ?? {
    rules: new Map<string, Rule>(),
    object: new CustomResource(stack, dnsName(['rules', key]), {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: {
        name: dnsName([stack.node.id, group.split('/')[0] ?? '', alerting.name ?? []].flat()),
        namespace,
        labels: { ...alerting.objectLabels },
      },
      spec: {},
    }),
  };
  shared.set(key, there);
  const before = there.rules.size;
  for (const rule of rules) there.rules.set(JSON.stringify(rule), rule);
  if (there.rules.size > before)
    there.object.spec = { groups: [{ name: group, rules: [...there.rules.values()] }] };
}
