import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BackupAlarms,
  type BackupAlarmsProps,
  BackupPlan,
  type BackupPlanProps,
  EbsSnapshotPolicy,
  ProtectedFileSystem,
  RestoreTestingPlan,
} from '../../../constructs/aws';
import { RUNBOOKS } from '../../../constructs/aws/alarms/runbooks';
import { Duration, type EnvironmentStack, Schedule } from '../../../constructs/core';
import { Recovery } from '../../../constructs/recovery';
import { type JsonObject, Template } from '../../helpers/template';
import { ACCOUNT, AWAY, declareAsset, HERE, one, rules, withAws } from '../helpers';
import { decide } from '../policies/evaluate';

const vault = (name: string, place: typeof HERE) => ({
  ...place,
  name,
  arn: `arn:aws:backup:${place.region}:${place.account}:backup-vault:${name}`,
});
const TOPIC = `arn:aws:sns:eu-west-3:${ACCOUNT}:pager`;

function declare(
  stack: EnvironmentStack,
  { plan, ...props }: Partial<BackupAlarmsProps> & { readonly plan?: Partial<BackupPlanProps> } = {},
): BackupAlarms {
  const asset = declareAsset(stack);
  const database = {
    ...HERE,
    type: 'RDS',
    arn: `arn:aws:rds:eu-west-3:${ACCOUNT}:db:orders`,
    asset,
  } as const;
  const nightly = new BackupPlan(stack, 'plan', {
    ...HERE,
    name: 'nightly',
    vault: vault('nightly', HERE),
    resources: [database],
    rules: [
      {
        name: 'daily',
        schedule: Schedule.daily({ hour: 2 }),
        keep: Duration.days(35),
        copies: [{ to: vault('copies', AWAY) }],
      },
    ],
    ...plan,
  });
  const drill = new RestoreTestingPlan(stack, 'drill', {
    ...HERE,
    name: 'weekly',
    schedule: Schedule.weekly({ on: 'sunday', hour: 4 }),
    vaults: [vault('nightly', HERE)],
    tests: [{ name: 'orders', of: [database] }],
  });
  const volumes = new EbsSnapshotPolicy(stack, 'volumes', {
    ...HERE,
    name: 'volumes',
    targetTags: { backup: 'yes', team: 'shop' },
    schedules: [{ name: 'daily', schedule: Schedule.daily({ hour: 3 }), keepNewest: 7 }],
    asset: { id: 'volumes', criticality: 'low' },
  });
  const uploads = new ProtectedFileSystem(stack, 'uploads', {
    ...HERE,
    name: 'uploads',
    criticality: 'low',
    replication: { region: 'eu-central-1', assumedLag: Duration.minutes(20) },
  });
  return new BackupAlarms(stack, 'alarms', {
    ...HERE,
    name: 'prod',
    plans: [nightly],
    restoreTests: [drill],
    snapshotPolicies: [volumes],
    fileSystems: [uploads],
    ...props,
  });
}
const template = (props: Parameters<typeof declare>[1] = {}) =>
  Template.of(withAws((stack) => void declare(stack, props)));
const named = (it: Template, type: string, key: string, name: string): JsonObject => {
  const found = [...it.resources(type).values()].find((resource) => resource[key] === name);
  if (found === undefined) throw new Error(`no ${type} is named ${name}`);
  return found;
};
const pattern = (name: string) =>
  JSON.parse(String(named(template(), 'aws_cloudwatch_event_rule', 'name', name)['event_pattern']));

/** What EventBridge does with patterns of plain values: each field that is named has one of them. */
function matches(wanted: unknown, event: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(event) ? event.some((one) => wanted.includes(one)) : wanted.includes(event);
  return Object.entries(wanted as object).every(([key, value]) =>
    matches(value, (event as Record<string, unknown> | undefined)?.[key]),
  );
}

