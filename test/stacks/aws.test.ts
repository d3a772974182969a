import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import {
  BackupAlarms,
  BackupPlan,
  BackupVault,
  EbsSnapshotPolicy,
  ProtectedDatabaseInstance,
  ProtectedFileSystem,
  RestoreTestingPlan,
} from '../../constructs/aws';
import { App, Duration, EnvironmentStack, Schedule, Size, Testing } from '../../constructs/core';
import { AwsBucket } from '../../constructs/object-storage/aws';
import { synthesise } from '../../constructs/recovery/synthesise';
import { get, type Json, type JsonObject } from '../helpers/template';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'aws-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ACCOUNT = '111122223333';
const HERE = { region: 'eu-west-3', account: ACCOUNT };
const AWAY = { region: 'eu-central-1', account: ACCOUNT };
const administrators = [`arn:aws:iam::${ACCOUNT}:role/vault-administrator`];

/** An environment whose state is at Amazon, and whose pods are in a cluster. */
function declare(app: App): void {
  const vaultStack = new EnvironmentStack(app, { environment: 'shop', layer: 'vault' });
  new AwsProvider(vaultStack, 'aws', { region: HERE.region });
  const nightly = new BackupVault(vaultStack, 'nightly', { ...HERE, name: 'nightly', administrators });
  const copies = new BackupVault(vaultStack, 'copies', { ...AWAY, name: 'copies', administrators });
  const replica = new AwsBucket(vaultStack, 'replica', {
    ...AWAY,
    name: 'acme-uploads-copy',
    administrators,
  });
  new AwsBucket(vaultStack, 'uploads', {
    ...HERE,
    name: 'acme-uploads',
    administrators,
    replication: { to: replica },
    primaryData: { criticality: 'moderate' },
  });

  const cluster = new EnvironmentStack(app, { environment: 'shop', layer: 'cluster' });
  new AwsProvider(cluster, 'aws', { region: HERE.region });
  const database = new ProtectedDatabaseInstance(cluster, 'orders', {
    ...HERE,
    name: 'orders',
    engine: 'postgres',
    engineVersion: '17.6',
    instanceClass: 'db.m7g.large',
    storage: Size.gibibytes(100),
    masterUsername: 'postgres',
    subnetGroupName: 'databases',
    securityGroupIds: ['sg-1'],
    criticality: 'critical',
    objectives: { rpo: Duration.minutes(5) },
  });
  const shared = new ProtectedFileSystem(cluster, 'shared', {
    ...HERE,
    name: 'shared',
    criticality: 'moderate',
    automaticBackups: false,
  });
  const plan = new BackupPlan(cluster, 'plan', {
    ...HERE,
    name: 'nightly',
    vault: nightly,
    resources: [database, shared],
    rules: [
      {
        name: 'daily',
        schedule: Schedule.daily({ hour: 2 }),
        keep: Duration.days(35),
        copies: [{ to: copies }],
      },
    ],
  });
  const drill = new RestoreTestingPlan(cluster, 'drill', {
    ...HERE,
    name: 'weekly',
    schedule: Schedule.weekly({ on: 'sunday', hour: 4 }),
    vaults: [nightly],
    tests: [{ name: 'orders', of: [database] }],
  });
  const volumes = new EbsSnapshotPolicy(cluster, 'volumes', {
    ...HERE,
    name: 'volumes',
    targetTags: { 'ebs.csi.aws.com/cluster': 'true' },
    schedules: [{ name: 'daily', schedule: Schedule.daily({ hour: 3 }), keepNewest: 7 }],
    asset: { id: 'volumes', criticality: 'low' },
  });
  new BackupAlarms(cluster, 'alarms', {
    ...HERE,
    name: 'shop',
    plans: [plan],
    restoreTests: [drill],
    snapshotPolicies: [volumes],
  });

  const platform = new EnvironmentStack(app, { environment: 'shop', layer: 'platform' });
  new KubernetesProvider(platform, 'kubernetes', {});
  new ConfigMapV1(platform, 'settings', {
    metadata: { name: 'settings', namespace: 'shop' },
    data: { a: 'b' },
  });
}

describe('an environment with a layer at Amazon', () => {
  const at = (...path: string[]): string => join(directory, ...path);
  const json = (...path: string[]): JsonObject => JSON.parse(readFileSync(at(...path), 'utf8')) as JsonObject;
  let warnings: string;
  beforeAll(() => {
    const told = jest.spyOn(console, 'error').mockImplementation(() => {});
    const app = Testing.stubVersion(new App({ outdir: directory, stackTraces: false }));
    declare(app);
    synthesise(app);
    warnings = told.mock.calls.flat().join('\n');
    told.mockRestore();
  });

  test('its report has what is at Amazon, with protections, drills and alarms', () => {
    const { assets, faults } = json('recovery', 'shop', 'report.json');
    expect(faults).toEqual([]);
    const brief = (assets as JsonObject[]).map((asset) => [
      get(asset, 'id'),
      get(asset, 'recoveredBy'),
      get(asset, 'computed.rpoSeconds'),
      (get(asset, 'protections') as Json[]).length,
      (get(asset, 'drills') as Json[]).length,
      (get(asset, 'alerts') as Json[]).length,
    ]);
    const daily = (24 + 1) * 3600;
    expect(brief).toEqual([
      ['acme-uploads', 'mirror', 900, 2, 0, 0],
      ['orders', 'provider', 300, 3, 1, 4],
      ['shared', 'provider', daily, 2, 0, 3],
      ['volumes', 'snapshot', daily, 1, 0, 2],
    ]);
  });

  test('that the region takes more along than the objective allows is told', () =>
    expect(warnings).toMatch(/objectives\.rpo of orders is 5 minutes.*once its region and account are lost/));

  test('its runbooks are beside the report', () =>
    expect(readdirSync(at('recovery', 'shop', 'runbooks')).sort()).toEqual([
      'shop-nightly-backup-failed.md',
      'shop-nightly-backup-missing.md',
      'shop-nightly-copy-failed.md',
      'shop-restore-failed.md',
      'shop-volumes-policy-error.md',
      'shop-volumes-snapshot-failed.md',
    ]));

  test('the kit has what is in the cluster, and names what is outside', () => {
    const kit = at('recovery', 'shop', 'kit');
    // Layers without an object of Kubernetes are no part of it.
    expect(readdirSync(kit).filter((name) => /^\d/.test(name))).toEqual(['01-shop-platform']);
    const readme = readFileSync(join(kit, 'README.md'), 'utf8');
    expect(readme).toContain('aws_db_instance.orders_instance');
    expect(readme).not.toContain('aws_backup_vault.nightly');
    const everything = readdirSync(kit, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && file.name !== 'README.md')
      .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
      .join('\n');
    expect(everything).not.toMatch(/aws_|arn:aws/);
  });

  test('stacks refer to one another by name alone: the vault is applied by itself, before', () => {
    for (const stack of ['shop-cluster', 'shop-platform']) {
      const text = readFileSync(at('stacks', stack, 'cdk.tf.json'), 'utf8');
      expect([stack, text.includes('terraform_remote_state')]).toEqual([stack, false]);
    }
  });
});
