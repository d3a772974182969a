import { Alerting } from '../../constructs/alerts';
import { Duration, Schedule, SecretRef, Size } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { Recovery } from '../../constructs/recovery';
import {
  Velero,
  VeleroPrerequisites,
  type VeleroProps,
  type VeleroSchedule,
  veleroOperator,
} from '../../constructs/velero';
import { get, type JsonObject, Template } from '../helpers/template';

const CA = '-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n';
const vault = Vault.s3Compatible({
  endpoint: 'https://vault.example.com',
  bucket: 'test-vault',
  caPem: CA,
});
const amazon = Vault.aws({ region: 'eu-west-1', account: '123456789012', bucket: 'test-vault' });
const variable = (name: string) => SecretRef.variable(name, { description: `the ${name}` });
const daily: VeleroSchedule = { schedule: Schedule.daily({ hour: 1 }), keep: Duration.days(30) };

const props = (different: Partial<VeleroProps> = {}): VeleroProps => ({
  environment: 'test',
  vault,
  installation: { by: 'others' },
  credentials: { accessKey: variable('velero_access_key'), secretKey: variable('velero_secret_key') },
  repositoryKey: variable('velero_repository_key'),
  schedules: { cluster: daily },
  ...different,
});

function manifest(template: Template, kind: string): JsonObject {
  const all = [...template.resources('kubernetes_manifest').values()].map(
    ({ manifest: one }) => one as JsonObject,
  );
  return all.find((one) => one['kind'] === kind) as JsonObject;
}
const declared = (different: Partial<VeleroProps> = {}): Template =>
  Template.of((stack) => void new Velero(stack, 'velero', props(different)));
const template = (schedule: Partial<VeleroSchedule>): JsonObject =>
  get(
    manifest(declared({ schedules: { cluster: { ...daily, ...schedule } } }), 'Schedule'),
    'spec.template',
  ) as JsonObject;

describe('the location', () => {
  test('of an S3-compatible store has its authority, path style and no checksums it may not know', () => {
    expect(manifest(declared(), 'BackupStorageLocation')).toEqual({
      apiVersion: 'velero.io/v1',
      kind: 'BackupStorageLocation',
      metadata: { name: 'vault', namespace: 'velero' },
      spec: {
        accessMode: '${var.velero_access_mode}',
        provider: 'aws',
        default: true,
        objectStorage: {
          bucket: 'test-vault',
          prefix: 'velero/test',
          caCert: Buffer.from(CA).toString('base64'),
        },
        credential: { name: 'velero-vault-credentials', key: 'cloud' },
        config: {
          region: 'us-east-1',
          s3Url: 'https://vault.example.com',
          s3ForcePathStyle: 'true',
          checksumAlgorithm: '',
        },
      },
    });
  });

  test('at Amazon names no endpoint, and no Secret where a role takes its place', () => {
    const spec = get(
      manifest(
        declared({
          vault: amazon,
          credentials: { roleArn: 'arn:aws:iam::123456789012:role/velero' },
          location: { bucket: 'velero-bucket', prefix: 'a/b', kmsKeyId: 'alias/v' },
        }),
        'BackupStorageLocation',
      ),
      'spec',
    );
    expect(spec).toEqual({
      accessMode: '${var.velero_access_mode}',
      provider: 'aws',
      default: true,
      objectStorage: { bucket: 'velero-bucket', prefix: 'a/b' },
      config: { region: 'eu-west-1', kmsKeyId: 'alias/v' },
    });
  });

  test('is read-only, and schedules are paused, for whoever says nothing', () => {
    const variables = declared().json['variable'] as JsonObject;
    expect(get(variables, 'velero_access_mode.default')).toBe('ReadOnly');
    expect(get(variables, 'velero_paused.default')).toBe(true);
    expect(get(variables, 'velero_paused.type')).toBe('bool');
  });

  test('takes a file of keys from a Secret that is there', () => {
    const credentials = { file: SecretRef.existing({ name: 'keys', key: 'aws' }) };
    expect(get(manifest(declared({ credentials }), 'BackupStorageLocation'), 'spec.credential')).toEqual({
      name: 'keys',
      key: 'aws',
    });
  });
});

