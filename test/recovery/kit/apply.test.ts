import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HelmProvider } from '@cdktf/provider-helm/lib/provider';
import { Release } from '@cdktf/provider-helm/lib/release';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { SecretV1 } from '@cdktf/provider-kubernetes/lib/secret-v1';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import fc from 'fast-check';
import {
  literal,
  runtimeVariable,
  secretVariable,
  type TerraformStack,
  TerraformVariable,
} from '../../../constructs/core';
import { PLACEHOLDERS } from '../../../constructs/core/variables';
import { buildKit } from '../../../constructs/recovery/kit';
import { CustomResource } from '../../../constructs/workloads';
import { fileOf, kitOf, synthesise } from './kits';
import { type Run, runApply } from './run-apply';

const metadata = { name: 'x', namespace: 'shop' };
const template = { metadata: {}, spec: { container: [{ name: 'c', image: 'c:1' }] } };
const script = join(__dirname, '../../../constructs/recovery/kit/scripts/apply.sh');

function platform(stack: TerraformStack): void {
  new NamespaceV1(stack, 'shop', { metadata: { name: 'shop' } });
  const initialize = runtimeVariable(stack, 'initialize', { description: 'true once', fallback: 'false' });
  new ConfigMapV1(stack, 'deploy', {
    metadata: { name: 'deploy', namespace: 'shop' },
    data: { initialize: initialize.stringValue, text: `a "${initialize.stringValue}" @{{raw:password}}` },
  });
  new ConfigMapV1(stack, 'scripts', {
    metadata: { name: 'scripts', namespace: 'shop' },
    data: { 'run.sh': literal('echo "${PGDATA}" %{x}\n@{{raw:password}}\n') },
  });
  const password = secretVariable(stack, 'password', 'Password, in the safe').stringValue;
  const key = secretVariable(stack, 'key', 'Key of the vault').stringValue;
  new SecretV1(stack, 'secret', {
    metadata: { name: 'roles', namespace: 'shop' },
    dataWo: { password, conf: `[a]\nkey=${key}\npass=${password}\n` },
    dataWoRevision: 1,
  });
  new SecretV1(stack, 'tls', { metadata: { name: 'tls', namespace: 'shop' }, dataWo: {}, dataWoRevision: 1 });
}

const values = { TF_VAR_password: 's3cr3t-pa55', TF_VAR_key: 'k3y-of-the-vault' };

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function decode(object: unknown, key: string): string {
  const { data } = object as { data: Record<string, string> };
  return Buffer.from(data[key] ?? '', 'base64').toString();
}

function find(run: Run, name: string): unknown {
  return run.objects.find((object) => (object as Named).metadata.name === name);
}

test('everything is applied in order, with values filled in', () => {
  const run = runApply(kitOf(platform), { env: values });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  expect(run.objects.map((object) => (object as Named).metadata.name)).toEqual([
    'shop',
    'deploy',
    'scripts',
    'roles',
    'tls',
  ]);
  expect(find(run, 'deploy')).toMatchObject({
    data: { initialize: 'false', text: 'a "false" @{{raw:password}}' },
  });
  expect(find(run, 'scripts')).toMatchObject({
    data: { 'run.sh': 'echo "${PGDATA}" %{x}\n@{{raw:password}}\n' },
  });
  expect(decode(find(run, 'roles'), 'password')).toBe('s3cr3t-pa55');
  expect(decode(find(run, 'roles'), 'conf')).toBe('[a]\nkey=k3y-of-the-vault\npass=s3cr3t-pa55\n');
  expect(find(run, 'tls')).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'tls', namespace: 'shop' },
    type: 'Opaque',
  });
  expect(run.stdout).toContain('layer platform: 5 objects\n');
  expect(run.stdout).toContain('applied 5 objects\n');
});

test('kubectl applies server-side, strictly, as Terraform, from a pipe', () => {
  const run = runApply(kitOf(platform), { env: values });
  expect(run.calls.map(({ argv }) => argv)).toEqual([
    ['kubectl', 'get', '--raw', '/readyz', '--request-timeout=10s'],
    [
      'kubectl',
      'apply',
      '--server-side',
      '--field-manager=Terraform',
      '--validate=strict',
      '--filename',
      '-',
    ],
  ]);
});

