import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { literal, runtimeVariable } from '../../../constructs/core';
import { faultsOf, fileOf, kitOf, manifests, objectOf } from './kits';

const restore = { apiVersion: 'velero.io/v1', kind: 'Restore', metadata: { name: 'r', namespace: 'velero' } };

test('a manifest passes through as it is, without what is null', () => {
  const manifest = {
    ...restore,
    spec: {
      a: null,
      empty: [],
      nothing: {},
      n: 1.5,
      yes: 'yes',
      list: [{ b: null, c: false }],
      text: literal('${x}'),
    },
  };
  expect(
    objectOf((stack) => {
      new Manifest(stack, 'm', { manifest, computedFields: ['metadata.labels'] });
    }),
  ).toEqual({
    ...restore,
    spec: { empty: [], nothing: {}, n: 1.5, yes: 'yes', list: [{ c: false }], text: '${x}' },
  });
});

test('run-time values stand anywhere in it', () => {
  const kit = kitOf((stack) => {
    const zone = runtimeVariable(stack, 'zone', { description: 'Zone', fallback: 'a' });
    new Manifest(stack, 'm', { manifest: { ...restore, spec: { [`x`]: `zone-${zone.stringValue}` } } });
  });
  expect(fileOf(kit, '01-platform/01-restore-velero-r.yaml.template')).toContain(
    '  x: "zone-@{{text:zone}}"\n',
  );
});

test('its waits, field manager and timeouts become lines of the plan', () => {
  const kit = kitOf((stack) => {
    new Manifest(stack, 'm', {
      manifest: restore,
      fieldManager: { name: 'velero-owner', forceConflicts: true },
      timeouts: { create: '1h30m' },
      wait: {
        rollout: true,
        condition: [{ type: 'Ready', status: 'True' }],
        fields: { 'status.phase': 'Completed|Partial', 'status.ip': '*' },
      },
    });
    new Manifest(stack, 'n', { manifest: { apiVersion: 'x.io/v1', kind: 'Zed', metadata: { name: 'z' } } });
  });
  expect(kit.faults).toEqual([]);
  expect(fileOf(kit, 'plan').split('\n')).toEqual([
    'layer|01-platform|platform|2',
    'object|01-platform/01-restore-velero-r.yaml|velero.io/v1|Restore|velero|r|velero-owner|force|',
    'wait|rollout|Restore|velero|r|5400',
    'wait|condition|Restore|velero|r|5400|Ready|True',
    `wait|field|Restore|velero|r|5400|status.phase|${Buffer.from('Completed|Partial').toString('base64')}`,
    `wait|field|Restore|velero|r|5400|status.ip|${Buffer.from('.').toString('base64')}`,
    'object|01-platform/02-zed-z.yaml|x.io/v1|Zed||z|Terraform||unscoped',
    '',
  ]);
});

test('custom objects come after their definitions, which are waited for', () => {
  const definition = (name: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
  });
  const kit = kitOf((stack) => {
    new Manifest(stack, 'a', { manifest: restore });
    new Manifest(stack, 'b', { manifest: definition('restores.velero.io') });
    new Manifest(stack, 'c', { manifest: definition('backups.velero.io') });
  });
  expect(fileOf(kit, 'plan').trim().split('\n').slice(1)).toEqual([
    'object|01-platform/01-customresourcedefinition-backups.velero.io.yaml|apiextensions.k8s.io/v1|CustomResourceDefinition||backups.velero.io|Terraform||unscoped',
    'object|01-platform/02-customresourcedefinition-restores.velero.io.yaml|apiextensions.k8s.io/v1|CustomResourceDefinition||restores.velero.io|Terraform||unscoped',
    'wait|established|CustomResourceDefinition||backups.velero.io|0',
    'wait|established|CustomResourceDefinition||restores.velero.io|0',
    'object|01-platform/03-restore-velero-r.yaml|velero.io/v1|Restore|velero|r|Terraform||',
  ]);
  expect(manifests(kit)[2]).toEqual(restore);
});

test('a manifest without a name, and arguments that the kit does not know, are faults', () => {
  expect(
    faultsOf((stack) => {
      new Manifest(stack, 'm', { manifest: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } });
      new Manifest(stack, 'n', { manifest: restore }).addOverride('wait', { moon: 'full' });
    }).map(({ rule, path, property }) => [rule, path, property]),
  ).toEqual([
    ['kit-name', 'platform/m', 'manifest'],
    ['kit-unknown-field', 'platform/n', 'wait.moon'],
  ]);
});