describe('a schedule', () => {
  test('backs up all namespaces but the cluster’s own and Velero’s, without Secrets', () => {
    const schedule = manifest(declared(), 'Schedule');
    expect(get(schedule, 'spec.schedule')).toBe('0 1 * * *');
    expect(get(schedule, 'spec.paused')).toBe('${var.velero_paused}');
    expect(get(schedule, 'spec.template')).toEqual({
      ttl: '720h',
      storageLocation: 'vault',
      includedNamespaces: ['*'],
      excludedNamespaces: ['kube-node-lease', 'kube-public', 'kube-system', 'velero'],
      includedNamespaceScopedResources: ['*'],
      excludedNamespaceScopedResources: [
        'events',
        'events.events.k8s.io',
        'leases.coordination.k8s.io',
        'secrets',
      ],
      includedClusterScopedResources: [],
      defaultVolumesToFsBackup: true,
      snapshotVolumes: false,
    });
  });

  test('says its time zone', () => {
    const schedule = Schedule.daily({ hour: 1, timeZone: 'Europe/Paris' });
    const spec = get(
      manifest(declared({ schedules: { cluster: { ...daily, schedule } } }), 'Schedule'),
      'spec',
    );
    expect(get(spec, 'schedule')).toBe('CRON_TZ=Europe/Paris 0 1 * * *');
  });

  test('includes and excludes what it is told', () => {
    const spec = template({
      includedNamespaces: ['shop'],
      excludedNamespaces: ['shop-test'],
      includedResources: ['deployments.apps'],
      excludedResources: ['pods'],
      clusterResources: ['clusterroles.rbac.authorization.k8s.io'],
      archiveSecrets: true,
      labels: { team: 'front' },
    });
    expect(get(spec, 'includedNamespaces')).toEqual(['shop']);
    expect(get(spec, 'excludedNamespaces')).toEqual(['shop-test']);
    expect(get(spec, 'includedNamespaceScopedResources')).toEqual(['deployments.apps']);
    expect(get(spec, 'excludedNamespaceScopedResources')).not.toContain('secrets');
    expect(get(spec, 'excludedNamespaceScopedResources')).toContain('pods');
    expect(get(spec, 'includedClusterScopedResources')).toEqual(['clusterroles.rbac.authorization.k8s.io']);
    expect(get(spec, 'labelSelector')).toEqual({ matchLabels: { team: 'front' } });
  });

  test.each([
    ['file-system', { defaultVolumesToFsBackup: true, snapshotVolumes: false }],
    ['snapshot', { defaultVolumesToFsBackup: false, snapshotVolumes: true, snapshotMoveData: false }],
    ['snapshot-moved', { defaultVolumesToFsBackup: false, snapshotVolumes: true, snapshotMoveData: true }],
    ['opt-in', { defaultVolumesToFsBackup: false, snapshotVolumes: false }],
  ] as const)('copies volumes: %s', (volumes, expected) => {
    expect(template({ volumes })).toMatchObject(expected);
  });

  test('runs hooks before and after', () => {
    const hooks = get(
      template({
        hooks: [
          {
            name: 'freeze',
            when: 'before',
            command: ['/bin/sync'],
            labels: { app: 'web' },
            timeout: Duration.minutes(2),
          },
          {
            name: 'thaw',
            when: 'after',
            command: ['/bin/true'],
            namespaces: ['shop'],
            container: 'web',
            onError: 'continue',
          },
        ],
      }),
      'hooks.resources',
    );
    expect(hooks).toEqual([
      {
        name: 'freeze',
        labelSelector: { matchLabels: { app: 'web' } },
        pre: [{ exec: { command: ['/bin/sync'], onError: 'Fail', timeout: '2m' } }],
      },
      {
        name: 'thaw',
        includedNamespaces: ['shop'],
        post: [{ exec: { command: ['/bin/true'], container: 'web', onError: 'Continue', timeout: '30s' } }],
      },
    ]);
  });

  test('has rules on single volumes in a config map', () => {
    const made = declared({
      schedules: {
        cluster: {
          ...daily,
          volumePolicies: [{ storageClasses: ['scratch'], capacity: '100Gi,', action: 'skip' }],
        },
      },
    });
    expect(get(manifest(made, 'Schedule'), 'spec.template.resourcePolicy')).toEqual({
      kind: 'configmap',
      name: 'velero-cluster-volumes',
    });
    const data = get(made.named('kubernetes_config_map_v1', 'velero-cluster-volumes'), 'data') as JsonObject;
    expect(JSON.parse(String(data['policies.yaml']))).toEqual({
      version: 'v1',
      volumePolicies: [
        { conditions: { storageClass: ['scratch'], capacity: '100Gi,' }, action: { type: 'skip' } },
      ],
    });
  });
});

