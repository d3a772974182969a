import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, collectFaults, Schedule, SecretRef, Testing } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { synthesise } from '../../constructs/recovery/synthesise';
import { ENVIRONMENTS, type Environment, findEnvironment } from '../../environments';
import { repositoryPassphrases } from '../../environments/environment';
import { declareEnvironment } from '../../stacks';
import { get, type Json, type JsonObject } from '../helpers/template';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'environments-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function declare(...environments: Environment[]): App {
  const app = new App({
    outdir: join(directory, environments.map(({ name }) => name).join('-')),
    stackTraces: false,
  });
  for (const environment of environments) declareEnvironment(app, environment);
  return app;
}

const json = (...path: string[]): JsonObject => JSON.parse(readFileSync(join(...path), 'utf8')) as JsonObject;

describe('every environment of the reference platform', () => {
  let app: App;
  beforeAll(() => {
    app = declare(...ENVIRONMENTS);
    synthesise(app);
  });

  test('synthesises without a cluster, a vault, or a variable', () => {
    expect(readdirSync(join(app.outdir, 'stacks')).sort()).toEqual(
      ENVIRONMENTS.flatMap(({ name }) => [
        `${name}-cluster`,
        `${name}-monitoring`,
        `${name}-operators`,
        `${name}-platform`,
        `${name}-velero`,
        `vault-${name}`,
      ]).sort(),
    );
  });

  test.each(ENVIRONMENTS.map(({ name }) => name))('%s has its report and its kit', (name) => {
    const report = json(app.outdir, 'recovery', name, 'report.json');
    expect(report['environment']).toBe(name);
    expect(report['faults']).toEqual([]);
    expect((report['assets'] as Json[]).map((asset) => get(asset, 'id'))).toEqual(['orders']);
    expect(existsSync(join(app.outdir, 'recovery', name, 'kit', 'apply'))).toBe(true);
  });

  test.each(ENVIRONMENTS.map(({ name }) => name))('%s meets its objectives by what it computes', (name) => {
    const { assets } = json(app.outdir, 'recovery', name, 'report.json');
    for (const asset of assets as JsonObject[]) {
      expect(get(asset, 'computed.rpoSeconds')).toBeLessThanOrEqual(
        Number(get(asset, 'objectives.rpoSeconds')),
      );
      expect(get(asset, 'computed.rtoSeconds')).toBeLessThanOrEqual(
        Number(get(asset, 'objectives.rtoSeconds')),
      );
    }
  });

  test('the vault is in no stack that a deploy of the environment could match', () => {
    for (const { name } of ENVIRONMENTS) expect(`vault-${name}`.startsWith(`${name}-`)).toBe(false);
  });

  test('state in the vault is keyed by the incarnation, and locked', () => {
    const backend = get(
      json(app.outdir, 'stacks', 'production-platform', 'cdk.tf.json'),
      'terraform.backend.s3',
    );
    expect(backend).toMatchObject({
      key: 'state/production/unclaimed/production-platform.tfstate',
      use_lockfile: true,
    });
    expect(JSON.stringify(backend)).not.toMatch(/access_key|secret_key/);
  });

  test('layers are applied in their order', () => {
    const manifest = json(app.outdir, 'manifest.json');
    expect(get(manifest, 'stacks.staging-monitoring.dependencies')).toEqual(['staging-platform']);
    expect(get(manifest, 'stacks.staging-platform.dependencies')).toEqual(['staging-operators']);
    expect(get(manifest, 'stacks.staging-operators.dependencies')).toEqual(['staging-cluster']);
  });
});

test('faults of one environment stop all, and leave no output that could be taken for current', () => {
  const sound = findEnvironment('staging');
  const faulty = {
    ...findEnvironment('production'),
    databases: findEnvironment('production').databases.map((database) => ({
      ...database,
      backups: { full: Schedule.cron('99 * * * *'), differential: Schedule.hourly() },
    })),
  };
  synthesise(declare(sound, findEnvironment('production')));
  const app = declare(sound, faulty);
  expect(() => synthesise(app)).toThrow(/1 fault, nothing was written/);
  expect(existsSync(join(app.outdir, 'recovery', 'staging'))).toBe(false);
});

test.each(['escrow', 'published', 'records', 'state'])('an environment is not named %s', (name) => {
  const faults = collectFaults(declare({ ...findEnvironment('staging'), name }));
  expect(faults).toEqual([
    {
      rule: 'environment/name',
      path: `${name}-platform`,
      message: expect.stringContaining(`name is "${name}"`),
      fix: expect.stringContaining('any other name'),
    },
  ]);
});

test('an environment moves its databases by a second repository', () => {
  const production = findEnvironment('production');
  const { repositoryKeys, vault } = production;
  const passphrase = SecretRef.variable('repository_passphrase_2', { description: 'the new one' });
  const second = { ...repositoryKeys, vault, passphrase, number: 2, folder: '2026' };
  const moving: Environment = { ...production, repositories: [{ ...repositoryKeys, vault }, second] };
  expect(repositoryPassphrases(moving)).toEqual([
    { number: 1, passphrase: repositoryKeys.passphrase },
    { number: 2, passphrase },
  ]);
  expect(repositoryPassphrases({ ...moving, repositories: [second] })).toEqual([{ number: 2, passphrase }]);
  expect(repositoryPassphrases(production)).toEqual([{ number: 1, passphrase: repositoryKeys.passphrase }]);
  const app = declare(moving);
  expect(collectFaults(app)).toEqual([]);
  const stack = app.node.findChild('production-platform') as Parameters<typeof Testing.synth>[0];
  const synthesised = Testing.synth(stack, true);
  expect(synthesised).toContain('repo1-path=/production/orders');
  expect(synthesised).toContain('repo2-path=/production/2026/orders');
});

test('a vault at Amazon is guarded by its own stack', () => {
  const environment: Environment = {
    ...findEnvironment('production'),
    vault: Vault.aws({ region: 'eu-west-3', account: '123456789012', bucket: 'production-vault' }),
  };
  const app = declare(environment);
  expect(collectFaults(app)).toEqual([]);
  const stack = app.node.findChild('vault-production') as Parameters<typeof Testing.synth>[0];
  const synthesised = JSON.parse(Testing.synth(stack, true)) as JsonObject;
  expect(get(synthesised, 'provider.aws.0')).toMatchObject({
    region: 'eu-west-3',
    allowed_account_ids: ['123456789012'],
  });
  expect(Object.keys((synthesised['resource'] ?? {}) as JsonObject)).toContain('aws_s3_bucket_versioning');
});

test('the program tells every fault and exits 1', () => {
  const { status, stderr } = spawnSync('npx', ['tsx', 'main.ts'], {
    encoding: 'utf8',
    env: {
      ...process.env,
      VAULT_ENDPOINT: 'https://minio.storage.svc:9000',
      CDKTF_OUTDIR: join(directory, 'out'),
    },
  });
  expect(status).toBe(1);
  for (const { name } of ENVIRONMENTS)
    expect(stderr).toContain(`${name}-platform/orders: repositories[0].vault`);
  expect(stderr).toContain('fix: ');
});