test('no value is among the arguments of a process, in the output or in a file', () => {
  const run = runApply(kitOf(platform), { env: values });
  const exposed = [
    ...run.calls.flatMap(({ argv }) => argv),
    run.stdout,
    run.stderr,
    ...filesBelow(run.directory),
  ];
  for (const secret of Object.values(values)) {
    const forms = [secret, Buffer.from(secret).toString('base64')];
    expect(exposed.filter((text) => forms.some((form) => text.includes(form)))).toEqual([]);
  }
});

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'));
}

test('any value arrives as it was given, in a Secret and in a text', () => {
  const kit = kitOf((stack) => {
    const value = new TerraformVariable(stack, 'value', { type: 'string' }).stringValue;
    new ConfigMapV1(stack, 'c', { metadata, data: { text: `<${value}>` } });
    new SecretV1(stack, 's', {
      metadata: { name: 's' },
      dataWo: { whole: value, part: `<${value}>\n` },
      dataWoRevision: 1,
    });
  });
  // Not NUL, which no environment can hold, nor what Terraform would compose anew.
  const character = fc.oneof(
    fc.constantFrom(
      '\\',
      '"',
      "'",
      '$',
      '{',
      '}',
      '@',
      '\n',
      '\t',
      '\r',
      ' ',
      '%',
      '`',
      '&',
      '/',
      '*',
      '~',
      '\u0001',
      '\u001f',
      '\u007f',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('@{{', '}}', '@{{raw:value}}', 'é', '漢', '😀'),
  );
  const text = fc
    .array(character, { minLength: 1, maxLength: 12 })
    .map((parts) => parts.join(''))
    .filter((value) => value.trim() !== '' && !/\0|\p{Surrogate}|[\u0080-\u009f\ufffe\uffff]/u.test(value))
    .filter((value) => !/^<.*>$|change|todo|secret/is.test(value.trim()));
  fc.assert(
    fc.property(text, (value) => {
      const run = runApply(kit, { env: { TF_VAR_value: value } });
      expect(run.stderr).toBe('');
      expect(find(run, 'x')).toMatchObject({ data: { text: `<${value}>` } });
      expect(decode(find(run, 's'), 'whole')).toBe(value);
      expect(decode(find(run, 's'), 'part')).toBe(`<${value}>\n`);
    }),
    { numRuns: 25 },
  );
}, 60_000);

test('numbers and truth values are written bare, and anything else in their place is refused', () => {
  const kit = kitOf((stack) => {
    const replicas = new TerraformVariable(stack, 'replicas', { type: 'number', default: 1 });
    const paused = new TerraformVariable(stack, 'paused', { type: 'bool', default: false });
    const web = new DeploymentV1(stack, 'web', { metadata, spec: { template } });
    web.addOverride('spec.replicas', replicas.stringValue);
    web.addOverride('spec.paused', paused.stringValue);
  });
  const sound = runApply(kit, { env: { TF_VAR_replicas: '3' } });
  expect(sound.objects).toMatchObject([{ spec: { replicas: 3, paused: false } }]);
  const unsound = runApply(kit, { env: { TF_VAR_replicas: '3 # three', TF_VAR_paused: 'perhaps' } });
  expect(unsound.objects).toEqual([]);
  expect(unsound.stderr).toMatch(
    /^ERROR TF_VAR_replicas is no whole number.* — FIX: export TF_VAR_replicas=…$/m,
  );
});

test('missing, empty and placeholder values are all named before anything is applied', () => {
  const kit = kitOf((stack) => {
    const secret = (name: string) => secretVariable(stack, name, `${name}, in the safe`).stringValue;
    new SecretV1(stack, 's', {
      metadata,
      dataWo: {
        a: secret('missing'),
        b: secret('empty'),
        c: secret('placeholder'),
        d: secret('bracket'),
        e: secret('good'),
      },
      dataWoRevision: 1,
    });
    const bucket = new TerraformVariable(stack, 'bucket', { description: 'Bucket of the vault' });
    new ConfigMapV1(stack, 'c', { metadata, data: { bucket: bucket.stringValue } });
  });
  const run = runApply(kit, {
    env: {
      TF_VAR_empty: ' ',
      TF_VAR_placeholder: 'CHANGE_ME',
      TF_VAR_bracket: '<your key>',
      TF_VAR_good: 'x9',
    },
  });
  expect(run.status).toBe(1);
  expect(run.calls.filter(({ argv }) => argv.includes('apply'))).toEqual([]);
  expect(run.stderr.trim().split('\n')).toEqual([
    'ERROR TF_VAR_bracket holds a placeholder: bracket, in the safe — FIX: export TF_VAR_bracket=… with the real value',
    'ERROR TF_VAR_bucket is not set: Bucket of the vault — FIX: export TF_VAR_bucket=…',
    'ERROR TF_VAR_empty is empty: empty, in the safe — FIX: export TF_VAR_empty=… with the real value',
    'ERROR TF_VAR_missing is not set: missing, in the safe — FIX: export TF_VAR_missing=…',
    'ERROR TF_VAR_placeholder holds a placeholder: placeholder, in the safe — FIX: export TF_VAR_placeholder=… with the real value',
    'ERROR nothing was applied, for the reasons above (5) — FIX: put all of them right, then run apply again',
  ]);
});

test.each([...PLACEHOLDERS, 'CHANGE_ME', 'Changeme', 'change-me-now', '<password>', ' todo '])(
  'the secret %j is refused as a placeholder',
  (value) => {
    const kit = kitOf((stack) => {
      new SecretV1(stack, 's', {
        metadata,
        dataWo: { a: secretVariable(stack, 'password', 'Password').stringValue },
        dataWoRevision: 1,
      });
    });
    expect(runApply(kit, { env: { TF_VAR_password: value } }).stderr).toContain(
      'TF_VAR_password holds a placeholder',
    );
  },
);

test('a dead API server and a missing tool are named with the missing values', () => {
  const down = runApply(kitOf(platform), { env: { FAKE_DOWN: 'yes' } });
  expect(down.stderr).toMatch(
    /TF_VAR_key is not set[\s\S]*the API server does not answer — FIX: check KUBECONFIG/,
  );
  const missing = runApply(kitOf(platform), { env: { ...values, KUBECTL: 'no-such-kubectl' } });
  expect(missing.stderr).toContain('ERROR no-such-kubectl is not installed — FIX: install kubectl');
});

test('KUBECTL, --context and --force-conflicts reach kubectl', () => {
  const run = runApply(kitOf(platform), {
    env: { ...values, KUBECTL: 'other-kubectl --v=0' },
    args: ['--context', 'the dead one', '--force-conflicts'],
  });
  expect(run.status).toBe(0);
  expect(run.calls[1]?.argv).toEqual([
    'other-kubectl',
    '--v=0',
    '--context',
    'the dead one',
    'apply',
    '--server-side',
    '--field-manager=Terraform',
    '--validate=strict',
    '--force-conflicts',
    '--filename',
    '-',
  ]);
});

test('a dry run changes nothing, and says what could not be checked', () => {
  const kit = kitOf((stack) => {
    platform(stack);
    new ConfigMapV1(stack, 'here', { metadata: { name: 'here' }, data: { note: 'a\nnamespace: shop\n' } });
    new Manifest(stack, 'custom', {
      manifest: { apiVersion: 'a.io/v1', kind: 'Custom', metadata: { name: 'c' } },
    });
  });
  const run = runApply(kit, { env: values, args: ['--dry-run', '--wait'] });
  expect(run.stderr).toBe('');
  const applies = run.calls.filter(({ argv }) => argv.includes('apply'));
  expect(applies.map(({ argv }) => argv.slice(2))).toEqual([
    [
      '--server-side',
      '--field-manager=Terraform',
      '--validate=strict',
      '--dry-run=server',
      '--filename',
      '-',
    ],
  ]);
  // The namespace shop is not there yet: its objects are judged in another.
  expect(run.objects.map((object) => (object as Named).metadata)).toEqual([
    { name: 'shop' },
    { name: 'here', namespace: 'default' },
    { name: 'deploy', namespace: 'default' },
    { name: 'scripts', namespace: 'default' },
    { name: 'roles', namespace: 'default' },
    { name: 'tls', namespace: 'default' },
  ]);
  expect(find(run, 'here')).toMatchObject({ data: { note: 'a\nnamespace: shop\n' } });
  expect(run.stdout).toContain('checked 6 objects, nothing was changed\nnot checked: 1 objects');
  const settled = runApply(kit, { env: { ...values, FAKE_NAMESPACES: 'default shop' }, args: ['--dry-run'] });
  expect(find(settled, 'tls')).toMatchObject({ metadata: { namespace: 'shop' } });
});

test.each([
  ['Apply failed with 1 conflict: conflict with "kubectl"', /FIX: .*--force-conflicts/],
  ['Job "x" is invalid: spec.template: Invalid value: field is immutable', /FIX: delete the object/],
  [
    'no matches for kind "Certificate" in version "cert-manager.io/v1"',
    /does not know Certificate \(cert-manager\.io\/v1\) \(layer platform\) — FIX: install the operator/,
  ],
  [
    'the server could not find the requested resource (patch podmonitors.monitoring.coreos.com orders)',
    /does not know podmonitors \(monitoring\.coreos\.com\) \(layer platform\) — FIX: install the operator/,
  ],
  ['namespaces "monitoring" not found', /there is no namespace monitoring .*FIX: make it/],
  ['strict decoding error: unknown field "spec.x"', /FIX: compare the version of Kubernetes/],
  ['secrets is forbidden: User "x" cannot patch', /FIX: use the kubeconfig/],
  ['something else', /FIX: read what kubectl said above/],
])('when the API server says %j the run ends with cause and fix', (said, fix) => {
  const run = runApply(kitOf(platform), { env: { ...values, FAKE_FAIL: said } });
  expect(run.status).toBe(1);
  const lines = run.stderr.trim().split('\n');
  expect(lines[0]).toBe(`error: ${said}`);
  expect(lines.at(-1)).toMatch(/^ERROR .*\(layer platform\)|^ERROR .* layer platform/);
  expect(lines.at(-1)).toMatch(fix);
});

describe('fields that somebody else has set', () => {
  const conflict = (...managers: string[]): string =>
    `Apply failed with ${managers.length} conflicts: ${managers.map((one) => `conflicts with "${one}" using v1:\n- .rules`).join('\n')}`;

  test('are taken over when it was Terraform, whose typed resources write as "HashiCorp"', () => {
    const run = runApply(kitOf(platform), { env: { ...values, FAKE_CONFLICT: conflict('HashiCorp') } });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('taking over fields of the layer platform that Terraform has set');
  });

  test.each([[['autoscaler']], [['HashiCorp', 'autoscaler']]])(
    'are left alone when it was %j',
    (managers) => {
      const run = runApply(kitOf(platform), { env: { ...values, FAKE_CONFLICT: conflict(...managers) } });
      expect(run.status).toBe(1);
      expect(run.stderr.trim().split('\n').at(-1)).toMatch(/FIX: .*--force-conflicts/);
    },
  );
});

const LAYERS = synthesise({
  operators: (stack) => {
    new DeploymentV1(stack, 'operator', { metadata, timeouts: { create: '5m' }, spec: { template } });
    new JobV1(stack, 'setup', { metadata: { name: 'setup' }, spec: { template } });
  },
  platform: (stack) => {
    new StatefulSetV1(stack, 'db', {
      metadata,
      spec: {
        replicas: '2',
        serviceName: 'x',
        selector: {},
        updateStrategy: [{ type: 'OnDelete' }],
        template,
      },
    });
    new Manifest(stack, 'restore', {
      manifest: { apiVersion: 'velero.io/v1', kind: 'Restore', metadata },
      wait: { fields: { 'status.phase': 'Completed|Finished' } },
      fieldManager: { name: 'velero', forceConflicts: true },
    });
    new Manifest(stack, 'issuer', {
      manifest: { apiVersion: 'a.io/v1', kind: 'Issuer', metadata: { name: 'i' } },
    });
  },
});
const layers = buildKit(LAYERS, { environment: 'test' });

test('a layer waits for the one below, the last only when asked', () => {
  const run = runApply(layers, { env: { FAKE_PHASE: 'Completed', FAKE_READY: '2' } });
  expect(run.stderr).toBe('');
  expect(run.calls.slice(1).map(({ argv }) => argv.slice(1).join(' '))).toEqual([
    'apply --server-side --field-manager=Terraform --validate=strict --filename -',
    'rollout status Deployment/x --namespace shop --timeout=300s',
    'get Job/setup --namespace default --output jsonpath={.status.conditions[?(@.status=="True")].type}',
    'apply --server-side --field-manager=Terraform --validate=strict --filename -',
    'apply --server-side --field-manager=Terraform --validate=strict --namespace default --filename -',
    'apply --server-side --field-manager=velero --validate=strict --force-conflicts --filename -',
    'get Restore/x --namespace shop --output jsonpath={.status.phase}',
  ]);
  const waited = runApply(layers, { env: { FAKE_PHASE: 'Finished', FAKE_READY: '2' }, args: ['--wait'] });
  expect(waited.calls.at(-1)?.argv.slice(1)).toEqual([
    'get',
    'StatefulSet/x',
    '--namespace',
    'shop',
    '--output',
    'jsonpath={.status.readyReplicas}',
  ]);
});

test('one layer can be applied alone, and needs only its own values', () => {
  const kit = buildKit(
    synthesise({
      one: (stack) => void new ConfigMapV1(stack, 'one', { metadata: { name: 'one' } }),
      two: (stack) => {
        const value = new TerraformVariable(stack, 'value', {}).stringValue;
        new ConfigMapV1(stack, 'two', { metadata: { name: 'two' }, data: { value } });
      },
    }),
    { environment: 'test' },
  );
  const run = runApply(kit, { args: ['--layer', 'one'] });
  expect(run.objects).toMatchObject([{ metadata: { name: 'one' } }]);
  expect(runApply(kit, { args: ['--layer', 'two'] }).stderr).toContain('TF_VAR_value is not set');
  expect(runApply(kit, { args: ['--layer', 'three'] }).stderr).toContain(
    'ERROR the kit has no layer three — FIX: ',
  );
});

describe('a layer that only watches', () => {
  const rule = (name: string) => ({
    manifest: {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name, namespace: 'shop' },
      spec: {},
    },
  });
  const [monitoring, database] = synthesise({
    // Whatever the order in which they are declared.
    monitoring: (stack) => {
      const hook = secretVariable(stack, 'hook', 'Where alerts go').stringValue;
      new SecretV1(stack, 'hook', { metadata, dataWo: { hook }, dataWoRevision: 1 });
      new Manifest(stack, 'rules', rule('orders'));
      new Manifest(stack, 'more', rule('volumes'));
    },
    database: (stack) => {
      new ConfigMapV1(stack, 'config', { metadata });
      new JobV1(stack, 'backup', { metadata: { name: 'backup' }, spec: { template } });
    },
  });
  if (monitoring === undefined || database === undefined) throw new Error('two stacks were declared');
  const kit = buildKit([{ ...monitoring, watches: true }, database], { environment: 'test' });
  const env = { TF_VAR_hook: 'https://chat.example.com/x' };
  const applied = (run: Run) => run.objects.map((object) => (object as { kind: string }).kind);

  test('is applied last, and what it watches is not waited for because of it', () => {
    const run = runApply(kit, { env });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(applied(run)).toEqual(['ConfigMap', 'Job', 'Secret', 'PrometheusRule', 'PrometheusRule']);
    expect(run.calls.some(({ argv }) => argv.includes('Job/backup'))).toBe(false);
    expect(run.stdout).toMatch(
      /layer database: 2 objects\napplied 2 objects\nlayer monitoring: 3 objects\napplied 3 objects\n$/,
    );
    expect(
      runApply(kit, { env, args: ['--wait'] }).calls.some(({ argv }) => argv.includes('Job/backup')),
    ).toBe(true);
  });

  test('that the cluster has no definitions for leaves the rest complete, and is told last, by a status of its own', () => {
    const run = runApply(kit, {
      env: { ...env, FAKE_UNKNOWN: 'PrometheusRule' },
      args: ['--context', 'a b'],
    });
    expect(run.status).toBe(3);
    expect(run.stdout).toContain('applied 2 objects\n');
    const lines = run.stderr.trim().split('\n');
    expect(lines[0]).toMatch(/^error: resource mapping not found/);
    expect(lines.at(-1)).toBe(
      'ERROR everything is applied but what watches it: the cluster does not know PrometheusRule (monitoring.coreos.com/v1) (layer monitoring) — FIX: install the operator that brings the definitions (a layer below may do that), then run apply again',
    );
    // It goes to the same cluster.
    expect(run.calls.every(({ argv }) => argv[1] === '--context' && argv[2] === 'a b')).toBe(true);
  });

  test('keeps nothing from being applied by values that it lacks', () => {
    const run = runApply(kit, {});
    expect(run.status).toBe(3);
    expect(applied(run)).toEqual(['ConfigMap', 'Job']);
    expect(run.stderr).toContain('ERROR TF_VAR_hook is not set: Where alerts go — FIX: export TF_VAR_hook=…');
    expect(run.stderr.trim().split('\n').at(-1)).toMatch(
      /^ERROR everything is applied but what watches it: nothing was applied, for the reasons above \(1\) — FIX: /,
    );
  });

  test('is not even tried when something else could not be applied', () => {
    const run = runApply(kit, { env: { ...env, FAKE_UNKNOWN: 'ConfigMap' } });
    expect(run.status).toBe(1);
    expect(run.calls.filter(({ argv }) => argv.includes('apply'))).toHaveLength(1);
  });

  test('can be left out, be applied alone, and be named', () => {
    const without = runApply(kit, { args: ['--without-monitoring'] });
    expect([without.status, applied(without)]).toEqual([0, ['ConfigMap', 'Job']]);
    for (const args of [['--monitoring'], ['--layer', 'monitoring']]) {
      const run = runApply(kit, { env, args });
      expect([run.status, applied(run)]).toEqual([0, ['Secret', 'PrometheusRule', 'PrometheusRule']]);
      // Then it is what was asked for.
      expect(runApply(kit, { env: { ...env, FAKE_UNKNOWN: 'PrometheusRule' }, args }).status).toBe(1);
    }
    const none = runApply(kitOf(platform), { args: ['--monitoring'] });
    expect([none.status, none.stdout]).toEqual([0, 'applied 0 objects\n']);
  });

  test('is checked by a dry run, too', () => {
    const run = runApply(kit, { env: { ...env, FAKE_NAMESPACES: 'default shop' }, args: ['--dry-run'] });
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(
      /checked 1 objects, nothing was changed\nnot checked: 2 objects that need .*\n$/,
    );
    expect(runApply(kit, { args: ['--dry-run'] }).stderr).toContain(
      'everything is checked but what watches it',
    );
  });

  test('stands in the README with its status', () => {
    expect(fileOf(kit, 'README.md')).toMatch(/`monitoring` only watches the others.*exit status is 3/);
    expect(fileOf(kitOf(platform), 'README.md')).not.toContain('only watches');
  });
});