test('each schedule is an asset that Velero recovers, and protects what others declared', () => {
  Template.of((stack) => {
    const files = Recovery.of(stack).asset({
      id: 'files',
      kind: 'volume',
      criticality: 'low',
      recoveredBy: 'velero',
    });
    const schedule = {
      ...daily,
      protects: [files],
      criticality: 'critical',
      expectedSize: Size.gibibytes(5),
    } as const;
    const velero = new Velero(stack, 'velero', props({ schedules: { cluster: schedule } }));
    const asset = velero.assets.get('cluster');
    expect(asset?.props).toMatchObject({
      id: 'velero-cluster',
      criticality: 'critical',
      recoveredBy: 'velero',
    });
    for (const one of [asset, files])
      expect(one?.protections).toMatchObject([
        {
          kind: 'velero',
          retention: '30 days of backups',
          location: { vault: 'test-vault' },
          encryptedBy: { namespace: 'velero' },
        },
      ]);
  });
});

test('it is watched where that is asked for', () => {
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
  const made = declared({ alerting });
  const kinds = [...made.resources('kubernetes_manifest').values()].map((one) => get(one, 'manifest.kind'));
  expect(kinds.filter((kind) => kind === 'PrometheusRule').length).toBeGreaterThanOrEqual(2);
  expect(get(manifest(made, 'PodMonitor'), 'spec.podMetricsEndpoints.0.relabelings.1')).toEqual({
    targetLabel: 'job',
    replacement: 'velero',
  });
});

describe('what has to be there before', () => {
  const made = (different: Partial<VeleroProps> = {}): Template =>
    Template.of((stack) => void new VeleroPrerequisites(stack, 'velero', props(different)));

  test('is its repository key and its keys, by variables that no state holds', () => {
    const key = made().named('kubernetes_secret_v1', 'velero-repo-credentials');
    expect(get(key, 'data_wo')).toEqual({ 'repository-password': '${var.velero_repository_key}' });
    const keys = made().named('kubernetes_secret_v1', 'velero-vault-credentials');
    expect(get(keys, 'data_wo')).toEqual({
      cloud:
        '[default]\naws_access_key_id=${var.velero_access_key}\naws_secret_access_key=${var.velero_secret_key}\n',
    });
    expect(made().resources('kubernetes_namespace_v1').size).toBe(0);
  });

  test('is nothing where all exists', () => {
    const existing = made({
      repositoryKey: SecretRef.existing({ name: 'velero-repo-credentials', key: 'repository-password' }),
      credentials: { roleArn: 'arn:aws:iam::123456789012:role/velero' },
      vault: amazon,
    });
    expect(existing.resources('kubernetes_secret_v1').size).toBe(0);
  });

  test('is the namespace where the chart would make it, and limits of node agents', () => {
    const chart = made({
      installation: { by: 'chart', version: '12.1.0' },
      nodeAgent: { concurrency: 2, copyResources: { cpu: '500m', memory: Size.mebibytes(512) } },
    });
    expect(chart.named('kubernetes_namespace_v1', 'velero')).toBeDefined();
    const data = get(chart.named('kubernetes_config_map_v1', 'velero-node-agent'), 'data') as JsonObject;
    expect(JSON.parse(String(data['node-agent-config.json']))).toEqual({
      loadConcurrency: { globalConfig: 2 },
      podResources: { cpuRequest: '500m', cpuLimit: '500m', memoryRequest: '512Mi', memoryLimit: '512Mi' },
    });
  });
});

