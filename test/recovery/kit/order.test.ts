import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { RoleBindingV1 } from '@cdktf/provider-kubernetes/lib/role-binding-v1';
import { RoleV1 } from '@cdktf/provider-kubernetes/lib/role-v1';
import { SecretV1 } from '@cdktf/provider-kubernetes/lib/secret-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { ServiceV1 } from '@cdktf/provider-kubernetes/lib/service-v1';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import type { TerraformStack } from '../../../constructs/core';
import { buildKit, type Kit } from '../../../constructs/recovery/kit';
import { fileOf, kitOf, synthesise } from './kits';

const template = { metadata: {}, spec: { container: [{ name: 'c', image: 'c:1' }] } };
const metadata = { name: 'x', namespace: 'shop' };

function order(kit: Kit): readonly string[] {
  return kit.objects.map(({ kind, name }) => `${kind}/${name}`);
}

function plan(kit: Kit): readonly string[] {
  return fileOf(kit, 'plan')
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(0, 5)
        .join('|')
        .replace(/^object\|[^|]*\|[^|]*/, 'object'),
    );
}

function deployment(stack: TerraformStack, name: string): DeploymentV1 {
  return new DeploymentV1(stack, name, { metadata: { name, namespace: 'shop' }, spec: { template } });
}

function statefulSet(stack: TerraformStack, name: string): StatefulSetV1 {
  return new StatefulSetV1(stack, name, {
    metadata: { name, namespace: 'shop' },
    spec: { serviceName: 'x', selector: {}, template },
  });
}

test('kinds are applied in the order in which they need each other', () => {
  const kit = kitOf((stack) => {
    new CronJobV1(stack, 'a', {
      metadata,
      spec: { schedule: '0 0 * * *', jobTemplate: { metadata: {}, spec: { template } } },
    });
    new JobV1(stack, 'b', { metadata, spec: { template } });
    new Manifest(stack, 'c', { manifest: { apiVersion: 'a.io/v1', kind: 'Custom', metadata } });
    deployment(stack, 'x');
    new ServiceV1(stack, 'd', { metadata, spec: {} });
    new SecretV1(stack, 'e', { metadata });
    new ConfigMapV1(stack, 'f', { metadata });
    new RoleBindingV1(stack, 'g', {
      metadata,
      roleRef: { apiGroup: 'a', kind: 'Role', name: 'x' },
      subject: [],
    });
    new RoleV1(stack, 'h', { metadata, rule: [] });
    new ServiceAccountV1(stack, 'i', { metadata });
    new Manifest(stack, 'j', {
      manifest: {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'x' },
      },
    });
    new NamespaceV1(stack, 'k', { metadata: { name: 'shop' } });
  });
  expect(order(kit).map((entry) => entry.split('/')[0])).toEqual([
    'Namespace',
    'CustomResourceDefinition',
    'ServiceAccount',
    'Role',
    'RoleBinding',
    'ConfigMap',
    'Secret',
    'Service',
    'Deployment',
    'Custom',
    'Job',
    'CronJob',
  ]);
});

test('what is referred to or depended upon comes first, whatever its kind', () => {
  const kit = kitOf((stack) => {
    const job = new JobV1(stack, 'job', {
      metadata: { name: 'job' },
      spec: { template },
      waitForCompletion: false,
    });
    const late = new ConfigMapV1(stack, 'late', { metadata: { name: 'a-late' }, dependsOn: [job] });
    new ConfigMapV1(stack, 'later', { metadata: { name: 'a-later' }, data: { of: late.metadata.name } });
    new ConfigMapV1(stack, 'early', { metadata: { name: 'z-early' } });
  });
  expect(order(kit)).toEqual(['Job/job', 'ConfigMap/a-late', 'ConfigMap/a-later', 'ConfigMap/z-early']);
});

test('the order does not depend on the order of declaration', () => {
  const names = ['b', 'a', 'd', 'c'];
  const declare = (order: readonly string[]) => (stack: TerraformStack) => {
    for (const name of order) new ConfigMapV1(stack, name, { metadata: { name } });
  };
  expect(kitOf(declare(names)).files).toEqual(kitOf(declare([...names].reverse())).files);
});

test('workloads are waited for before the next layer, those of the last layer on demand', () => {
  const kit = buildKit(
    synthesise({
      operators: (stack) => {
        deployment(stack, 'operator');
        statefulSet(stack, 'store');
        new DeploymentV1(stack, 'careless', { metadata, waitForRollout: false, spec: { template } });
      },
      empty: () => undefined,
      platform: (stack) => {
        statefulSet(stack, 'db');
        new JobV1(stack, 'j', { metadata, timeouts: { create: '10m' }, spec: { template } });
      },
    }),
    { environment: 'test' },
  );
  expect(plan(kit)).toEqual([
    'layer|01-operators|operators|3',
    'object|Deployment|shop',
    'object|Deployment|shop',
    'object|StatefulSet|shop',
    'wait|rollout|Deployment|shop|operator',
    'wait|rollout|StatefulSet|shop|store',
    'layer|02-platform|platform|2',
    'object|StatefulSet|shop',
    'object|Job|shop',
    'wait-last|rollout|StatefulSet|shop|db',
    'wait-last|job|Job|shop|x',
  ]);
  expect(fileOf(kit, 'plan')).toContain('wait-last|job|Job|shop|x|600\n');
});

test('inside a layer only what is depended upon by name is waited for, and no StatefulSet', () => {
  const kit = kitOf((stack) => {
    const operator = deployment(stack, 'operator');
    const database = statefulSet(stack, 'db');
    deployment(stack, 'bystander');
    new Manifest(stack, 'custom', {
      manifest: { apiVersion: 'a.io/v1', kind: 'Custom', metadata },
      dependsOn: [operator, database],
    });
  });
  expect(plan(kit).slice(1)).toEqual([
    'object|Deployment|shop',
    'object|Deployment|shop',
    'object|StatefulSet|shop',
    'wait|rollout|Deployment|shop|operator',
    'object|Custom|shop',
    'wait-last|rollout|Deployment|shop|bystander',
    'wait-last|rollout|StatefulSet|shop|db',
  ]);
});

test('a StatefulSet that is updated by hand is waited for by its ready pods', () => {
  const kit = kitOf((stack) => {
    new StatefulSetV1(stack, 'db', {
      metadata,
      spec: {
        replicas: '3',
        serviceName: 'x',
        selector: {},
        updateStrategy: [{ type: 'OnDelete' }],
        template,
      },
    });
  });
  expect(fileOf(kit, 'plan')).toContain('wait-last|ready|StatefulSet|shop|x|0|3\n');
});

test('the images of all objects are listed once, those of custom objects too', () => {
  const kit = kitOf((stack) => {
    deployment(stack, 'one');
    deployment(stack, 'two');
    new Manifest(stack, 'p', {
      manifest: {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'Prometheus',
        metadata,
        spec: { image: 'p:3' },
      },
    });
  });
  expect(fileOf(kit, 'images.txt')).toBe('c:1\np:3\n');
});
