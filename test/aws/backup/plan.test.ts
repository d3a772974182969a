import {
  BackupPlan,
  type BackupPlanProps,
  type BackupRule,
  type BackupTarget,
  type BackupVaultReference,
} from '../../../constructs/aws';
import { Duration, type EnvironmentStack, Schedule } from '../../../constructs/core';
import { get, Template } from '../../helpers/template';
import {
  ACCOUNT,
  AWAY,
  all,
  declareAsset,
  HERE,
  keyIn,
  OTHER_ACCOUNT,
  one,
  rules,
  withAws,
} from '../helpers';
import { decide } from '../policies/evaluate';

const vaultIn = (place: { region: string; account: string }, more: Partial<BackupVaultReference> = {}) => ({
  ...place,
  name: 'copies',
  arn: `arn:aws:backup:${place.region}:${place.account}:backup-vault:copies`,
  ...more,
});
const vault: BackupVaultReference = {
  ...HERE,
  name: 'nightly',
  arn: `arn:aws:backup:eu-west-3:${ACCOUNT}:backup-vault:nightly`,
};
const database: BackupTarget = {
  ...HERE,
  type: 'RDS',
  arn: `arn:aws:rds:eu-west-3:${ACCOUNT}:db:orders`,
  kmsKeyArn: keyIn('eu-west-3'),
};
const fileSystem: BackupTarget = {
  ...HERE,
  type: 'EFS',
  arn: `arn:aws:elasticfilesystem:eu-west-3:${ACCOUNT}:file-system/fs-1`,
};
const daily: BackupRule = { name: 'daily', schedule: Schedule.daily({ hour: 2 }), keep: Duration.days(35) };

const declare =
  (props: Partial<BackupPlanProps> = {}, then: (plan: BackupPlan) => void = () => {}) =>
  (stack: EnvironmentStack): void =>
    then(
      new BackupPlan(stack, 'plan', {
        ...HERE,
        name: 'nightly',
        vault,
        rules: [daily],
        resources: [database],
        ...props,
      }),
    );
const template = (props: Partial<BackupPlanProps> = {}) => Template.of(withAws(declare(props)));

test('a rule says when, where to, for how long, and within which time', () => {
  const plan = one(
    template({
      rules: [
        { ...daily, schedule: Schedule.daily({ hour: 2, timeZone: 'Europe/Paris' }) },
        {
          name: 'monthly',
          schedule: Schedule.cron('30 3 1 * *'),
          keep: Duration.days(400),
          startWindow: Duration.hours(2),
          completionWindow: Duration.hours(12),
          copies: [
            { to: vaultIn(AWAY), keep: Duration.days(800) },
            { to: vaultIn({ region: 'eu-west-3', account: OTHER_ACCOUNT }) },
          ],
        },
      ],
    }),
    'aws_backup_plan',
  );
  expect(plan['region']).toBe('eu-west-3');
  expect(plan['rule']).toEqual([
    {
      rule_name: 'daily',
      target_vault_name: 'nightly',
      schedule: 'cron(0 2 * * ? *)',
      schedule_expression_timezone: 'Europe/Paris',
      start_window: 60,
      completion_window: 1440,
      enable_continuous_backup: false,
      lifecycle: { delete_after: 35 },
      copy_action: [],
    },
    {
      rule_name: 'monthly',
      target_vault_name: 'nightly',
      schedule: 'cron(30 3 1 * ? *)',
      schedule_expression_timezone: 'Etc/UTC',
      start_window: 120,
      completion_window: 720,
      enable_continuous_backup: false,
      lifecycle: { delete_after: 400 },
      copy_action: [
        {
          destination_vault_arn: `arn:aws:backup:eu-central-1:${ACCOUNT}:backup-vault:copies`,
          lifecycle: { delete_after: 800 },
        },
        {
          destination_vault_arn: `arn:aws:backup:eu-west-3:${OTHER_ACCOUNT}:backup-vault:copies`,
          lifecycle: { delete_after: 400 },
        },
      ],
    },
  ]);
});

test('cold storage and continuous backups, where there are any', () => {
  const cold = one(
    template({
      resources: [fileSystem],
      rules: [{ ...daily, coldAfter: Duration.days(30), keep: Duration.days(120) }],
    }),
    'aws_backup_plan',
  );
  expect(get(cold, 'rule.0.lifecycle')).toEqual({ delete_after: 120, cold_storage_after: 30 });
  const continuous = one(template({ rules: [{ ...daily, continuous: true }] }), 'aws_backup_plan');
  expect(get(continuous, 'rule.0.enable_continuous_backup')).toBe(true);
});