describe('the chart', () => {
  const chart = { by: 'chart', version: '12.1.0' } as const;

  test('is none where others install it', () => {
    expect(veleroOperator(props())).toBeUndefined();
  });

  test('is released as velero, with the plugin, without location, schedules, Secret or monitor of its own', () => {
    expect(veleroOperator(props({ installation: chart }))).toEqual({
      name: 'velero',
      namespace: 'velero',
      chart: 'velero',
      repository: 'https://vmware-tanzu.github.io/helm-charts',
      version: '12.1.0',
      values: {
        initContainers: [
          {
            name: 'velero-plugin-for-aws',
            image: 'velero/velero-plugin-for-aws:v1.14.3',
            imagePullPolicy: 'IfNotPresent',
            volumeMounts: [{ mountPath: '/target', name: 'plugins' }],
          },
        ],
        upgradeCRDs: true,
        backupsEnabled: false,
        snapshotsEnabled: false,
        credentials: { useSecret: false },
        configuration: {},
        deployNodeAgent: true,
        nodeAgent: { podVolumePath: '/var/lib/kubelet/pods' },
        metrics: {
          enabled: true,
          serviceMonitor: { enabled: false },
          nodeAgentPodMonitor: { enabled: false },
        },
        schedules: {},
      },
    });
  });

  test('takes images, role, limits, snapshots and more values', () => {
    const operator = veleroOperator(
      props({
        vault: amazon,
        credentials: { roleArn: 'arn:aws:iam::123456789012:role/velero' },
        installation: {
          ...chart,
          airGapped: true,
          chart: '/charts/velero-12.1.0.tgz',
          image: 'registry.example.com:5000/velero:v1.18.3',
          pluginImage: 'registry.example.com:5000/plugin:1',
          values: { priorityClassName: 'high' },
        },
        nodeAgent: {
          concurrency: 2,
          podsPath: '/data/kubelet/pods',
          resources: { limits: { memory: '1Gi' } },
        },
        schedules: { cluster: { ...daily, volumes: 'snapshot-moved' } },
      }),
    );
    expect(operator?.repository).toBeUndefined();
    expect(operator?.values).toMatchObject({
      image: { repository: 'registry.example.com:5000/velero', tag: 'v1.18.3' },
      initContainers: [{ image: 'registry.example.com:5000/plugin:1' }],
      upgradeCRDs: false,
      serviceAccount: {
        server: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/velero' } },
      },
      configuration: { features: 'EnableCSI' },
      nodeAgent: {
        podVolumePath: '/data/kubelet/pods',
        resources: { limits: { memory: '1Gi' } },
        extraArgs: ['--node-agent-configmap=velero-node-agent'],
      },
      priorityClassName: 'high',
    });
  });
});