describe('Velero’s layer', () => {
  const [velero, monitoring, database] = synthesise({
    velero: (stack) => {
      const accessMode = runtimeVariable(stack, 'mode', { description: 'how', fallback: 'ReadOnly' });
      const paused = runtimeVariable(stack, 'paused', {
        description: 'whether',
        fallback: 'true',
        type: 'bool',
      });
      new CustomResource(stack, 'location', {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { name: 'vault', namespace: 'velero' },
        spec: { provider: 'aws' },
        runtime: { accessMode, paused },
        force: true,
      });
    },
    monitoring: (stack) => void new ConfigMapV1(stack, 'watching', { metadata: { name: 'watching' } }),
    database: (stack) => void new ConfigMapV1(stack, 'config', { metadata: { name: 'config' } }),
  });
  if (velero === undefined || monitoring === undefined || database === undefined)
    throw new Error('three stacks');
  const kit = buildKit([{ ...velero, velero: true }, { ...monitoring, watches: true }, database], {
    environment: 'test',
  });
  const names = (run: Run) =>
    run.objects.map((object) => (object as { metadata: { name: string } }).metadata.name);

  test('comes after what does not wait for it, and before what watches', () => {
    expect(names(runApply(kit, {}))).toEqual(['config', 'vault', 'watching']);
    expect(names(runApply(kit, { args: ['--without-monitoring'] }))).toEqual(['config']);
    expect(names(runApply(kit, { args: ['--velero'] }))).toEqual(['vault']);
    expect(names(runApply(kit, { args: ['--monitoring'] }))).toEqual(['watching']);
  });

  test('has values of run time as what they are: truth values are no texts', () => {
    const spec = (run: Run) => (run.objects[0] as { spec: object }).spec;
    const args = ['--velero'];
    expect(spec(runApply(kit, { args }))).toEqual({ provider: 'aws', accessMode: 'ReadOnly', paused: true });
    const env = { TF_VAR_mode: 'ReadWrite', TF_VAR_paused: 'false' };
    expect(spec(runApply(kit, { args, env }))).toEqual({
      provider: 'aws',
      accessMode: 'ReadWrite',
      paused: false,
    });
    expect(runApply(kit, { args, env: { TF_VAR_paused: 'maybe' } }).stderr).toContain(
      'TF_VAR_paused is neither true nor false',
    );
    // A recovery has set them meanwhile.
    expect(runApply(kit, { args }).calls.some(({ argv }) => argv.includes('--force-conflicts'))).toBe(true);
  });

  test('that cannot be applied leaves the rest complete, what watches, too', () => {
    const run = runApply(kit, { env: { FAKE_UNKNOWN: 'BackupStorageLocation' } });
    expect(run.status).toBe(3);
    expect(names(run)).toContain('watching');
    expect(run.stderr.trim().split('\n').at(-1)).toMatch(
      /^ERROR everything is applied but Velero's location and schedules: the cluster does not know BackupStorageLocation/,
    );
    expect(fileOf(kit, 'README.md')).toContain('npm run velero -- ENVIRONMENT restore');
  });
});

