import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, collectFaults, Schedule, SecretRef, Testing } from '../../constructs/core';
import { Recipient } from '../../constructs/escrow';
import { Vault } from '../../constructs/object-storage';
import { synthesise } from '../../constructs/recovery/synthesise';
import { ENVIRONMENTS, type Environment, findEnvironment } from '../../environments';
import { repositoryPassphrases } from '../../environments/environment';
import { veleroFromSettings } from '../../environments/velero';
import { declareEnvironment } from '../../stacks';
import { person } from '../escrow/recipients';
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
    expect(get(manifest, 'stacks.staging-velero.dependencies')).toEqual(['staging-platform']);
  });

  test('has no Velero unless it is asked for', () => {
    for (const { name } of ENVIRONMENTS) {
      const files = readdirSync(join(app.outdir, 'recovery', name, 'kit'), { recursive: true }).map(String);
      expect(files.filter((file) => file.includes('velero'))).toEqual([]);
    }
  });
});

describe('an environment with Velero', () => {
  let recipients: Recipient[];
  beforeAll(async () => {
    const people = await Promise.all([person('On-call'), person('Safe')]);
    recipients = people.map(({ recipient: { key, name } }) => Recipient.age(key, { name }));
  });
  const settings = (by: 'chart' | 'others'): Environment => {
    process.env['VELERO'] = by;
    process.env['VELERO_RECOVER'] = 'incident-1=cluster-20260504010000';
    const { velero } = veleroFromSettings();
    delete process.env['VELERO'];
    delete process.env['VELERO_RECOVER'];
    const staging = findEnvironment('staging');
    return {
      ...staging,
      escrow: { ...staging.escrow, recipients },
      ...(velero === undefined ? {} : { velero }),
    };
  };
  const synthesised = (environment: Environment) => {
    const app = declare(environment);
    synthesise(app);
    const kit = join(app.outdir, 'recovery', 'staging', 'kit');
    return {
      output: join(app.outdir, 'recovery', 'staging'),
      plan: readFileSync(join(kit, 'plan'), 'utf8'),
      variables: readFileSync(join(kit, 'variables'), 'utf8'),
    };
  };

  test('installed by others has all of it in a layer that no database waits for', () => {
    const { output, plan, variables } = synthesised(settings('others'));
    expect(plan).toMatch(/^layer\|\d\d-staging-velero\|staging-velero\|4\|velero$/m);
    for (const name of ['velero_repository_key', 'velero_access_key', 'velero_secret_key'])
      expect(variables).toMatch(
        new RegExp(`^${name}\\|secret\\|text\\|required\\|\\|staging-velero\\|`, 'm'),
      );
    expect(variables).toMatch(/^velero_paused\|plain\|boolean\|optional\|dHJ1ZQ==\|staging-velero\|/m);
    const assets = get(json(output, 'report.json'), 'assets') as JsonObject[];
    expect(assets.find(({ id }) => id === 'velero-cluster')).toMatchObject({
      recoveredBy: 'velero',
      escrow: 'declared',
      alerts: ['VeleroBackupStale', 'VeleroBackupFailed'],
    });
    const { secrets } = json(output, 'escrow.json');
    expect(secrets).toContainEqual({
      name: 'repository key of Velero',
      variable: 'TF_VAR_velero_repository_key',
    });
    expect(
      readFileSync(join(output, 'runbooks', 'velero-schedule-velero-cluster-VeleroBackupStale.md'), 'utf8'),
    ).toContain('npm run velero -- staging status');
  });

  test('installed by its chart has its key before the chart, which is a release of the operators', () => {
    const { plan } = synthesised(settings('chart'));
    const lines = plan.split('\n');
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    expect(at('velero-repo-credentials')).toBeGreaterThan(0);
    expect(at('release|')).toBeGreaterThan(at('velero-repo-credentials'));
    expect(at('BackupStorageLocation')).toBeGreaterThan(at('release|'));
    expect(plan).toMatch(/^release\|.*\|velero\|velero$/m);
  });

  test('tells what is ordered, and refuses another way to install it', () => {
    expect(settings('others').velero?.recover).toEqual({
      id: 'incident-1',
      backup: 'cluster-20260504010000',
    });
    expect(() => settings('magic' as 'chart')).toThrow('VELERO is "magic"; it must be chart, others or none');
    delete process.env['VELERO'];
    delete process.env['VELERO_RECOVER'];
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

test.each(['escrow', 'published', 'records', 'state', 'velero'])('an environment is not named %s', (name) => {
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