describe('faults', () => {
  const schedule = (different: Partial<VeleroSchedule>) => ({
    schedules: { cluster: { ...daily, ...different } },
  });
  test.each<[string, Partial<VeleroProps>, string, string]>([
    ['no schedule', { schedules: {} }, 'velero/schedules', 'schedules is {}'],
    ['a name', { schedules: { Daily: daily } }, 'velero/schedules', 'part of the names of backups'],
    [
      'a cron',
      schedule({ schedule: Schedule.cron('61 * * * *') }),
      'schedule/invalid',
      'schedules.cluster.schedule',
    ],
    [
      'kept for less than two gaps',
      schedule({ keep: Duration.hours(47) }),
      'velero/schedule-keep',
      'up to 1 day pass',
    ],
    [
      'kept for a moment',
      schedule({ keep: Duration.seconds(5) }),
      'velero/schedule-keep',
      'an hour at least',
    ],
    [
      'no namespaces',
      schedule({ includedNamespaces: [] }),
      'velero/schedule-includednamespaces',
      'nothing would be backed up',
    ],
    [
      'a namespace in and out',
      schedule({ includedNamespaces: ['a'], excludedNamespaces: ['a'] }),
      'velero/schedule-excludednamespaces',
      'it is included as well',
    ],
    [
      'a kind in and out',
      schedule({ includedResources: ['pods'], excludedResources: ['pods'] }),
      'velero/schedule-excludedresources',
      'it is included as well',
    ],
    [
      'all volumes',
      schedule({ clusterResources: ['persistentvolumes'] }),
      'velero/schedule-clusterresources',
      'attached to nothing',
    ],
    [
      'a policy for all',
      schedule({ volumePolicies: [{ action: 'skip' }] }),
      'velero/schedule-volumepolicies[0]',
      'no condition',
    ],
    [
      'a capacity',
      schedule({ volumePolicies: [{ action: 'skip', capacity: 'big' }] }),
      'velero/schedule-volumepolicies[0]',
      'no range',
    ],
    [
      'an empty hook',
      schedule({ hooks: [{ name: 'a', when: 'before', command: [] }] }),
      'velero/schedule-hooks[0]',
      'nothing would run',
    ],
    [
      'a repository key that Velero does not look at',
      { repositoryKey: SecretRef.existing({ name: 'mine', key: 'key' }) },
      'velero/repositorykey',
      'velero-repo-credentials',
    ],
    [
      'a key in a Secret',
      { credentials: { accessKey: SecretRef.existing({ name: 'a', key: 'b' }), secretKey: variable('s') } },
      'velero/credentials',
      'reads both from one file',
    ],
    [
      'a role that is none',
      { vault: amazon, credentials: { roleArn: 'velero' } },
      'velero/credentials',
      'it is no role',
    ],
    [
      'a role elsewhere',
      { credentials: { roleArn: 'arn:aws:iam::123456789012:role/velero' } },
      'velero/credentials',
      'is not at Amazon',
    ],
    ['a prefix', { location: { prefix: '/velero/' } }, 'velero/location', 'slashes stand between'],
    ['a key of Amazon elsewhere', { location: { kmsKeyId: 'k' } }, 'velero/location', 'is not at Amazon'],
    ['an order’s id', { recover: { id: 'Incident!' } }, 'velero/recover', 'names of Restores'],
  ])('%s', (_what, different, rule, message) => {
    const faults = Template.faults((stack) => void new Velero(stack, 'velero', props(different)));
    expect(faults.map((fault) => fault.rule)).toContain(rule);
    expect(faults.find((fault) => fault.rule === rule)?.message).toContain(message);
    for (const { fix } of faults) expect(fix).not.toBe('');
  });

  test('a literal as a key', () => {
    const faults = Template.faults(
      (stack) => void new Velero(stack, 'velero', props({ repositoryKey: 'secret' as unknown as SecretRef })),
    );
    expect(faults.map((fault) => fault.rule)).toContain('secret/literal');
    expect(JSON.stringify(faults)).not.toContain('"secret"');
  });

  test('Secrets in the archive are warned of', () => {
    const warnings = Template.warnings(
      (stack) =>
        void new Velero(
          stack,
          'velero',
          props({ schedules: { cluster: { ...daily, archiveSecrets: true } } }),
        ),
    );
    expect(warnings.map(({ rule }) => rule)).toEqual(['velero/secrets-in-archive']);
  });
});
