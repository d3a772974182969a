import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { literal, type TerraformStack } from '../../../constructs/core';
import { PostgresDatabase } from '../../../constructs/postgres';
import { buildKit } from '../../../constructs/recovery/kit';
import { databaseProps } from '../../helpers/database';
import { declareEveryKind } from './every-kind';
import { soleStack } from './kits';
import { PROVIDER_MIRROR, Terraform } from './terraform';

const testWithProvider = PROVIDER_MIRROR === undefined ? test.skip : test;

function declareDatabase(stack: TerraformStack): void {
  new NamespaceV1(stack, 'shop', { metadata: { name: 'shop' } });
  new PostgresDatabase(stack, 'orders', databaseProps());
}

testWithProvider.each([
  ['one object of every kind', declareEveryKind],
  ['a database', declareDatabase],
])(
  'the provider accepts %s',
  (_name, declare) => {
    const terraform = new Terraform(soleStack(declare));
    expect(JSON.parse(terraform.run('validate', '-json'))).toMatchObject({ valid: true, diagnostics: [] });
  },
  120_000,
);

/**
 * What the provider adds of its own and the API server would fill in with the
 * same value, so that the kit leaves it out. Everything else that the provider
 * adds is in the kit's table of defaults.
 */
const SERVER_FILLS_IN = [
  'fieldRef.apiVersion: v1',
  'globalDefault: false',
  'httpGet.scheme: HTTP',
  'livenessProbe.failureThreshold: 3',
  'livenessProbe.periodSeconds: 10',
  'livenessProbe.successThreshold: 1',
  'livenessProbe.timeoutSeconds: 1',
  'preemptionPolicy: PreemptLowerPriority',
  'projected.defaultMode: 420',
  'protocol: TCP',
  'readOnly: false',
  'readinessProbe.failureThreshold: 3',
  'readinessProbe.periodSeconds: 10',
  'readinessProbe.successThreshold: 1',
  'readinessProbe.timeoutSeconds: 1',
  'reclaimPolicy: Delete',
  'rollingUpdate.maxSurge: 0',
  'secret.defaultMode: 420',
  'spec.concurrencyPolicy: Allow',
  'spec.dnsPolicy: ClusterFirst',
  'spec.failedJobsHistoryLimit: 1',
  'spec.hostIPC: false',
  'spec.hostNetwork: false',
  'spec.hostPID: false',
  'spec.minReadySeconds: 0',
  'spec.minReplicas: 1',
  'spec.paused: false',
  'spec.persistentVolumeReclaimPolicy: Retain',
  'spec.progressDeadlineSeconds: 600',
  'spec.publishNotReadyAddresses: false',
  'spec.restartPolicy: Always',
  'spec.revisionHistoryLimit: 10',
  'spec.sessionAffinity: None',
  'spec.successfulJobsHistoryLimit: 3',
  'spec.suspend: false',
  'spec.terminationGracePeriodSeconds: 30',
  'spec.type: ClusterIP',
  'spec.volumeMode: Filesystem',
  'stdin: false',
  'stdinOnce: false',
  'terminationMessagePath: /dev/termination-log',
  'tty: false',
  'volumeBindingMode: Immediate',
  // Planned, and then not sent.
  'spec.startingDeadlineSeconds: 0',
];

testWithProvider(
  'the kit sends whatever the provider adds of its own, except what the API server fills in',
  () => {
    const stack = soleStack(declareEveryKind);
    const planned = new Terraform(stack, { variables: { token: 't' } }).plan();
    const asPlanned = {
      name: stack.name,
      terraform: { resource: resources(planned.filter(({ address }) => !/secret|config_map/.test(address))) },
    };
    const kit = buildKit([stack], { environment: 'test' });
    const fromPlan = buildKit([asPlanned], { environment: 'test' });
    expect(fromPlan.faults).toEqual([]);
    const added = fromPlan.objects.flatMap((object) => {
      const same = kit.objects.find(({ resource }) => resource.address === object.resource.address);
      return differences(object.manifest, same?.manifest, '');
    });
    expect([...new Set(added)].sort()).toEqual([...SERVER_FILLS_IN].sort());
  },
  120_000,
);

function resources(
  planned: readonly { address: string; after: unknown }[],
): Record<string, Record<string, unknown>> {
  const byType: Record<string, Record<string, unknown>> = {};
  for (const { address, after } of planned) {
    const [type = '', id = ''] = address.split('.');
    // Values are no templates any more.
    const values: unknown = JSON.parse(JSON.stringify(after), (_key, value) =>
      typeof value === 'string' ? literal(value) : value,
    );
    byType[type] = { ...byType[type], [id]: values };
  }
  return byType;
}

/** `.spec.containers.0.stdin` → `stdin`, `.spec.hostIPC` → `spec.hostIPC`. */
function lastNames(path: string): string {
  return path
    .replace(/^.*\.\d+\./, '')
    .replace(/^\./, '')
    .split('.')
    .slice(-2)
    .join('.');
}

/** Leaves of the first that the second has not. */
function differences(one: unknown, other: unknown, path: string): readonly string[] {
  if (typeof one !== 'object' || one === null) {
    return one === other ? [] : [`${lastNames(path)}: ${String(one)}`];
  }
  return Object.entries(one).flatMap(([key, value]) => {
    const below =
      typeof other === 'object' && other !== null ? (other as Record<string, unknown>)[key] : undefined;
    return differences(value, below, `${path}.${key}`);
  });
}
