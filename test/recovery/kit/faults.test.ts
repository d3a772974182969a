import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { Deployment } from '@cdktf/provider-kubernetes/lib/deployment';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Labels } from '@cdktf/provider-kubernetes/lib/labels';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { ServiceV1 } from '@cdktf/provider-kubernetes/lib/service-v1';
import type { TerraformStack } from '../../../constructs/core';
import { buildKit, formatFault } from '../../../constructs/recovery/kit';
import { faultsOf, kitOf } from './kits';

function web(stack: TerraformStack): DeploymentV1 {
  return new DeploymentV1(stack, 'web', {
    metadata: { name: 'web' },
    spec: { template: { metadata: {}, spec: { container: [{ name: 'web', image: 'web:1' }] } } },
  });
}

test('every leaf that Kubernetes does not have is named, with what to do', () => {
  const faults = faultsOf((stack) => {
    const deployment = web(stack);
    deployment.addOverride('spec.template.spec.container.0.gpu', { count: 1, kinds: ['a', 'b'] });
    deployment.addOverride('replica_count', 3);
  });
  expect(
    faults.map(({ rule, path, address, property, value }) => [rule, path, address, property, value]),
  ).toEqual([
    [
      'kit-unknown-field',
      'platform/web',
      'kubernetes_deployment_v1.web',
      'spec.template.spec.container[0].gpu.count',
      '1',
    ],
    [
      'kit-unknown-field',
      'platform/web',
      'kubernetes_deployment_v1.web',
      'spec.template.spec.container[0].gpu.kinds',
      '["a","b"]',
    ],
    ['kit-unknown-field', 'platform/web', 'kubernetes_deployment_v1.web', 'replica_count', '3'],
  ]);
  expect(formatFault(faults[2] ?? fail())).toBe(
    "  kit-unknown-field: platform/web (kubernetes_deployment_v1.web) replica_count: Deployment has no such field in Kubernetes, as far as the kit's table of types knows. Value: 3. FIX: Remove the field; or, if Kubernetes has it, add it to constructs/recovery/kit/exceptions.ts; or declare the object as a kubernetes_manifest.",
  );
});

test('values of the wrong form are named', () => {
  expect(
    faultsOf((stack) => {
      const deployment = web(stack);
      deployment.addOverride('spec.replicas', 'many');
      deployment.addOverride('spec.paused', 'perhaps');
      deployment.addOverride('spec.selector', 'app=web');
      deployment.addOverride('spec.strategy', [{ type: 'Recreate' }, { type: 'RollingUpdate' }]);
      deployment.addOverride('spec.template.spec.volume', [
        { name: 'x', config_map: { default_mode: '0999' } },
      ]);
      deployment.addOverride('metadata.labels', ['a']);
    }).map(({ rule, property, message }) => [rule, property, message]),
  ).toEqual([
    ['kit-invalid-value', 'metadata.labels', 'A map is expected.'],
    ['kit-invalid-value', 'spec.paused', 'true or false is expected.'],
    ['kit-invalid-value', 'spec.replicas', 'A whole number is expected.'],
    ['kit-invalid-value', 'spec.selector', 'A block is expected.'],
    ['kit-invalid-value', 'spec.strategy', '2 blocks stand where Kubernetes has one object.'],
    [
      'kit-invalid-value',
      'spec.template.spec.volume[0].config_map.default_mode',
      'An octal file mode such as "0640" is expected.',
    ],
  ]);
});

