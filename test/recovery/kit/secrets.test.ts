import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { SecretV1 } from '@cdktf/provider-kubernetes/lib/secret-v1';
import {
  runtimeVariable,
  secretVariable,
  type TerraformStack,
  TerraformVariable,
} from '../../../constructs/core';
import { faultsOf, fileOf, kitOf } from './kits';

const metadata = { name: 's', namespace: 'shop' };

function password(stack: TerraformStack): string {
  return secretVariable(stack, 'password', 'Password of the superuser, in the safe').stringValue;
}

test('the values of a Secret are markers on disk', () => {
  const kit = kitOf((stack) => {
    new SecretV1(stack, 's', {
      metadata,
      type: 'kubernetes.io/basic-auth',
      dataWo: { password: password(stack), conf: `[a]\nkey=${password(stack)}\n`, empty: '' },
      dataWoRevision: 1,
    });
  });
  expect(kit.faults).toEqual([]);
  expect(fileOf(kit, '01-platform/01-secret-shop-s.yaml.template')).toBe(`apiVersion: v1
kind: Secret
metadata:
  name: s
  namespace: shop
type: kubernetes.io/basic-auth
data:
  password: "@{{base64:${base64('@{{raw:password}}')}}}"
  conf: "@{{base64:${base64('[a]\nkey=@{{raw:password}}\n')}}}"
  empty: ""
`);
  expect(JSON.parse(fileOf(kit, 'secrets.json'))).toEqual([
    {
      namespace: 'shop',
      name: 's',
      type: 'kubernetes.io/basic-auth',
      keys: { password: ['TF_VAR_password'], conf: ['TF_VAR_password'], empty: [] },
      filledBy: 'variables',
    },
  ]);
  expect(fileOf(kit, 'variables')).toBe(
    'password|secret|text|required||platform|Password of the superuser, in the safe\n',
  );
});

test('a Secret that a job in the cluster fills has no data to own', () => {
  const kit = kitOf((stack) => {
    new SecretV1(stack, 's', { metadata, dataWo: {}, dataWoRevision: 1 });
  });
  expect(fileOf(kit, '01-platform/01-secret-shop-s.yaml')).toBe(
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: shop\ntype: Opaque\n',
  );
  expect(kit.secrets).toEqual([
    { namespace: 'shop', name: 's', type: 'Opaque', keys: {}, filledBy: 'cluster' },
  ]);
  expect(fileOf(kit, 'README.md')).toContain('- `shop/s`');
});

test('whoever runs it without the deploy command is told about the keys of the lost cluster', () => {
  const told = (dataWo: (stack: TerraformStack) => Record<string, string>): boolean => {
    const kit = kitOf((stack) => {
      new SecretV1(stack, 's', { metadata, dataWo: dataWo(stack), dataWoRevision: 1 });
    });
    return fileOf(kit, 'README.md').includes('revoke the old ones first');
  };
  expect(told((stack) => ({ key: password(stack) }))).toBe(true);
  expect(told(() => ({}))).toBe(false);
});

test('values that are base64 already are not encoded again', () => {
  const kit = kitOf((stack) => {
    new SecretV1(stack, 's', {
      metadata,
      binaryDataWo: { keystore: password(stack) },
      binaryDataWoRevision: 1,
      data: { plain: password(stack) },
    });
  });
  expect(fileOf(kit, '01-platform/01-secret-shop-s.yaml.template')).toContain(
    `data:\n  plain: "@{{base64:${base64('@{{raw:password}}')}}}"\n  keystore: "@{{text:password}}"\n`,
  );
});

test('a value in the configuration is a fault that does not repeat it', () => {
  const faults = faultsOf((stack) => {
    new SecretV1(stack, 's', { metadata, data: { password: 'hunter2' }, immutable: true });
    new SecretV1(stack, 't', { metadata: { name: 't' }, binaryData: { blob: 'aHVudGVyMg==' } });
    new Manifest(stack, 'm', {
      manifest: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'm' }, stringData: { a: 'hunter2' } },
    });
  });
  expect(faults.map(({ rule, path, property }) => [rule, path, property])).toEqual([
    ['kit-literal-secret', 'platform/s', 'data["password"]'],
    ['kit-literal-secret', 'platform/t', 'binary_data["blob"]'],
    ['kit-literal-secret', 'platform/m', 'manifest.stringData["a"]'],
  ]);
  expect(JSON.stringify(faults)).not.toMatch(/hunter2|aHVudGVyMg/);
});

test('a key that is no secret can be named as such', () => {
  const kit = kitOf(
    (stack) => {
      new SecretV1(stack, 's', {
        metadata,
        dataWo: { username: 'app', password: password(stack) },
        dataWoRevision: 1,
      });
    },
    { plainSecretKeys: ['shop/s:username'] },
  );
  expect(kit.faults).toEqual([]);
  expect(fileOf(kit, '01-platform/01-secret-shop-s.yaml.template')).toContain(
    `  username: ${base64('app')}\n`,
  );
});

test('write-only values without a revision would be ignored by Terraform', () => {
  expect(
    faultsOf((stack) => {
      new SecretV1(stack, 's', { metadata, dataWo: { password: password(stack) } });
    }),
  ).toMatchObject([
    { rule: 'kit-invalid-value', property: 'data_wo', fix: expect.stringContaining('data_wo_revision') },
  ]);
});

test('a setting in a config map is filled at run time, with its default', () => {
  const kit = kitOf((stack) => {
    const initialize = runtimeVariable(stack, 'initialize', { description: 'true once', fallback: 'false' });
    new ConfigMapV1(stack, 'c', {
      metadata: { name: 'c', namespace: 'shop' },
      data: { initialize: initialize.stringValue, quoted: `"${initialize.stringValue}" @{{text:x}}\n` },
    });
  });
  expect(fileOf(kit, '01-platform/01-configmap-shop-c.yaml.template')).toContain(
    'data:\n  initialize: "@{{text:initialize}}"\n  quoted: "\\"@{{text:initialize}}\\" @{{open:}}text:x}}\\n"\n',
  );
  expect(fileOf(kit, 'variables')).toBe(
    `initialize|plain|text|optional|${base64('false')}|platform|true once\n`,
  );
});

test('the default of a sensitive variable is a secret and stays out of the kit', () => {
  const kit = kitOf((stack) => {
    const variable = new TerraformVariable(stack, 'token', { sensitive: true, default: 'hunter2' });
    new ConfigMapV1(stack, 'c', { metadata: { name: 'c' }, data: { token: variable.stringValue } });
  });
  expect(kit.variables).toEqual([
    { name: 'token', secret: true, form: 'text', description: '', conditions: [], layers: ['platform'] },
  ]);
  expect(kit.files.filter(({ content }) => content.includes('hunter2'))).toEqual([]);
});

test('variables that no shell can set, and defaults that are no text, are faults', () => {
  expect(
    faultsOf((stack) => {
      const hyphen = new TerraformVariable(stack, 'one', { default: 'x' });
      hyphen.overrideLogicalId('not-a-name');
      const list = new TerraformVariable(stack, 'list', { default: ['x'] });
      const none = new TerraformVariable(stack, 'none', {});
      none.addOverride('default', null);
      new ConfigMapV1(stack, 'c', {
        metadata: { name: 'c' },
        data: { a: hyphen.stringValue, b: list.stringValue, c: none.stringValue },
      });
    }).map(({ rule, address }) => [rule, address]),
  ).toEqual([
    ['kit-variable', 'var.list'],
    ['kit-variable', 'var.none'],
    ['kit-variable', 'var.not-a-name'],
  ]);
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