test('resources are selected by name, others by all of their tags and their kind', () => {
  const it = template({
    tagged: [{ name: 'volumes', tags: { backup: 'yes', environment: 'production' }, types: ['EBS'] }],
  });
  const [plan] = it.resources('aws_backup_plan').keys();
  const [role] = it.resources('aws_iam_role').keys();
  const common = {
    plan_id: `\${aws_backup_plan.${plan}.id}`,
    iam_role_arn: `\${aws_iam_role.${role}.arn}`,
    region: 'eu-west-3',
  };
  expect(all(it, 'aws_backup_selection')).toMatchObject([
    { ...common, name: 'resources', resources: [database.arn] },
    {
      ...common,
      name: 'volumes',
      resources: ['arn:aws:ec2:*:*:volume/*'],
      condition: [
        {
          string_equals: [
            { key: 'aws:ResourceTag/backup', value: 'yes' },
            { key: 'aws:ResourceTag/environment', value: 'production' },
          ],
        },
      ],
    },
  ]);
});

test('its role is for what it selects and where it copies, and for AWS Backup', async () => {
  const it = template({
    rules: [{ ...daily, copies: [{ to: vaultIn(AWAY, { kmsKeyArn: keyIn('eu-central-1') }) }] }],
  });
  expect(JSON.parse(String(one(it, 'aws_iam_role')['assume_role_policy'])).Statement[0].Principal).toEqual({
    Service: ['backup.amazonaws.com'],
  });
  const identity = JSON.parse(String(one(it, 'aws_iam_role_policy')['policy']));
  const ask = (action: string, resource: string) =>
    decide({ what: action, expect: 'allowed', action, resource }, { identity });
  expect(await ask('rds:CreateDBSnapshot', database.arn)).toBe('Allowed');
  expect(await ask('ec2:CreateSnapshot', `arn:aws:ec2:eu-west-3:${ACCOUNT}:volume/vol-1`)).toBe(
    'ImplicitlyDenied',
  );
  expect(await ask('backup:CopyIntoBackupVault', vaultIn(AWAY).arn)).toBe('Allowed');
  expect(await ask('backup:CopyIntoBackupVault', vaultIn({ ...AWAY, region: 'us-east-1' }).arn)).toBe(
    'ImplicitlyDenied',
  );
  expect(await ask('kms:Decrypt', keyIn('eu-west-3'))).toBe('Allowed');
  expect(await ask('kms:Decrypt', keyIn('eu-central-1'))).toBe('Allowed');
});

test('its role may set the retention of databases where a rule is continuous, and only there', async () => {
  const ask = async (continuous: boolean) => {
    const it = template({ rules: [{ ...daily, continuous }] });
    const identity = JSON.parse(String(one(it, 'aws_iam_role_policy')['policy']));
    const action = 'rds:ModifyDBInstance';
    return decide({ what: action, expect: 'allowed', action, resource: database.arn }, { identity });
  };
  expect(await ask(true)).toBe('Allowed');
  expect(await ask(false)).toBe('ImplicitlyDenied');
});

test('a role of yours is used as it is', () => {
  const it = template({ roleArn: `arn:aws:iam::${ACCOUNT}:role/backup` });
  expect(it.resources('aws_iam_role').size).toBe(0);
  expect(one(it, 'aws_backup_selection')['iam_role_arn']).toBe(`arn:aws:iam::${ACCOUNT}:role/backup`);
});

test('what it selects is protected, here from the tick on, elsewhere once the copy is there', () => {
  Template.of(
    withAws((stack) => {
      const asset = declareAsset(stack);
      const covered = declareAsset(stack, { id: 'volumes', kind: 'volume' });
      declare({
        resources: [{ ...database, asset }],
        tagged: [{ name: 'volumes', tags: { backup: 'yes' }, types: ['EBS'], covers: [covered] }],
        rules: [{ ...daily, copies: [{ to: vaultIn(AWAY), keep: Duration.days(90) }] }],
      })(stack);
      const expected = [
        {
          kind: 'snapshot',
          schedule: daily.schedule,
          delay: Duration.hours(1),
          retention: '35 days',
          location: { vault: 'nightly', ...HERE },
        },
        {
          kind: 'snapshot',
          schedule: daily.schedule,
          delay: Duration.hours(25),
          retention: '90 days',
          location: { vault: 'copies', ...AWAY },
        },
      ];
      expect(asset.protections).toEqual(expected);
      expect(covered.protections).toEqual(expected);
    }),
  );
});

test('the longest time without a completed backup follows from the most frequent rule', () => {
  Template.of(
    withAws(
      declare(
        {
          rules: [daily, { ...daily, name: 'weekly', schedule: Schedule.weekly({ on: 'sunday', hour: 2 }) }],
        },
        (plan) => expect(plan.longestGap()).toEqual(Duration.hours(24 + 25)),
      ),
    ),
  );
});

const lock = {
  mode: 'governance',
  minimumRetention: Duration.days(40),
  maximumRetention: Duration.days(50),
} as const;
const rule = (more: Partial<BackupRule>): Partial<BackupPlanProps> => ({ rules: [{ ...daily, ...more }] });
const copiedTo = (to: BackupVaultReference) => rule({ copies: [{ to }] });

