import type { Construct } from '../core';
import { Recovery } from '../recovery';
import { CustomResource } from '../workloads';
import type { Alerting } from './alerting';
import {
  type DeclaredGroup,
  declaredGroups,
  declareGroup,
  ownRules,
  sharedGroupName,
  sharedRules,
} from './declared';
import { shareRules } from './shared-rules';

/** Puts a group among the files of its environment, and where Prometheus finds it. @param name of its object */
export function deliver(
  scope: Construct,
  alerting: Alerting,
  group: DeclaredGroup,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): void {
  if (declareGroup(scope, group)) Recovery.of(scope).writes(() => filesOf(scope));
  if (alerting.delivery === 'files') return;
  const place = alerting.scopeFor(scope);
  const rules = ownRules(group);
  if (rules.length > 0)
    new CustomResource(place, 'rules', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name, namespace, labels: { ...alerting.objectLabels } },
      spec: { groups: [{ name: group.name, rules }] },
    });
  shareRules(place, alerting, { group: sharedGroupName(group), namespace, rules: sharedRules(group) });
}

/** Templates and YAML are loaded by a synth alone: who only declares alerts does not wait for them. */
function filesOf(scope: Construct): Readonly<Record<string, string>> {
  const { alertFiles } = require('./outputs') as typeof import('./outputs');
  return alertFiles(declaredGroups(scope));
}