test('resources without a counterpart are faults, unless they are declared to be outside', () => {
  const faults = faultsOf((stack) => {
    new Labels(stack, 'labels', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n' },
      labels: { a: 'b' },
    });
    new Deployment(stack, 'old', {
      metadata: { name: 'old' },
      spec: { template: { metadata: {}, spec: {} } },
    });
  });
  expect(faults.map(({ rule, path, fix }) => [rule, path, fix])).toEqual([
    [
      'kit-unknown-resource',
      'platform/labels',
      'Declare the object as a kubernetes_manifest; or, if it lives outside the cluster, add the type to the outside option of the kit.',
    ],
    ['kit-unknown-resource', 'platform/old', 'Use kubernetes_deployment_v1, which says the same.'],
  ]);
  const kit = kitOf((stack) => {
    new S3Bucket(stack, 'backups', { bucket: 'backups' });
    new ConfigMapV1(stack, 'c', { metadata: { name: 'c' } });
  });
  expect(kit.faults).toEqual([]);
  expect(kit.outside).toEqual(['aws_s3_bucket.backups (platform)']);
  expect(kit.files.find(({ path }) => path === 'README.md')?.content).toContain(
    '- `aws_s3_bucket.backups (platform)`',
  );
});

test('an attribute of something outside resolves where it is written, and is a fault where AWS makes it', () => {
  expect(
    faultsOf((stack) => {
      const bucket = new S3Bucket(stack, 'backups', { bucket: 'backups' });
      new ConfigMapV1(stack, 'c', {
        metadata: { name: 'c' },
        data: { name: `\${${bucket.fqn}.bucket}`, arn: bucket.arn },
      });
    }),
  ).toMatchObject([{ rule: 'kit-unresolved-reference', property: 'data.arn' }]);
});

test('what only Terraform can do is a fault', () => {
  expect(
    faultsOf((stack) => {
      const map = new ConfigMapV1(stack, 'c', { metadata: { name: 'c' }, count: 2 });
      map.addOverride('provisioner', [{ 'local-exec': { command: 'true' } }]);
    }).map(({ rule, property }) => [rule, property]),
  ).toEqual([
    ['kit-unknown-field', 'count'],
    ['kit-unknown-field', 'provisioner'],
  ]);
});

test('an aliased provider may speak to another cluster', () => {
  const declare = (stack: TerraformStack): void => {
    const other = new KubernetesProvider(stack, 'other', { alias: 'other' });
    new ConfigMapV1(stack, 'c', { metadata: { name: 'c' }, provider: other });
  };
  expect(faultsOf(declare)).toMatchObject([{ property: 'provider', value: '"kubernetes.other"' }]);
  expect(faultsOf(declare, { sameCluster: ['kubernetes.other'] })).toEqual([]);
});

test('two declarations of one object are a fault, also from two stacks', () => {
  expect(
    faultsOf((stack) => {
      new ServiceV1(stack, 'one', { metadata: { name: 's' }, spec: {} });
      new ServiceV1(stack, 'two', { metadata: { name: 's' }, spec: {} });
      new ServiceV1(stack, 'three', { metadata: { name: 's', namespace: 'other' }, spec: {} });
    }),
  ).toMatchObject([
    { rule: 'kit-name', path: 'platform/two', message: expect.stringContaining('service_v1.one') },
  ]);
});

test('two stacks that mean different things by one variable are a fault', () => {
  const stack = (name: string, fallback: string) => ({
    name,
    terraform: {
      variable: { size: { default: fallback } },
      resource: {
        kubernetes_config_map_v1: { [name]: { metadata: { name }, data: { size: '${var.size}' } } },
      },
    },
  });
  const options = { environment: 'test' };
  expect(buildKit([stack('one', '1'), stack('two', '1')], options).faults).toEqual([]);
  expect(buildKit([stack('one', '1'), stack('two', '2')], options).faults).toMatchObject([
    { rule: 'kit-variable', path: 'two', address: 'var.size' },
  ]);
});

test('a block of a stack that the kit does not know is a fault', () => {
  expect(buildKit([{ name: 'a', terraform: { module: {} } }], { environment: 'test' }).faults).toMatchObject([
    { rule: 'kit-unknown-field', path: 'a', property: 'module' },
  ]);
});

function fail(): never {
  throw new Error('no fault');
}
