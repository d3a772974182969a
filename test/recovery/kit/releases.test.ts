import { HelmProvider } from '@cdktf/provider-helm/lib/provider';
import { Release, type ReleaseConfig } from '@cdktf/provider-helm/lib/release';
import { parse } from 'yaml';
import { runtimeVariable, secretVariable, type TerraformStack } from '../../../constructs/core';
import type { Kit } from '../../../constructs/recovery/kit';
import { faultsOf, fileOf, kitOf } from './kits';

const base = {
  name: 'velero',
  namespace: 'velero',
  chart: 'velero',
  repository: 'https://charts.example.com',
  version: '11.0.0',
};
const folder = '01-platform/01-release-velero-velero';

function declare(different: Partial<ReleaseConfig>): (stack: TerraformStack) => void {
  return (stack) => {
    new HelmProvider(stack, 'helm', {});
    new Release(stack, 'r', { ...base, ...different });
  };
}

function soundKit(declaration: (stack: TerraformStack) => void): Kit {
  const kit = kitOf(declaration);
  expect(kit.faults).toEqual([]);
  return kit;
}

test('a release is a chart reference, arguments of helm and one document of values', () => {
  const kit = soundKit(
    declare({
      createNamespace: true,
      atomic: false,
      waitForJobs: true,
      maxHistory: 5,
      timeout: 600,
      lint: true,
      values: ['a: {b: 1, c: [1, 2]}\nd: yes\n', 'a: {b: 2}\ne: null\n'],
      set: [
        { name: 'a.x', value: 'true' },
        { name: 'a.y', value: '7', type: 'string' },
        { name: 'nodeSelector.kubernetes\\.io/os', value: 'linux' },
      ],
      setList: [{ name: 'list', value: ['p', 'q'] }],
    }),
  );
  expect(fileOf(kit, `${folder}/arguments`)).toBe(
    'velero\n--repo\nhttps://charts.example.com\n--version\n11.0.0\n--create-namespace\n--history-max\n5\n--wait-for-jobs\n--wait\n--timeout\n600s\n',
  );
  expect(parse(fileOf(kit, `${folder}/values.yaml`))).toEqual({
    a: { b: 2, c: [1, 2], x: true, y: '7' },
    d: true,
    e: null,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    list: ['p', 'q'],
  });
  expect(fileOf(kit, 'plan')).toBe(`layer|01-platform|platform|1\nrelease|${folder}|velero|velero\n`);
  expect(fileOf(kit, 'README.md')).toContain(
    '| velero/velero | https://charts.example.com velero | 11.0.0 |',
  );
});

test('variables in values are markers, wherever they stand', () => {
  const kit = soundKit((stack) => {
    const key = secretVariable(stack, 'key', 'Key').stringValue;
    const region = runtimeVariable(stack, 'region', { description: 'Region', fallback: 'r' }).stringValue;
    declare({
      values: [`credentials:\n  cloud: |\n    [default]\n    key=${key}\nregion: ${region}\n`],
      setWo: [{ name: 'token', value: key }],
      setWoRevision: 1,
    })(stack);
  });
  expect(fileOf(kit, `${folder}/values.yaml.template`)).toBe(
    'credentials:\n  cloud: "[default]\\nkey=@{{text:key}}\\n"\nregion: "@{{text:region}}"\ntoken: "@{{text:key}}"\n',
  );
});

test('charts in an OCI registry, and charts of this machine', () => {
  const oci = soundKit(declare({ repository: 'oci://registry.example.com/charts/' }));
  expect(fileOf(oci, `${folder}/arguments`).split('\n')[0]).toBe('oci://registry.example.com/charts/velero');
  const { repository: _none, version: _any, ...local } = base;
  const kit = soundKit((stack) => {
    new HelmProvider(stack, 'helm', {});
    new Release(stack, 'r', { ...local, chart: '/srv/charts/velero-11.0.0.tgz' });
  });
  expect(fileOf(kit, `${folder}/arguments`).split('\n')[0]).toBe('charts/velero-11.0.0.tgz');
  expect(kit.charts).toEqual([{ from: '/srv/charts/velero-11.0.0.tgz', to: 'charts/velero-11.0.0.tgz' }]);
});

test('what helm cannot do from a kit is a fault', () => {
  const { version: _newest, ...unpinned } = base;
  const faults = faultsOf((stack) => {
    new HelmProvider(stack, 'helm', {});
    new Release(stack, 'a', {
      ...unpinned,
      name: 'a',
      repositoryPassword: 'hunter2',
      repositoryUsername: 'u',
    });
    new Release(stack, 'b', { ...base, name: 'b', values: ['{'], set: [{ name: 'x[0]', value: 'y' }] });
    new Release(stack, 'c', { ...base, name: 'c', set: [{ name: 'x', value: '{a,b}' }] });
    new Release(stack, 'd', { ...base, name: 'd', chart: './chart', postrender: { binaryPath: 'x' } });
  });
  expect(faults.map(({ path, property }) => [path, property])).toEqual([
    ['platform/a', 'version'],
    ['platform/a', 'repository_password'],
    ['platform/a', 'repository_username'],
    ['platform/b', 'values[0]'],
    ['platform/b', 'set[0].name'],
    ['platform/c', 'set[0].value'],
    ['platform/d', 'chart'],
    ['platform/d', 'postrender'],
  ]);
  expect(JSON.stringify(faults)).not.toContain('hunter2');
});
