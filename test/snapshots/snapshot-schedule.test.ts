import { Alerting } from '../../constructs/alerts';
import { Duration, Schedule, SecretRef, Size } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { computeObjectives, Recovery } from '../../constructs/recovery';
import {
  SnapshotClass,
  SnapshotExpiryPolicy,
  SnapshotSchedule,
  type SnapshotScheduleProps,
} from '../../constructs/snapshots';
import type { Container } from '../../constructs/workloads';
import { RESTRICTED_CONTAINER } from '../../constructs/workloads';
import { secret, VAULT } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';
import { manifests as kitManifests, kitOf } from '../recovery/kit/kits';

const EBS = { name: 'ebs', driver: 'ebs.csi.aws.com', deletionPolicy: 'Retain' } as const;

const props = (different: Partial<SnapshotScheduleProps> = {}): SnapshotScheduleProps => ({
  name: 'orders',
  namespace: 'shop',
  image: 'registry.example.com/postgres:17',
  claims: ['data-orders-0'],
  class: EBS,
  schedule: Schedule.daily({ hour: 2 }),
  keep: { daily: 7, weekly: 4 },
  vault: VAULT,
  accessKey: secret('access_key'),
  secretKey: secret('secret_key'),
  ...different,
});

let schedule: SnapshotSchedule;
const declared = (different?: Partial<SnapshotScheduleProps>): Template =>
  Template.of((stack) => {
    schedule = new SnapshotSchedule(stack, 'snapshots', props(different));
  });
const cronJobOf = (template: Template) => template.named('kubernetes_cron_job_v1', 'orders-snapshots');
const POD = 'spec.job_template.spec.template.spec';
const container = (cronJob: JsonObject): JsonObject => object(get(cronJob, `${POD}.container.0`) ?? {});
const variable = (cronJob: JsonObject, name: string) => get(byName(container(cronJob)['env'], name), 'value');
const rules = (template: Template, type: string, name: string) => get(template.named(type, name), 'rule');

const CHECKPOINT: Container = {
  name: 'checkpoint',
  image: 'registry.example.com/postgres:17',
  imagePullPolicy: 'IfNotPresent',
  command: ['psql', '-c', 'checkpoint'],
  env: [],
  volumeMount: [{ name: 'password', mountPath: '/run/secrets/password' }],
  resources: {},
  securityContext: RESTRICTED_CONTAINER,
  terminationMessagePolicy: 'FallbackToLogsOnError',
};

