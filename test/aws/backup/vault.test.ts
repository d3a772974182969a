import { BackupVault, type BackupVaultProps } from '../../../constructs/aws';
import { Duration, type EnvironmentStack } from '../../../constructs/core';
import { get, Template } from '../../helpers/template';
import { ACCOUNT, ADMINISTRATORS, HERE, keyIn, OTHER_ACCOUNT, one, rules, withAws } from '../helpers';

const declare =
  (props: Partial<BackupVaultProps> = {}) =>
  (stack: EnvironmentStack): void => {
    new BackupVault(stack, 'vault', { ...HERE, name: 'nightly', administrators: ADMINISTRATORS, ...props });
  };
const template = (props: Partial<BackupVaultProps> = {}) => Template.of(withAws(declare(props)));

test('it is encrypted by a key that is named, and no deploy destroys it', () => {
  const vault = one(template({ kmsKeyArn: keyIn('eu-west-3'), tags: { team: 'shop' } }), 'aws_backup_vault');
  expect(vault).toMatchObject({
    name: 'nightly',
    region: 'eu-west-3',
    kms_key_arn: keyIn('eu-west-3'),
    force_destroy: false,
    lifecycle: { prevent_destroy: true },
    tags: { team: 'shop' },
  });
  expect(get(one(template(), 'aws_backup_vault'), 'kms_key_arn')).toBeUndefined();
});

test('its policy keeps it from all but administrators, and lets named accounts copy into it', () => {
  const it = template({ copiesFrom: [OTHER_ACCOUNT], region: 'us-gov-west-1' });
  const policy = one(it, 'aws_backup_vault_policy');
  const [id] = it.resources('aws_backup_vault').keys();
  expect(policy['backup_vault_name']).toBe(`\${aws_backup_vault.${id}.name}`);
  const { Statement } = JSON.parse(String(policy['policy']));
  expect(Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual([
    'KeepVault',
    'KeepRecoveryPoints',
    'TakeCopies',
  ]);
  expect(Statement[1].Condition).toEqual({ ArnNotLike: { 'aws:PrincipalArn': ADMINISTRATORS } });
  expect(Statement[2].Principal).toEqual({ AWS: [`arn:aws-us-gov:iam::${OTHER_ACCOUNT}:root`] });
});

test('a governance lock has no date from which it is for good; a compliance lock has', () => {
  const retention = { minimumRetention: Duration.days(7), maximumRetention: Duration.days(400) };
  const governance = one(
    template({ lock: { mode: 'governance', ...retention } }),
    'aws_backup_vault_lock_configuration',
  );
  expect(governance).toMatchObject({ min_retention_days: 7, max_retention_days: 400 });
  expect(governance['changeable_for_days']).toBeUndefined();
  const compliance = one(
    template({ lock: { mode: 'compliance', changeableFor: Duration.days(3) } }),
    'aws_backup_vault_lock_configuration',
  );
  expect(compliance).toMatchObject({ changeable_for_days: 3, lifecycle: { prevent_destroy: true } });
  expect(compliance['min_retention_days']).toBeUndefined();
  expect(template().resources('aws_backup_vault_lock_configuration').size).toBe(0);
});

test.each<[string, Partial<BackupVaultProps>, string[]]>([
  ['a name with a dot', { name: 'a.b' }, ['aws-backup/vault-name']],
  ['a key elsewhere', { kmsKeyArn: keyIn('us-east-1') }, ['aws/kms-key']],
  ['nobody who may', { administrators: [] }, ['aws/administrators']],
  ['a place that is none', { account: '1' }, ['aws/account']],
  ['copies from no account', { copiesFrom: ['root'] }, ['aws/account']],
  [
    'a lock for good at once',
    { lock: { mode: 'compliance', changeableFor: Duration.days(2) } },
    ['aws-backup/vault-lock'],
  ],
  [
    'a lock by the hour',
    { lock: { mode: 'governance', minimumRetention: Duration.hours(12) } },
    ['aws-backup/vault-lock'],
  ],
  [
    'a lock that fits nothing',
    { lock: { mode: 'governance', minimumRetention: Duration.days(30), maximumRetention: Duration.days(7) } },
    ['aws-backup/vault-lock'],
  ],
])('%s is a fault', (_, props, expected) => expect(rules(declare(props)).faults).toEqual(expected));

test('its ARN says where it is', () => {
  Template.of(
    withAws((stack) => {
      const vault = new BackupVault(stack, 'vault', {
        ...HERE,
        name: 'nightly',
        administrators: ADMINISTRATORS,
      });
      expect(vault.arn).toBe(`arn:aws:backup:eu-west-3:${ACCOUNT}:backup-vault:nightly`);
    }),
  );
});