const event = (source: string, type: string, detail: object, resources: string[] = []) => ({
  source,
  'detail-type': type,
  resources,
  detail,
});
const NIGHTLY = vault('nightly', HERE).arn;
const backupJob = (state: string, backupVaultArn = NIGHTLY) =>
  event('aws.backup', 'Backup Job State Change', { state, backupVaultArn, resourceType: 'RDS' });
const copyJob = (state: string, destinationBackupVaultArn = vault('copies', AWAY).arn) =>
  event('aws.backup', 'Copy Job State Change', { state, destinationBackupVaultArn });
const snapshot = (kind: string, result: string) =>
  event('aws.ec2', 'EBS Snapshot Notification', {
    event: kind,
    result,
    source: 'arn:aws:ec2::eu-west-3:volume/vol-1',
  });

test.each<[string, string, object, boolean]>([
  ['prod-nightly-backup-failed', 'a failed job', backupJob('FAILED'), true],
  ['prod-nightly-backup-failed', 'one that never began', backupJob('EXPIRED'), true],
  ['prod-nightly-backup-failed', 'one that was stopped', backupJob('ABORTED'), true],
  ['prod-nightly-backup-failed', 'half a job', backupJob('PARTIAL'), true],
  ['prod-nightly-backup-failed', 'a completed job', backupJob('COMPLETED'), false],
  ['prod-nightly-backup-failed', 'a job of another vault', backupJob('FAILED', vault('x', HERE).arn), false],
  ['prod-nightly-backup-failed', 'a failed copy', copyJob('FAILED'), false],
  ['prod-nightly-copy-failed', 'a failed copy', copyJob('FAILED'), true],
  ['prod-nightly-copy-failed', 'a completed copy', copyJob('COMPLETED'), false],
  ['prod-nightly-copy-failed', 'a copy of somebody else', copyJob('FAILED', vault('x', AWAY).arn), false],
  [
    'prod-restore-failed',
    'a failed restore',
    event('aws.backup', 'Restore Job State Change', { status: 'FAILED' }),
    true,
  ],
  [
    'prod-restore-failed',
    'a completed restore',
    event('aws.backup', 'Restore Job State Change', { status: 'COMPLETED' }),
    false,
  ],
  ['prod-volumes-snapshot-failed', 'a failed snapshot', snapshot('createSnapshot', 'failed'), true],
  ['prod-volumes-snapshot-failed', 'a failed copy of one', snapshot('copySnapshot', 'failed'), true],
  ['prod-volumes-snapshot-failed', 'a snapshot', snapshot('createSnapshot', 'succeeded'), false],
  ['prod-volumes-snapshot-failed', 'a shared snapshot', snapshot('shareSnapshot', 'failed'), false],
])('%s: %s', (name, _, one, expected) => expect(matches(pattern(name), one)).toBe(expected));

test('a policy in error is told by its own ARN', () => {
  const it = template();
  const [id] = it.resources('aws_dlm_lifecycle_policy').keys();
  const rule = named(it, 'aws_cloudwatch_event_rule', 'name', 'prod-volumes-policy-error');
  expect(JSON.parse(String(rule['event_pattern']))).toEqual({
    source: ['aws.dlm'],
    'detail-type': ['DLM Policy State Change'],
    resources: [`\${aws_dlm_lifecycle_policy.${id}.arn}`],
    detail: { state: ['ERROR'] },
  });
});

test('no backup within the longest gap, start and completion: 24 + 1 + 24 hours, and absence fires', () => {
  expect(
    named(
      template({ topicArn: TOPIC }),
      'aws_cloudwatch_metric_alarm',
      'alarm_name',
      'prod-nightly-backup-missing',
    ),
  ).toMatchObject({
    region: 'eu-west-3',
    namespace: 'AWS/Backup',
    metric_name: 'NumberOfBackupJobsCompleted',
    dimensions: { BackupVaultName: 'nightly' },
    statistic: 'Sum',
    comparison_operator: 'LessThanThreshold',
    threshold: 1,
    period: 3600,
    evaluation_periods: 49,
    datapoints_to_alarm: 49,
    treat_missing_data: 'breaching',
    alarm_actions: [TOPIC],
    ok_actions: [TOPIC],
  });
});