describe('a snapshot schedule', () => {
  test('runs by its schedule, later by its own moment, one at a time and for a bounded time', () => {
    const cronJob = cronJobOf(declared());
    expect(get(cronJob, 'spec.timezone')).toBe('Etc/UTC');
    expect(get(cronJob, 'spec.schedule')).toMatch(/^[0-9] 2 \* \* \*$/);
    expect(get(cronJob, 'spec.concurrency_policy')).toBe('Forbid');
    expect(get(cronJob, 'spec.job_template.spec.backoff_limit')).toBe(1);
    // Two attempts, of an hour and a quarter each.
    expect(get(cronJob, 'spec.job_template.spec.active_deadline_seconds')).toBe(9000);
    expect(container(cronJob)['command']).toEqual(['/scripts/take.sh']);
    expect(get(container(cronJob), 'security_context.read_only_root_filesystem')).toBe(true);
    expect(
      Object.fromEntries(
        ['CLAIMS', 'CLAIM_SELECTOR', 'SNAPSHOT_CLASS', 'GROUP_CLASS', 'READY_SECONDS'].map((name) => [
          name,
          variable(cronJob, name),
        ]),
      ),
    ).toEqual({
      CLAIMS: '["data-orders-0"]',
      CLAIM_SELECTOR: '',
      SNAPSHOT_CLASS: 'ebs',
      GROUP_CLASS: '',
      READY_SECONDS: '3600',
    });
    expect(JSON.parse(String(variable(cronJob, 'KEEP')))).toEqual({
      hourly: 0,
      daily: 7,
      weekly: 4,
      monthly: 0,
      yearly: 0,
      atLeast: 3,
    });
  });

  test('may do as little as it can: of claims it reads those that it names, of contents it lists none', () => {
    const template = declared();
    const account = 'orders-snapshot-schedule';
    expect(rules(template, 'kubernetes_role_v1', account)).toEqual([
      {
        api_groups: ['snapshot.storage.k8s.io'],
        resources: ['volumesnapshots'],
        verbs: ['create', 'get', 'list', 'delete'],
      },
      {
        api_groups: [''],
        resources: ['persistentvolumeclaims'],
        resource_names: ['data-orders-0'],
        verbs: ['get'],
      },
    ]);
    expect(rules(template, 'kubernetes_cluster_role_v1', `shop-${account}`)).toEqual([
      {
        api_groups: ['snapshot.storage.k8s.io'],
        resources: ['volumesnapshotcontents'],
        verbs: ['get', 'patch'],
      },
    ]);
    // Where the class deletes by itself, there is no policy to change.
    const deleting = declared({ class: { ...EBS, deletionPolicy: 'Delete' } });
    expect(get(rules(deleting, 'kubernetes_cluster_role_v1', `shop-${account}`), '0.verbs')).toEqual(['get']);
    const cronJob = cronJobOf(template);
    expect(get(cronJob, `${POD}.automount_service_account_token`)).toBe(false);
    expect(get(cronJob, `${POD}.service_account_name`)).toBe(account);
  });

  test('what comes before the snapshot comes right before it, and has no token', () => {
    const berlin = Schedule.daily({ hour: 2, timeZone: 'Europe/Berlin' });
    const cronJob = cronJobOf(
      declared({
        schedule: berlin,
        before: [CHECKPOINT],
        volumes: [{ name: 'password', secret: { secretName: 'orders' } }],
        podLabels: { 'app.kubernetes.io/component': 'backup' },
      }),
    );
    const before = get(cronJob, `${POD}.init_container`) as readonly JsonObject[];
    // A moment that cron cannot say in a zone with summer time is waited for first of all.
    expect(before.map(({ name }) => name)).toEqual(['delay', 'checkpoint']);
    expect(before[0]?.['command']).toEqual(['sleep', expect.stringMatching(/^\d+$/)]);
    for (const one of before)
      expect(JSON.stringify(one['volume_mount'] ?? [])).not.toContain('serviceaccount');
    expect(byName(get(cronJob, `${POD}.volume`), 'password')).toMatchObject({
      secret: { secret_name: 'orders' },
    });
    expect(get(cronJob, 'spec.job_template.spec.template.metadata.labels')).toMatchObject({
      'app.kubernetes.io/component': 'backup',
      'app.kubernetes.io/name': 'snapshot-schedule',
    });
    // In UTC, cron says the moment, and a run by hand waits for nothing.
    expect(get(cronJobOf(declared()), `${POD}.init_container`) ?? []).toEqual([]);
  });

  test('protects what it is handed, or is an asset of its own', () => {
    declared({ objectives: { rpo: Duration.hours(25) }, expectedSize: Size.gibibytes(10) });
    expect(schedule.asset.props).toMatchObject({
      id: 'orders',
      kind: 'volume',
      criticality: 'moderate',
      recoveredBy: 'snapshot',
    });
    expect(schedule.asset.protections).toMatchObject([
      {
        kind: 'snapshot',
        retention: '7 daily, 4 weekly, never fewer than the newest 3',
        location: { vault: 'snapshots of ebs.csi.aws.com' },
      },
    ]);
    const rpo = computeObjectives(schedule.asset).rpo?.toSeconds() ?? 0;
    expect(rpo).toBeGreaterThanOrEqual(86_400);
    expect(rpo).toBeLessThan(86_400 + 600);
    Template.of((stack) => {
      const asset = Recovery.of(stack).asset({
        id: 'database',
        kind: 'postgres',
        criticality: 'critical',
        recoveredBy: 'itself',
      });
      const location = { vault: 'ebs', region: 'eu-west-1' };
      const one = new SnapshotSchedule(stack, 'snapshots', props({ asset, class: { ...EBS, location } }));
      expect(one.asset).toBe(asset);
      expect(asset.protections).toMatchObject([{ kind: 'snapshot', location }]);
      expect(Recovery.assets(stack)).toEqual([asset]);
    });
  });

  test('is watched where it is said how, by what it pushes and by its CronJob', () => {
    const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
    const template = declared({ alerting, pushgateway: 'http://pushgateway.monitoring:9091' });
    expect(schedule.asset.watches.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        'SnapshotTooOld',
        'SnapshotNever',
        'SnapshotNotReady',
        'SnapshotsUnwatched',
        'CronJobStale',
        'CronJobLastRunFailed',
      ]),
    );
    expect(variable(cronJobOf(template), 'PUSHGATEWAY_URL')).toBe('http://pushgateway.monitoring:9091');
    const labels = get(cronJobOf(template), 'spec.job_template.spec.template.metadata.labels');
    expect(labels).toMatchObject({ 'cdktf-disaster-recovery/pushes-metrics': 'true' });
    declared();
    expect(schedule.asset.watches).toEqual([]);
  });

  test('is made of core kinds alone: what a cluster lacks keeps nothing else from coming back', () => {
    const template = declared();
    expect([...template.resources('kubernetes_manifest').values()]).toEqual([]);
  });

  test('takes claims together where the class can', () => {
    const template = declared({
      claims: undefined as never,
      claimSelector: { app: 'orders' },
      together: true,
      class: { ...EBS, groupClass: 'ebs' },
    });
    expect(variable(cronJobOf(template), 'GROUP_CLASS')).toBe('ebs');
    expect(variable(cronJobOf(template), 'CLAIM_SELECTOR')).toBe('app=orders');
    const role = rules(template, 'kubernetes_role_v1', 'orders-snapshot-schedule') as readonly JsonObject[];
    expect(role.map(({ resources, verbs }) => [resources, verbs])).toEqual([
      [['volumesnapshots'], ['create', 'get', 'list', 'delete']],
      [['volumegroupsnapshots'], ['create', 'get', 'list', 'delete']],
      [['persistentvolumeclaims'], ['list']],
    ]);
  });

  test.each<[Partial<SnapshotScheduleProps>, string]>([
    [{ name: 'Orders' }, 'name is "Orders"'],
    [{ path: 'production' }, 'path is "production"'],
    [{ schedule: Schedule.cron('61 * * * *') }, 'schedule "61 * * * *"'],
    [{ keep: { daily: -1 } }, 'keep.daily is -1'],
    [{ keep: { atLeast: 0 } }, 'keep.atLeast is 0'],
    [{ claims: [] }, 'claims is []; nothing would be taken'],
    [{ claims: ['a', 'a'] }, 'one is named twice'],
    [{ claims: ['../a'] }, 'claims is "../a"'],
    [{ claimSelector: { app: 'x' } }, 'and claimSelector is there as well'],
    [{ together: true }, 'together is true; a group snapshot finds its claims by their labels'],
    [{ together: true }, 'class ebs has no group class'],
    [{ readyWithin: Duration.seconds(1) }, 'readyWithin is "1 s"'],
    [{ pushgateway: 'pushgateway' }, 'pushgateway is "pushgateway"; it is no URL'],
    [
      { alerting: new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' }) },
      'its alerts would read metrics that nobody has',
    ],
    [{ before: [{ ...CHECKPOINT, name: 'snapshots' }] }, 'before is "snapshots"'],
    [{ accessKey: 'AKIA' as never }, 'accessKey is a literal string'],
    [{ vault: Vault.s3Compatible({ endpoint: 'vault', bucket: 'b' }) }, 'endpoint'],
  ])('is refused with %j', (different, message) => {
    const faults = Template.faults((stack) => {
      new SnapshotSchedule(stack, 'snapshots', props(different));
    });
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    expect(faults.every(({ fix }) => fix !== '')).toBe(true);
    expect(JSON.stringify(faults)).not.toContain('AKIA');
  });
});

