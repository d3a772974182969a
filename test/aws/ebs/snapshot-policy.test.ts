import {
  EbsSnapshotPolicy,
  type EbsSnapshotPolicyProps,
  type SnapshotSchedule,
} from '../../../constructs/aws';
import { Duration, type EnvironmentStack, Schedule, Size } from '../../../constructs/core';
import { get, Template } from '../../helpers/template';
import { ACCOUNT, AWAY, declareAsset, HERE, keyIn, one, rules, withAws } from '../helpers';
import { decide } from '../policies/evaluate';

const daily: SnapshotSchedule = {
  name: 'daily',
  schedule: Schedule.daily({ hour: 2 }),
  keepFor: Duration.days(14),
};

const declare =
  (props: Partial<EbsSnapshotPolicyProps> = {}, then: (policy: EbsSnapshotPolicy) => void = () => {}) =>
  (stack: EnvironmentStack): void =>
    then(
      new EbsSnapshotPolicy(stack, 'snapshots', {
        ...HERE,
        name: 'nightly',
        targetTags: { 'ebs.csi.aws.com/cluster': 'true' },
        schedules: [daily],
        ...props,
      }),
    );
const template = (props: Partial<EbsSnapshotPolicyProps> = {}) => Template.of(withAws(declare(props)));
const only = (more: Partial<SnapshotSchedule>): Partial<EbsSnapshotPolicyProps> => ({
  schedules: [{ ...daily, ...more }],
});

test('volumes by their tags, when, and for how long', () => {
  const { keepFor: _, ...counted } = daily;
  const it = template({
    schedules: [
      daily,
      { ...counted, name: 'hourly', schedule: Schedule.hourly({ minute: 15 }), keepNewest: 24 },
    ],
  });
  const policy = one(it, 'aws_dlm_lifecycle_policy');
  const [role] = it.resources('aws_iam_role').keys();
  expect(policy).toMatchObject({
    region: 'eu-west-3',
    state: 'ENABLED',
    execution_role_arn: `\${aws_iam_role.${role}.arn}`,
    policy_details: {
      policy_type: 'EBS_SNAPSHOT_MANAGEMENT',
      resource_types: ['VOLUME'],
      target_tags: { 'ebs.csi.aws.com/cluster': 'true' },
    },
  });
  expect(get(policy, 'policy_details.schedule')).toEqual([
    {
      name: 'daily',
      copy_tags: true,
      tags_to_add: { 'disaster-recovery-policy': 'nightly' },
      create_rule: { cron_expression: 'cron(0 2 * * ? *)' },
      retain_rule: { interval: 14, interval_unit: 'DAYS' },
    },
    {
      name: 'hourly',
      copy_tags: true,
      tags_to_add: { 'disaster-recovery-policy': 'nightly' },
      create_rule: { cron_expression: 'cron(15 * * * ? *)' },
      retain_rule: { count: 24 },
    },
  ]);
});

test('copies are encrypted and bear the tags by which they expire; fast restores only where asked for', () => {
  const policy = one(
    template(
      only({
        copies: [
          { region: 'eu-central-1', keepFor: Duration.days(30), kmsKeyArn: keyIn('eu-central-1') },
          { region: 'eu-west-1', keepFor: Duration.days(7) },
        ],
        fastRestore: { availabilityZones: ['eu-west-3a', 'eu-west-3b'] },
      }),
    ),
    'aws_dlm_lifecycle_policy',
  );
  expect(get(policy, 'policy_details.schedule.0.cross_region_copy_rule')).toEqual([
    {
      target: 'eu-central-1',
      encrypted: true,
      copy_tags: true,
      cmk_arn: keyIn('eu-central-1'),
      retain_rule: { interval: 30, interval_unit: 'DAYS' },
    },
    {
      target: 'eu-west-1',
      encrypted: true,
      copy_tags: true,
      retain_rule: { interval: 7, interval_unit: 'DAYS' },
    },
  ]);
  expect(get(policy, 'policy_details.schedule.0.fast_restore_rule')).toEqual({
    availability_zones: ['eu-west-3a', 'eu-west-3b'],
    count: 1,
  });
});

test('its role reaches as far as its copies, and its own snapshots', async () => {
  const it = template(only({ copies: [{ region: 'eu-central-1', keepFor: Duration.days(30) }] }));
  const identity = JSON.parse(String(one(it, 'aws_iam_role_policy')['policy']));
  const ask = (action: string, region: string, context = {}) =>
    decide(
      {
        what: action,
        expect: 'allowed',
        action,
        resource: `arn:aws:ec2:${region}::snapshot/snap-1`,
        context,
      },
      { identity },
    );
  expect(await ask('ec2:CopySnapshot', 'eu-central-1')).toBe('Allowed');
  expect(await ask('ec2:CopySnapshot', 'us-east-1')).toBe('ImplicitlyDenied');
  expect(
    await ask('ec2:DeleteSnapshot', 'eu-central-1', {
      'aws:ResourceTag/disaster-recovery-policy': 'nightly',
    }),
  ).toBe('Allowed');
  expect(await ask('ec2:DeleteSnapshot', 'eu-west-3')).toBe('ImplicitlyDenied');
  expect(JSON.parse(String(one(it, 'aws_iam_role')['assume_role_policy'])).Statement[0].Principal).toEqual({
    Service: ['dlm.amazonaws.com'],
  });
});