test('a replica that lags more than it is held to', () => {
  const it = template();
  const [source] = it.resources('aws_efs_file_system').keys();
  const [replication] = it.resources('aws_efs_replication_configuration').keys();
  expect(named(it, 'aws_cloudwatch_metric_alarm', 'alarm_name', 'prod-uploads-replica-lags')).toMatchObject({
    namespace: 'AWS/EFS',
    metric_name: 'TimeSinceLastSync',
    dimensions: {
      FileSystemId: `\${aws_efs_file_system.${source}.id}`,
      DestinationFileSystemId: `\${aws_efs_replication_configuration.${replication}.destination[0].file_system_id}`,
    },
    comparison_operator: 'GreaterThanThreshold',
    threshold: 1200,
    period: 300,
    evaluation_periods: 3,
    treat_missing_data: 'breaching',
  });
});

test('rarer than a week cannot be seen by CloudWatch: that is told, and failures still are', () => {
  const plan = {
    rules: [
      { name: 'weekly', schedule: Schedule.weekly({ on: 'sunday', hour: 2 }), keep: Duration.days(35) },
    ],
  };
  const it = template({ plan });
  expect(
    [...it.resources('aws_cloudwatch_metric_alarm').values()].map((alarm) => alarm['alarm_name']),
  ).toEqual(['prod-uploads-replica-lags']);
  expect(named(it, 'aws_cloudwatch_event_rule', 'name', 'prod-nightly-backup-failed')).toBeDefined();
  expect(rules((stack) => void declare(stack, { plan })).warnings).toContain('aws-alarms/absence');
});

test('each goes to the topic, as a sentence with its runbook', () => {
  const it = template({ topicArn: TOPIC, runbookBaseUrl: 'https://runbooks.example.com/prod/' });
  const targets = [...it.resources('aws_cloudwatch_event_target').values()];
  expect(targets).toHaveLength(5);
  for (const target of targets) expect(target['arn']).toBe(TOPIC);
  expect(targets[0]?.['input_transformer']).toEqual({
    input_paths: { resource: '$.detail.resourceArn', state: '$.detail.state', why: '$.detail.statusMessage' },
    input_template:
      '"Backup <state>: <resource>. <why> Runbook: https://runbooks.example.com/prod/prod-nightly-backup-failed.md"',
  });
  expect(it.resources('aws_sns_topic').size).toBe(0);
});

test('without a topic there is one, to which EventBridge, CloudWatch and buckets of this account may publish', async () => {
  const it = template();
  const [id] = it.resources('aws_sns_topic').keys();
  expect(one(it, 'aws_sns_topic')).toMatchObject({ name: 'prod-backup-alarms', region: 'eu-west-3' });
  const text = String(one(it, 'aws_sns_topic_policy')['policy']);
  const resource = JSON.parse(text.replaceAll(`\${aws_sns_topic.${id}.arn}`, TOPIC));
  const ask = (principal: string, account: string) =>
    decide(
      {
        what: principal,
        expect: 'allowed',
        action: 'sns:Publish',
        resource: TOPIC,
        principal,
        owner: ACCOUNT,
        context: { 'aws:SourceAccount': account },
      },
      { resource },
    );
  expect(await ask('events.amazonaws.com', ACCOUNT)).toBe('Allowed');
  expect(await ask('cloudwatch.amazonaws.com', ACCOUNT)).toBe('Allowed');
  expect(await ask('s3.amazonaws.com', ACCOUNT)).toBe('Allowed');
  expect(await ask('cloudwatch.amazonaws.com', '999999999999')).not.toBe('Allowed');
  expect(await ask('s3.amazonaws.com', '999999999999')).not.toBe('Allowed');
  expect(await ask('lambda.amazonaws.com', ACCOUNT)).not.toBe('Allowed');
});

