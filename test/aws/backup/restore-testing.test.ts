import { type BackupTarget, RestoreTestingPlan, type RestoreTestingPlanProps } from '../../../constructs/aws';
import { Duration, type EnvironmentStack, Schedule } from '../../../constructs/core';
import { Recovery } from '../../../constructs/recovery';
import { get, Template } from '../../helpers/template';
import { ACCOUNT, AWAY, declareAsset, HERE, one, rules, withAws } from '../helpers';
import { decide } from '../policies/evaluate';

const vault = { ...HERE, name: 'nightly', arn: `arn:aws:backup:eu-west-3:${ACCOUNT}:backup-vault:nightly` };
const database: BackupTarget = { ...HERE, type: 'RDS', arn: `arn:aws:rds:eu-west-3:${ACCOUNT}:db:orders` };
const fileSystem: BackupTarget = {
  ...HERE,
  type: 'EFS',
  arn: `arn:aws:elasticfilesystem:eu-west-3:${ACCOUNT}:file-system/fs-1`,
};
const schedule = Schedule.weekly({ on: 'sunday', hour: 4 });
const test1 = { name: 'orders', of: [database] };

const declare =
  (props: Partial<RestoreTestingPlanProps> = {}) =>
  (stack: EnvironmentStack): void => {
    new RestoreTestingPlan(stack, 'drill', {
      ...HERE,
      name: 'weekly',
      schedule,
      vaults: [vault],
      tests: [test1],
      ...props,
    });
  };
const template = (props: Partial<RestoreTestingPlanProps> = {}) => Template.of(withAws(declare(props)));

test('a plan says when, and of which backups', () => {
  expect(one(template(), 'aws_backup_restore_testing_plan')).toMatchObject({
    name: 'weekly',
    region: 'eu-west-3',
    schedule_expression: 'cron(0 4 ? * SUN *)',
    schedule_expression_timezone: 'Etc/UTC',
    start_window_hours: 8,
    recovery_point_selection: [
      {
        algorithm: 'LATEST_WITHIN_WINDOW',
        include_vaults: [vault.arn],
        recovery_point_types: ['CONTINUOUS', 'SNAPSHOT'],
        selection_window_days: 30,
      },
    ],
  });
  const random = one(
    template({ pick: 'random', lookBack: Duration.days(90), startWindow: Duration.hours(2) }),
    'aws_backup_restore_testing_plan',
  );
  expect(get(random, 'recovery_point_selection.0')).toMatchObject({
    algorithm: 'RANDOM_WITHIN_WINDOW',
    selection_window_days: 90,
  });
  expect(random['start_window_hours']).toBe(2);
});

test('a test says what is restored, where, and how long it stays', () => {
  const it = template({
    tests: [{ ...test1, keepFor: Duration.hours(4), overrides: { dbSubnetGroupName: 'drills' } }],
  });
  const [plan] = it.resources('aws_backup_restore_testing_plan').keys();
  const [role] = it.resources('aws_iam_role').keys();
  expect(one(it, 'aws_backup_restore_testing_selection')).toMatchObject({
    name: 'orders',
    region: 'eu-west-3',
    restore_testing_plan_name: `\${aws_backup_restore_testing_plan.${plan}.name}`,
    iam_role_arn: `\${aws_iam_role.${role}.arn}`,
    protected_resource_type: 'RDS',
    protected_resource_arns: [database.arn],
    validation_window_hours: 4,
    restore_metadata_overrides: { dbSubnetGroupName: 'drills' },
  });
});

test('its role restores this kind, and deletes nothing', async () => {
  const identity = JSON.parse(String(one(template(), 'aws_iam_role_policy')['policy']));
  const ask = (action: string, resource: string) =>
    decide({ what: action, expect: 'allowed', action, resource }, { identity });
  expect(await ask('rds:RestoreDBInstanceToPointInTime', database.arn)).toBe('Allowed');
  expect(await ask('rds:DeleteDBInstance', database.arn)).toBe('ImplicitlyDenied');
  expect(await ask('elasticfilesystem:Restore', fileSystem.arn)).toBe('ImplicitlyDenied');
});

test('it is a drill of what it restores', () => {
  Template.of(
    withAws((stack) => {
      const asset = declareAsset(stack);
      declare({ tests: [{ name: 'orders', of: [{ ...database, asset }] }] })(stack);
      expect(asset.drills).toEqual([
        {
          schedule,
          checks: [
            'AWS Backup restores its newest recovery point of 30 days beside it',
            'the copy stays for 1 hour; nothing looks into it by itself',
          ],
        },
      ]);
    }),
  );
});

test('where backups are rarer than a test looks back, there would be nothing to restore', () => {
  const weekly = (lookBack: Duration) =>
    rules((stack) => {
      const asset = declareAsset(stack);
      Recovery.of(stack).protects(asset, {
        kind: 'snapshot',
        schedule,
        retention: '',
        location: { vault: 'nightly' },
      });
      declare({ lookBack, tests: [{ name: 'orders', of: [{ ...database, asset }] }] })(stack);
    }).faults;
  expect(weekly(Duration.days(6))).toEqual(['aws-backup/restore-testing']);
  expect(weekly(Duration.days(7))).toEqual([]);
});

const RULE = 'aws-backup/restore-testing';

test.each<[string, Partial<RestoreTestingPlanProps>, string[]]>([
  ['a hyphen', { name: 'every-week' }, [RULE]],
  ['two tests of a name', { tests: [test1, test1] }, [RULE]],
  ['no vault', { vaults: [] }, [RULE]],
  ['a vault elsewhere', { vaults: [{ ...vault, ...AWAY }] }, [RULE]],
  ['no test', { tests: [] }, [RULE]],
  ['a test of nothing', { tests: [{ name: 'a', of: [] }] }, [RULE]],
  ['two kinds in a test', { tests: [{ name: 'a', of: [database, fileSystem] }] }, [RULE]],
  ['too many in a test', { tests: [{ name: 'a', of: Array.from({ length: 31 }, () => database) }] }, [RULE]],
  [
    'buckets without a role',
    { tests: [{ name: 'a', of: [{ ...HERE, type: 'S3', arn: 'arn:aws:s3:::b' }] }] },
    [RULE],
  ],
  ['a copy that stays too long', { tests: [{ ...test1, keepFor: Duration.hours(169) }] }, [RULE]],
  ['a window by the minute', { startWindow: Duration.minutes(90) }, [RULE]],
  ['a look back of more than a year', { lookBack: Duration.days(366) }, [RULE]],
  ['a schedule Amazon cannot say', { schedule: Schedule.cron('0 2 1 * 0') }, ['aws/schedule']],
  ['a place that is none', { account: '' }, ['aws/account', RULE]],
])('%s is a fault', (_, props, expected) => expect(rules(declare(props)).faults).toEqual(expected));
