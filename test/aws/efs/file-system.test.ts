import { BackupPlan, ProtectedFileSystem, type ProtectedFileSystemProps } from '../../../constructs/aws';
import { Duration, type EnvironmentStack, Schedule } from '../../../constructs/core';
import { computeObjectives } from '../../../constructs/recovery';
import { get, Template } from '../../helpers/template';
import { ACCOUNT, AWAY, all, HERE, keyIn, one, rules, withAws } from '../helpers';

const declare =
  (
    props: Partial<ProtectedFileSystemProps> = {},
    then: (fileSystem: ProtectedFileSystem, stack: EnvironmentStack) => void = () => {},
  ) =>
  (stack: EnvironmentStack): void =>
    then(
      new ProtectedFileSystem(stack, 'uploads', { ...HERE, name: 'uploads', criticality: 'low', ...props }),
      stack,
    );
const template = (props: Partial<ProtectedFileSystemProps> = {}) => Template.of(withAws(declare(props)));

test('it is encrypted, found by its token, no replica of anybody, and not destroyed', () => {
  expect(
    one(template({ kmsKeyArn: keyIn('eu-west-3'), tags: { team: 'shop' } }), 'aws_efs_file_system'),
  ).toMatchObject({
    region: 'eu-west-3',
    creation_token: 'uploads',
    encrypted: true,
    kms_key_id: keyIn('eu-west-3'),
    throughput_mode: 'elastic',
    protection: { replication_overwrite: 'ENABLED' },
    lifecycle: { prevent_destroy: true },
    tags: { Name: 'uploads', team: 'shop' },
  });
  expect(get(one(template({ protect: false }), 'aws_efs_file_system'), 'lifecycle.prevent_destroy')).toBe(
    false,
  );
});

test('it is mounted where it is asked for, by whom it is asked for', () => {
  const it = template({ subnetIds: ['subnet-a', 'subnet-b'], securityGroupIds: ['sg-1'] });
  const [id] = it.resources('aws_efs_file_system').keys();
  expect(all(it, 'aws_efs_mount_target')).toMatchObject(
    ['subnet-a', 'subnet-b'].map((subnet_id) => ({
      file_system_id: `\${aws_efs_file_system.${id}.id}`,
      subnet_id,
      security_groups: ['sg-1'],
    })),
  );
  expect(all(template(), 'aws_efs_mount_target')).toEqual([]);
});

test('Amazon’s own backups are on, unless a plan makes them', () => {
  expect(get(one(template(), 'aws_efs_backup_policy'), 'backup_policy.status')).toBe('ENABLED');
  expect(
    get(one(template({ automaticBackups: false }), 'aws_efs_backup_policy'), 'backup_policy.status'),
  ).toBe('DISABLED');
});

test('it is replicated to another region under a key of that region', () => {
  const it = template({ replication: { region: 'eu-central-1', kmsKeyArn: keyIn('eu-central-1') } });
  const [id] = it.resources('aws_efs_file_system').keys();
  expect(one(it, 'aws_efs_replication_configuration')).toMatchObject({
    region: 'eu-west-3',
    source_file_system_id: `\${aws_efs_file_system.${id}.id}`,
    destination: { region: 'eu-central-1', kms_key_id: keyIn('eu-central-1') },
  });
});

test('it is an asset of the provider’s, with its backups and its replica', () => {
  Template.of(
    withAws(
      declare(
        { replication: { region: 'eu-central-1', assumedLag: Duration.minutes(15) } },
        ({ asset, replica }) => {
          expect(asset.props).toMatchObject({ id: 'uploads', kind: 'efs', recoveredBy: 'provider' });
          expect(asset.protections).toEqual([
            {
              kind: 'snapshot',
              schedule: Schedule.daily({ hour: 0 }),
              delay: Duration.days(1),
              retention: '35 days',
              location: { vault: 'aws/efs/automatic-backup-vault', ...HERE },
            },
            {
              kind: 'mirror',
              maximumLag: Duration.minutes(15),
              retention: 'as the original, without a history',
              location: { vault: 'EFS replica', ...AWAY },
            },
          ]);
          expect(computeObjectives(asset).rpo).toEqual(Duration.minutes(15));
          expect(replica).toMatchObject({ region: 'eu-central-1', assumedLag: Duration.minutes(15) });
        },
      ),
    ),
  );
});

test('a plan backs it up by its ARN', () => {
  const vault = { ...HERE, name: 'nightly', arn: `arn:aws:backup:eu-west-3:${ACCOUNT}:backup-vault:nightly` };
  const it = Template.of(
    withAws(
      declare({ automaticBackups: false }, (fileSystem, stack) => {
        new BackupPlan(stack, 'plan', {
          ...HERE,
          name: 'nightly',
          vault,
          resources: [fileSystem],
          rules: [{ name: 'daily', schedule: Schedule.daily({ hour: 2 }), keep: Duration.days(35) }],
        });
        expect(fileSystem.asset.protections).toHaveLength(1);
      }),
    ),
  );
  const [id] = it.resources('aws_efs_file_system').keys();
  expect(one(it, 'aws_backup_selection')['resources']).toEqual([`\${aws_efs_file_system.${id}.arn}`]);
});

test.each<[string, Partial<ProtectedFileSystemProps>, string[]]>([
  ['no name', { name: '' }, ['aws-efs/name']],
  ['a key elsewhere', { kmsKeyArn: keyIn('us-east-1') }, ['aws/kms-key']],
  ['anybody mounts it', { subnetIds: ['subnet-a'] }, ['aws-efs/network']],
  ['replicated in its place', { replication: { region: 'eu-west-3' } }, ['aws-efs/replication']],
  ['replicated nowhere', { replication: { region: 'mars' } }, ['aws/region']],
  [
    'replicated under a key from here',
    { replication: { region: 'eu-central-1', kmsKeyArn: keyIn('eu-west-3') } },
    ['aws/kms-key'],
  ],
  ['a place that is none', { account: 'x' }, ['aws/account']],
  ['critical, with Amazon’s backups alone', { criticality: 'critical' }, ['aws/copies-together']],
  ['critical, and not backed up', { criticality: 'critical', automaticBackups: false }, ['aws/no-copy']],
])('%s is a fault', (_, props, expected) => expect(rules(declare(props)).faults).toEqual(expected));