const manifests = (template: Template) =>
  [...template.resources('kubernetes_manifest').values()]
    .map((one) => object(one['manifest'] ?? {}))
    .sort((a, b) => (`${a['kind']}` < `${b['kind']}` ? 1 : -1));

describe('a snapshot class', () => {
  test('retains unless it is told otherwise, and has a group where it is said', () => {
    let declaredClass: SnapshotClass | undefined;
    const template = Template.of((stack) => {
      declaredClass = new SnapshotClass(stack, 'class', {
        name: 'ebs',
        driver: 'ebs.csi.aws.com',
        parameters: { 'csi.storage.k8s.io/snapshotter-secret-name': '${x}' },
        group: { parameters: { a: 'b' } },
        isDefault: true,
      });
    });
    expect(manifests(template)).toEqual([
      {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshotClass',
        metadata: {
          name: 'ebs',
          annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' },
        },
        driver: 'ebs.csi.aws.com',
        deletionPolicy: 'Retain',
        parameters: { 'csi.storage.k8s.io/snapshotter-secret-name': '$${x}' },
      },
      {
        apiVersion: 'groupsnapshot.storage.k8s.io/v1',
        kind: 'VolumeGroupSnapshotClass',
        metadata: { name: 'ebs' },
        driver: 'ebs.csi.aws.com',
        deletionPolicy: 'Retain',
        parameters: { a: 'b' },
      },
    ]);
    expect(declaredClass).toMatchObject({ deletionPolicy: 'Retain', groupClass: 'ebs' });
  });

  test('is refused with a name, a driver or a policy that cannot be', () => {
    const faults = Template.faults((stack) => {
      new SnapshotClass(stack, 'class', { name: 'Ebs', driver: '', deletionPolicy: 'Keep' as never });
    });
    const messages = faults.map(({ message }) => message).join('\n');
    for (const text of ['name is "Ebs"', 'driver is ""', 'deletionPolicy is "Keep"'])
      expect(messages).toContain(text);
  });
});

