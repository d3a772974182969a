import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { literal, TerraformVariable } from '../../../constructs/core';
import { buildKit, type KitStack } from '../../../constructs/recovery/kit';
import { faultsOf, kitOf, manifests, synthesise } from './kits';

const SCRIPT = `#!/usr/bin/env bash
set -euo pipefail
main() {
  local name=\${1:-"nobody"} rest="\${@:2}"
  printf '%s %{x}\\n' "\${name}" "$rest" "$$" "$\${PGDATA}" # 100%
}
main "$@"
`;

test('a script with ${, %{, quotes and dollars arrives as it was written, and readable', () => {
  const kit = kitOf((stack) => {
    new ConfigMapV1(stack, 'scripts', { metadata: { name: 's' }, data: { 'run.sh': literal(SCRIPT) } });
  });
  expect(manifests(kit)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 's', namespace: 'default' },
      data: { 'run.sh': SCRIPT },
      immutable: false,
    },
  ]);
  const file = kit.files.find(({ path }) => path.includes('configmap'))?.content;
  expect(file).toContain('  run.sh: |\n    #!/usr/bin/env bash\n    set -euo pipefail\n');
});

test('references lead to values, also inside longer texts', () => {
  const kit = kitOf((stack) => {
    const namespace = new NamespaceV1(stack, 'shop', { metadata: { name: 'shop' } });
    const account = new ServiceAccountV1(stack, 'account', {
      metadata: { name: 'web', namespace: namespace.metadata.name },
    });
    new ConfigMapV1(stack, 'settings', {
      metadata: { name: 'settings', namespace: namespace.metadata.name },
      data: {
        host: `db.${namespace.metadata.name}.svc`,
        id: account.id,
        namespaceId: namespace.id,
        both: `${namespace.metadata.name}/${account.metadata.name} ${literal('${x}')}`,
      },
    });
  });
  expect(kit.faults).toEqual([]);
  expect(manifests(kit)[2]).toMatchObject({
    metadata: { namespace: 'shop' },
    data: { host: 'db.shop.svc', id: 'shop/web', namespaceId: 'shop', both: 'shop/web ${x}' },
  });
});

test('a reference to a reference, to a key, to a whole block and into a manifest', () => {
  const kit = kitOf((stack) => {
    const one = new ConfigMapV1(stack, 'one', {
      metadata: { name: 'one' },
      data: { 'a.b': literal('${raw}') },
    });
    const manifest = new Manifest(stack, 'manifest', {
      manifest: { apiVersion: 'x.example.com/v1', kind: 'X', metadata: { name: 'x', namespace: 'n' } },
    });
    const two = new ConfigMapV1(stack, 'two', {
      metadata: { name: one.metadata.name },
      data: {
        key: `\${${one.fqn}.data["a.b"]}`,
        made: `\${${manifest.fqn}.object.metadata.name}`,
        asked: `\${${manifest.fqn}.manifest.metadata.namespace}`,
      },
    });
    two.addOverride('metadata.name', 'two');
    new DeploymentV1(stack, 'web', {
      metadata: { name: two.metadata.name },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: {} }, spec: { container: [{ name: 'web' }] } },
      },
    }).addOverride(
      'spec.template.metadata.labels',
      '${kubernetes_deployment_v1.web.spec[0].selector[0].match_labels}',
    );
  });
  expect(kit.faults).toEqual([]);
  const byName = new Map(kit.objects.map((object) => [`${object.kind}/${object.name}`, object.manifest]));
  expect(byName.get('ConfigMap/two')).toMatchObject({ data: { key: '${raw}', made: 'x', asked: 'n' } });
  expect(byName.get('Deployment/two')).toMatchObject({
    spec: { template: { metadata: { labels: { app: 'web' } } } },
  });
});

test('a reference into another stack of the kit leads through its outputs', () => {
  const stacks = acrossStacks();
  const kit = buildKit(stacks, { environment: 'test' });
  expect(kit.faults).toEqual([]);
  expect(manifests(kit)[1]).toMatchObject({ metadata: { name: 'c', namespace: 'shop' } });
});