test('what is watched knows by what, and each alarm has a runbook with its names in it', () => {
  Template.of(
    withAws((stack) => {
      const alarms = declare(stack);
      const watches = Object.fromEntries(
        Recovery.assets(stack).map(({ props, watches: of }) => [props.id, of.map(({ alert }) => alert)]),
      );
      expect(watches).toEqual({
        orders: [
          'prod-nightly-backup-failed',
          'prod-nightly-copy-failed',
          'prod-nightly-backup-missing',
          'prod-restore-failed',
        ],
        volumes: ['prod-volumes-policy-error', 'prod-volumes-snapshot-failed'],
        uploads: ['prod-uploads-replica-lags'],
      });
      const files = Object.assign({}, ...Recovery.writers(stack, 'test').map((write) => write()));
      expect(Object.keys(files)).toEqual(alarms.alarms.map((name) => `runbooks/${name}.md`));
      for (const [name, text] of Object.entries<string>(files)) {
        expect([name, text.match(/^## .*$/gm)]).toEqual([
          name,
          ['## Symptoms', '## Diagnosis', '## Immediate actions', '## Recovery', '## Postmortem'],
        ]);
        expect([name, text.includes('{{')]).toEqual([name, false]);
        expect([name, text.includes('--region eu-west-3')]).toEqual([name, true]);
      }
      expect(files['runbooks/prod-nightly-backup-missing.md']).toContain('for 49 hours');
      expect(files['runbooks/prod-nightly-copy-failed.md']).toContain(
        `\`copies\` (eu-central-1, ${ACCOUNT})`,
      );
      expect(files['runbooks/prod-volumes-policy-error.md']).toContain(
        "'Name=tag:backup,Values=yes' 'Name=tag:team,Values=shop'",
      );
    }),
  );
});

test('commands of runbooks that are to be pasted are shell', () => {
  Template.of(
    withAws((stack) => {
      declare(stack);
      for (const text of Recovery.writers(stack, 'test').flatMap((write) => Object.values(write())))
        for (const [, script = ''] of text.matchAll(/^```sh\n([\s\S]*?)^```$/gm))
          execFileSync('bash', ['-n'], { input: script });
    }),
  );
});

test('no template is without an alarm, no alarm without a template', () =>
  expect(readdirSync(join(__dirname, '../../../constructs/aws/alarms/runbooks')).sort()).toEqual(
    RUNBOOKS.map((name) => `${name}.md`).sort(),
  ));

test.each<[string, Partial<BackupAlarmsProps>, string[]]>([
  ['a name with a space', { name: 'a b' }, ['aws-alarms/declaration']],
  [
    'nothing watched',
    { plans: [], restoreTests: [], snapshotPolicies: [], fileSystems: [] },
    ['aws-alarms/declaration'],
  ],
  [
    'another region',
    { region: 'eu-central-1', restoreTests: [] },
    Array.from({ length: 3 }, () => 'aws-alarms/declaration'),
  ],
  ['no place', { account: '', plans: [], snapshotPolicies: [], fileSystems: [] }, ['aws/account']],
])('%s is a fault', (_, props, expected) =>
  expect(
    rules((stack) => void declare(stack, props)).faults.filter(
      (rule) => rule.startsWith('aws-al') || rule === 'aws/account',
    ),
  ).toEqual(expected),
);

test('a replica whose lag is not assumed cannot be compared', () =>
  expect(
    rules((stack) => {
      const plain = new ProtectedFileSystem(stack, 'plain', { ...HERE, name: 'plain', criticality: 'low' });
      declare(stack, { fileSystems: [plain] });
    }).faults,
  ).toContain('aws-alarms/declaration'));