test('the admission policy is one for a cluster, and binds', () => {
  const template = Template.of((stack) => {
    new SnapshotExpiryPolicy(stack, 'policy', { groups: true });
  });
  expect(manifests(template).map(({ kind }) => kind)).toEqual([
    'ValidatingAdmissionPolicyBinding',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicy',
  ]);
  for (const one of manifests(template))
    if (one['kind'] === 'ValidatingAdmissionPolicyBinding')
      expect(get(one, 'spec.validationActions')).toEqual(['Deny']);
    else expect(get(one, 'spec.failurePolicy')).toBe('Fail');
});

test('all of it is in the recovery kit: classes and policy before the schedule', () => {
  const kit = kitOf((stack) => {
    new SnapshotClass(stack, 'class', { name: 'ebs', driver: 'ebs.csi.aws.com', group: {} });
    new SnapshotExpiryPolicy(stack, 'policy', { groups: true });
    new SnapshotSchedule(
      stack,
      'snapshots',
      props({
        accessKey: SecretRef.existing({ name: 'vault', key: 'access' }),
        secretKey: SecretRef.existing({ name: 'vault', key: 'secret' }),
        before: [CHECKPOINT],
        volumes: [{ name: 'password', secret: { secretName: 'orders' } }],
      }),
    );
  });
  expect(kit.faults).toEqual([]);
  const kinds = kitManifests(kit).map((manifest) => (manifest as { kind: string }).kind);
  expect(new Set(kinds)).toEqual(
    new Set([
      'ServiceAccount',
      'ClusterRole',
      'Role',
      'ClusterRoleBinding',
      'RoleBinding',
      'ConfigMap',
      'VolumeSnapshotClass',
      'VolumeGroupSnapshotClass',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'CronJob',
    ]),
  );
  expect(kinds.at(-1)).toBe('CronJob');
  const cronJob = kitManifests(kit).at(-1) as {
    spec: { jobTemplate: { spec: { template: { spec: { initContainers: { name: string }[] } } } } };
  };
  const { initContainers } = cronJob.spec.jobTemplate.spec.template.spec;
  expect(initContainers.map(({ name }) => name)).toContain('checkpoint');
});