test('a wait that fails ends the run with what to look at', () => {
  const stuck = runApply(layers, { env: { FAKE_STUCK: 'yes' } });
  expect(stuck.stderr).toContain(
    'ERROR Deployment shop/x is not ready after 300 seconds, or has failed (layer operators) — FIX: look at it: kubectl describe Deployment x --namespace shop',
  );
  const failed = runApply(layers, { env: { FAKE_JOB: 'FailureTarget Failed' } });
  expect(failed.stderr).toContain('ERROR Job default/setup is not ready after 600 seconds, or has failed');
  const late = runApply(layers, { env: { FAKE_PHASE: 'InProgress' }, args: ['--timeout', '1'] });
  expect(late.stderr).toContain('ERROR Restore shop/x is not ready after 1 seconds');
  expect(late.status).toBe(1);
});

test('a release is installed with its values over a pipe', () => {
  const kit = kitOf((stack) => {
    new HelmProvider(stack, 'helm', {});
    const password = secretVariable(stack, 'password', 'Password').stringValue;
    new Release(stack, 'r', {
      name: 'velero',
      namespace: 'velero',
      chart: 'velero',
      repository: 'https://charts.example.com',
      version: '1.0.0',
      description: 'two words',
      values: [`credentials: {key: "${password}"}\n`],
    });
  });
  const run = runApply(kit, { env: { TF_VAR_password: 'a"b\\c: d' }, args: ['--context', 'c'] });
  expect(run.stderr).toBe('');
  expect(run.calls[1]).toEqual({
    argv: [
      ...['helm', '--kube-context', 'c', 'upgrade', '--install', 'velero', 'velero', '--namespace', 'velero'],
      ...['--repo', 'https://charts.example.com', '--version', '1.0.0', '--description', 'two words'],
      ...['--wait', '--timeout', '300s', '--values', '-'],
    ],
    stdin: 'credentials:\n  key: "a\\"b\\\\c: d"\n',
  });
  const without = runApply(kit, { env: { TF_VAR_password: 'x', HELM: 'no-such-helm' } });
  expect(without.stderr).toContain('ERROR no-such-helm is not installed, and the kit has Helm releases');
});

test('unknown options are refused, and help is given', () => {
  expect(runApply(layers, { args: ['--dryrun'] }).stderr).toBe(
    'ERROR apply has no option --dryrun — FIX: see apply --help\n',
  );
  expect(runApply(layers, { args: ['--timeout', 'soon'] }).stderr).toContain(
    '--timeout soon is no number of seconds',
  );
  expect(runApply(layers, { args: ['--context'] }).stderr).toContain('--context needs a value');
  expect(runApply(layers, { args: ['--help'] }).stdout).toContain('Usage: apply [options]');
});

test('the script is clean', () => {
  const result = spawnSync('shellcheck', [script, join(__dirname, 'fake-kubectl.sh')], { encoding: 'utf8' });
  expect(result.error).toBeUndefined();
  expect(result.stdout).toBe('');
});