test('the volumes are an asset, protected here and where copies go; so is what is on them', () => {
  Template.of(
    withAws((stack) => {
      const covered = declareAsset(stack, { id: 'grafana' });
      declare(
        {
          covers: [covered],
          asset: { id: 'volumes', criticality: 'moderate', expectedSize: Size.gibibytes(100) },
          ...only({ copies: [{ region: 'eu-central-1', keepFor: Duration.days(30) }] }),
        },
        (policy) => {
          const [own] = policy.assets;
          expect(own?.props).toMatchObject({ id: 'volumes', kind: 'volume', recoveredBy: 'snapshot' });
          const protections = [
            {
              kind: 'snapshot',
              schedule: daily.schedule,
              delay: Duration.hours(1),
              retention: '14 days',
              location: { vault: 'EBS snapshots', ...HERE },
            },
            {
              kind: 'snapshot',
              schedule: daily.schedule,
              delay: Duration.hours(1),
              retention: '30 days',
              location: { vault: 'EBS snapshots', ...AWAY },
            },
          ];
          expect(own?.protections).toEqual(protections);
          expect(covered.protections).toEqual(protections);
        },
      )(stack);
    }),
  );
});

const copy = { region: 'eu-central-1', keepFor: Duration.days(7) };

test.each<[string, Partial<EbsSnapshotPolicyProps>, string[]]>([
  ['a name with a space', { name: 'a b' }, ['aws-ebs/name']],
  ['no tag', { targetTags: {} }, ['aws-ebs/target']],
  ['no schedule', { schedules: [] }, ['aws-ebs/schedules']],
  [
    'five schedules',
    { schedules: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...daily, name })) },
    ['aws-ebs/schedules'],
  ],
  ['two of a name', { schedules: [daily, daily] }, ['aws-ebs/name']],
  ['a name that it refuses', only({ name: 'daily!' }), ['aws-ebs/name']],
  [
    'another time zone',
    only({ schedule: Schedule.daily({ hour: 2, timeZone: 'Europe/Paris' }) }),
    ['aws/schedule'],
  ],
  ['every half hour', only({ schedule: Schedule.cron('*/30 * * * *') }), ['aws/schedule']],
  ['kept both ways', only({ keepNewest: 3 }), ['aws-ebs/retention']],
  ['kept by the hour', only({ keepFor: Duration.hours(36) }), ['aws-ebs/retention']],
  ['kept shorter than the gap', only({ keepFor: Duration.days(1) }), ['aws-ebs/retention']],
  [
    'four copies',
    only({
      copies: ['eu-central-1', 'eu-west-1', 'eu-west-2', 'eu-north-1'].map((region) => ({ ...copy, region })),
    }),
    ['aws-ebs/copies'],
  ],
  ['a copy twice', only({ copies: [copy, copy] }), ['aws-ebs/copies']],
  ['a copy in its region', only({ copies: [{ ...copy, region: 'eu-west-3' }] }), ['aws-ebs/copies']],
  ['a copy nowhere', only({ copies: [{ ...copy, region: 'mars' }] }), ['aws/region']],
  ['a copy by the hour', only({ copies: [{ ...copy, keepFor: Duration.hours(5) }] }), ['aws-ebs/copies']],
  [
    'a key of the wrong region',
    only({ copies: [{ ...copy, kmsKeyArn: keyIn('eu-west-3') }] }),
    ['aws/kms-key'],
  ],
  ['fast nowhere', only({ fastRestore: { availabilityZones: [] } }), ['aws-ebs/fast-restore']],
  [
    'fast in another region',
    only({ fastRestore: { availabilityZones: ['eu-west-1a'] } }),
    ['aws-ebs/fast-restore'],
  ],
  [
    'fast none',
    only({ fastRestore: { availabilityZones: ['eu-west-3a'], newest: 0 } }),
    ['aws-ebs/fast-restore'],
  ],
  ['a place that is none', { account: ACCOUNT.slice(1) }, ['aws/account']],
  [
    'critical volumes without a copy elsewhere',
    { asset: { id: 'v', criticality: 'critical' } },
    ['aws/copies-together'],
  ],
])('%s is a fault', (_, props, expected) => expect(rules(declare(props)).faults).toEqual(expected));

test('kept neither way is a fault, and so is a count out of range', () => {
  const { keepFor: _, ...bare } = daily;
  expect(rules(declare({ schedules: [bare] })).faults).toEqual(['aws-ebs/retention']);
  expect(rules(declare({ schedules: [{ ...bare, keepNewest: 1001 }] })).faults).toEqual([
    'aws-ebs/retention',
  ]);
  expect(rules(declare({ schedules: [{ ...bare, keepNewest: 1000 }] })).faults).toEqual([]);
});