test('a stack that the kit does not apply can be given for its outputs alone', () => {
  const [operators, platform] = acrossStacks();
  if (operators === undefined || platform === undefined) throw new Error('two stacks were declared');
  const kit = buildKit([platform], { environment: 'test', references: [operators] });
  expect(kit.faults).toEqual([]);
  expect(manifests(kit)).toMatchObject([{ metadata: { name: 'c', namespace: 'shop' } }]);
  expect(buildKit([platform], { environment: 'test' }).faults).toMatchObject([
    { rule: 'kit-unresolved-reference', message: 'The stack operators is not among the stacks of the kit.' },
  ]);
});

function acrossStacks(): readonly KitStack[] {
  let namespace: NamespaceV1 | undefined;
  return synthesise({
    operators: (stack) => {
      namespace = new NamespaceV1(stack, 'shop', { metadata: { name: 'shop' } });
    },
    platform: (stack) => {
      new ConfigMapV1(stack, 'c', { metadata: { name: 'c', namespace: namespace?.metadata.name ?? '' } });
    },
  });
}

test.each([
  ['${kubernetes_config_map_v1.c.metadata[0].uid}', 'The server gives this value when the object exists.'],
  ['${kubernetes_config_map_v1.missing.metadata[0].name}', 'No such resource is in this stack.'],
  ['${kubernetes_config_map_v1.c.data["absent"]}', 'Nothing is written there in the configuration.'],
  ['${upper("x")}', 'It is more than a reference to a value, and the kit computes nothing.'],
  ['${data.kubernetes_secret_v1.x.data["y"]}', 'A data source is read when Terraform runs.'],
  ['${var.undeclared}', 'No such variable is declared in this stack.'],
  ['${local.absent}', 'Nothing is written there in the configuration.'],
  ['${kubernetes_config_map_v1.c.data["value"]}', 'The reference leads back to itself.'],
  ['%{ if true }x%{ endif }', 'Template directives (%{ … }) have no value at synth.'],
  ['a ${kubernetes_config_map_v1.c.metadata}', 'It leads to a whole object, inside a text.'],
])('%s cannot be resolved, and the fault says why', (value, message) => {
  expect(
    faultsOf((stack) => {
      new ConfigMapV1(stack, 'c', { metadata: { name: 'c' }, data: { value } });
    }),
  ).toMatchObject([
    {
      rule: 'kit-unresolved-reference',
      path: 'platform/c',
      address: 'kubernetes_config_map_v1.c',
      property: 'data.value',
      message,
    },
  ]);
});

test('a local is followed', () => {
  const stack = {
    name: 'platform',
    terraform: {
      locals: { region: 'eu-central-1', host: 'db.${local.region}' },
      resource: {
        kubernetes_config_map_v1: { c: { metadata: { name: 'c' }, data: { host: '${local.host}' } } },
      },
    },
  };
  expect(manifests(buildKit([stack], { environment: 'test' }))).toMatchObject([
    { data: { host: 'db.eu-central-1' } },
  ]);
});

test('a name that is known only at run time is a fault, since the kit applies by name', () => {
  expect(
    faultsOf((stack) => {
      const name = new TerraformVariable(stack, 'name', { type: 'string' });
      new ConfigMapV1(stack, 'c', { metadata: { name: name.stringValue } });
      new ConfigMapV1(stack, 'd', { metadata: { name: 'd', namespace: name.stringValue } });
      new ConfigMapV1(stack, 'e', { metadata: { generateName: 'e-' } });
    }).map(({ rule, path, property }) => [rule, path, property]),
  ).toEqual([
    ['kit-name', 'platform/c', 'metadata.name'],
    ['kit-name', 'platform/d', 'metadata.namespace'],
    ['kit-name', 'platform/e', 'metadata.name'],
  ]);
});