test.each<[string, Partial<BackupPlanProps>, string[]]>([
  ['a name with a space', { name: 'my plan' }, ['aws-backup/name']],
  ['a vault elsewhere', { vault: { ...vault, ...AWAY } }, ['aws-backup/vault']],
  ['no rule', { rules: [] }, ['aws-backup/rules']],
  ['two rules of a name', { rules: [daily, daily] }, ['aws-backup/name']],
  [
    'two selections of a name',
    { tagged: ['a', 'b'].map((value) => ({ name: 'all', tags: { value }, types: ['EBS'] as const })) },
    ['aws-backup/name'],
  ],
  ['nothing selected', { resources: [] }, ['aws-backup/selection']],
  ['a resource elsewhere', { resources: [{ ...database, ...AWAY }] }, ['aws-backup/selection']],
  ['every resource', { tagged: [{ name: 'all', tags: {}, types: ['EBS'] }] }, ['aws-backup/selection']],
  ['no kind', { tagged: [{ name: 'all', tags: { a: 'b' }, types: [] }] }, ['aws-backup/selection']],
  [
    'buckets without a role',
    { tagged: [{ name: 'b', tags: { a: 'b' }, types: ['S3'] }] },
    ['aws-backup/role'],
  ],
  ['a schedule Amazon cannot say', rule({ schedule: Schedule.cron('0 2 1 * 0') }), ['aws/schedule']],
  ['a start window too short', rule({ startWindow: Duration.minutes(30) }), ['aws-backup/window']],
  ['a completion window too short', rule({ completionWindow: Duration.minutes(90) }), ['aws-backup/window']],
  ['kept by the hour', rule({ keep: Duration.hours(36) }), ['aws-backup/lifecycle']],
  [
    'kept shorter than the gap',
    rule({ schedule: Schedule.weekly({ on: 'monday', hour: 1 }), keep: Duration.days(7) }),
    ['aws-backup/lifecycle'],
  ],
  [
    'too short in cold storage',
    { resources: [fileSystem], ...rule({ coldAfter: Duration.days(30), keep: Duration.days(119) }) },
    ['aws-backup/lifecycle'],
  ],
  [
    'shorter than the lock',
    { vault: { ...vault, lock }, ...rule({ keep: Duration.days(39) }) },
    ['aws-backup/vault-lock'],
  ],
  [
    'longer than the lock',
    { vault: { ...vault, lock }, ...rule({ keep: Duration.days(51) }) },
    ['aws-backup/vault-lock'],
  ],
  ['a copy shorter than its lock', copiedTo(vaultIn(AWAY, { lock })), ['aws-backup/vault-lock']],
  ['continuous for too long', rule({ continuous: true, keep: Duration.days(36) }), ['aws-backup/continuous']],
  [
    'continuous of a file system',
    { resources: [fileSystem], ...rule({ continuous: true }) },
    ['aws-backup/continuous'],
  ],
  [
    'continuous and cold',
    rule({ continuous: true, coldAfter: Duration.days(1), keep: Duration.days(91) }),
    ['aws-backup/continuous', 'aws-backup/continuous'],
  ],
  [
    'two masters of one retention',
    { resources: [{ ...database, ownContinuousBackups: true }], ...rule({ continuous: true }) },
    ['aws-backup/continuous'],
  ],
  ['a copy in its place', copiedTo(vaultIn(HERE)), ['aws-backup/copy']],
  ['a copy in another partition', copiedTo(vaultIn({ ...AWAY, region: 'cn-north-1' })), ['aws-backup/copy']],
  [
    'a copy that is not let in',
    copiedTo(vaultIn({ ...AWAY, account: OTHER_ACCOUNT }, { copiesFrom: [] })),
    ['aws-backup/copy'],
  ],
  [
    'a key that cannot be shared',
    {
      resources: [{ ...HERE, type: 'RDS', arn: database.arn }],
      ...copiedTo(vaultIn({ ...AWAY, account: OTHER_ACCOUNT })),
    },
    ['aws-backup/copy'],
  ],
  ['a copy nowhere', copiedTo(vaultIn({ region: 'mars', account: '1' })), ['aws/region', 'aws/account']],
])('%s is a fault', (_, props, expected) => expect(rules(declare(props)).faults).toEqual(expected));

test('90 days in cold storage are enough, a lock is kept to the day, and 35 days are continuous', () => {
  const enough: Partial<BackupPlanProps>[] = [
    { resources: [fileSystem], ...rule({ coldAfter: Duration.days(30), keep: Duration.days(120) }) },
    { vault: { ...vault, lock }, ...rule({ keep: Duration.days(40) }) },
    { vault: { ...vault, lock }, ...rule({ keep: Duration.days(50) }) },
    rule({ continuous: true, keep: Duration.days(35) }),
    copiedTo(vaultIn({ ...AWAY, account: OTHER_ACCOUNT }, { copiesFrom: [ACCOUNT] })),
  ];
  for (const props of enough) expect(rules(declare(props))).toEqual({ faults: [], warnings: [] });
});

test('cold storage of what has none is told', () =>
  expect(rules(declare(rule({ coldAfter: Duration.days(30), keep: Duration.days(120) }))).warnings).toEqual([
    'aws-backup/cold-storage',
  ]));
