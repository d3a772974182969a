import {
  BackupPlan,
  DatabaseInstanceCopy,
  type DatabaseInstanceCopyProps,
  ExistingDatabaseInstance,
  ProtectedDatabaseInstance,
  type ProtectedDatabaseInstanceProps,
} from '../../../constructs/aws';
import { Duration, type EnvironmentStack, Schedule, Size } from '../../../constructs/core';
import { computeObjectives } from '../../../constructs/recovery';
import { get, Template } from '../../helpers/template';
import { ACCOUNT, AWAY, HERE, keyIn, OTHER_ACCOUNT, one, rules, withAws } from '../helpers';

const REPLICATED = { region: 'eu-central-1', kmsKeyArn: keyIn('eu-central-1') };
const BACKUPS = `arn:aws:rds:eu-central-1:${ACCOUNT}:auto-backup:ab-1`;

const declare =
  (
    props: Partial<ProtectedDatabaseInstanceProps> = {},
    then: (database: ProtectedDatabaseInstance, stack: EnvironmentStack) => void = () => {},
  ) =>
  (stack: EnvironmentStack): void =>
    then(
      new ProtectedDatabaseInstance(stack, 'orders', {
        ...HERE,
        name: 'orders',
        engine: 'postgres',
        engineVersion: '17.6',
        instanceClass: 'db.m7g.large',
        storage: Size.gibibytes(100),
        masterUsername: 'postgres',
        subnetGroupName: 'databases',
        securityGroupIds: ['sg-1'],
        criticality: 'moderate',
        replicateBackups: REPLICATED,
        ...props,
      }),
      stack,
    );
const template = (props: Partial<ProtectedDatabaseInstanceProps> = {}) =>
  Template.of(withAws(declare(props)));
const instance = (props: Partial<ProtectedDatabaseInstanceProps> = {}) =>
  one(template(props), 'aws_db_instance');

test('it is what was asked for, and keeps backups of 14 days beyond its own end', () => {
  expect(
    instance({ maximumStorage: Size.gibibytes(500), backupWindow: '02:00-03:00', databaseName: 'orders' }),
  ).toMatchObject({
    region: 'eu-west-3',
    identifier: 'orders',
    engine: 'postgres',
    engine_version: '17.6',
    instance_class: 'db.m7g.large',
    allocated_storage: 100,
    max_allocated_storage: 500,
    storage_encrypted: true,
    db_name: 'orders',
    db_subnet_group_name: 'databases',
    vpc_security_group_ids: ['sg-1'],
    multi_az: true,
    publicly_accessible: false,
    apply_immediately: false,
    backup_retention_period: 14,
    backup_window: '02:00-03:00',
    copy_tags_to_snapshot: true,
    delete_automated_backups: false,
    skip_final_snapshot: false,
    final_snapshot_identifier: 'orders-final',
  });
});

test('it is not deleted, unless that is asked for; a final snapshot is made even then', () => {
  expect(instance()).toMatchObject({ deletion_protection: true, lifecycle: { prevent_destroy: true } });
  expect(instance({ protect: false })).toMatchObject({
    deletion_protection: false,
    lifecycle: { prevent_destroy: false },
    skip_final_snapshot: false,
  });
});

test('its password is in Secrets Manager, and nowhere in what is synthesised', () => {
  const it = instance();
  expect(it['manage_master_user_password']).toBe(true);
  for (const secret of ['password', 'password_wo']) expect(it[secret]).toBeUndefined();
});

test('its backups are replicated by a resource of the second region', () => {
  const it = template({
    kmsKeyArn: keyIn('eu-west-3'),
    replicateBackups: { ...REPLICATED, keepBackups: Duration.days(7) },
  });
  const [id] = it.resources('aws_db_instance').keys();
  expect(one(it, 'aws_db_instance')['kms_key_id']).toBe(keyIn('eu-west-3'));
  expect(one(it, 'aws_db_instance_automated_backups_replication')).toMatchObject({
    region: 'eu-central-1',
    source_db_instance_arn: `\${aws_db_instance.${id}.arn}`,
    kms_key_id: keyIn('eu-central-1'),
    retention_period: 7,
  });
  expect(one(template(), 'aws_db_instance_automated_backups_replication')['retention_period']).toBe(14);
});

test('it is an asset of the provider’s: five minutes here, no promise elsewhere', () => {
  Template.of(
    withAws(
      declare({}, ({ arn, asset, replicatedBackupsArn }) => {
        expect(arn).toBe(`arn:aws:rds:eu-west-3:${ACCOUNT}:db:orders`);
        expect(asset.props).toMatchObject({
          id: 'orders',
          kind: 'rds',
          recoveredBy: 'provider',
          expectedSize: Size.gibibytes(100),
        });
        expect(asset.protections).toEqual([
          {
            kind: 'wal-archive',
            maximumLag: Duration.minutes(5),
            retention: 'any instant of 14 days',
            location: { vault: 'RDS automated backups', ...HERE },
          },
          {
            kind: 'wal-archive',
            retention: 'any instant of 14 days',
            location: { vault: 'RDS automated backups', ...AWAY },
          },
        ]);
        expect(computeObjectives(asset).rpo).toEqual(Duration.minutes(5));
        expect(replicatedBackupsArn).toContain('TfToken');
      }),
    ),
  );
});

test('an RPO of five minutes holds here, and is told not to once the region is lost, unless a lag is assumed', () => {
  const objectives = { rpo: Duration.minutes(5) };
  expect(rules(declare({ criticality: 'critical', objectives }))).toEqual({
    faults: [],
    warnings: ['aws/rpo-elsewhere'],
  });
  expect(
    rules(declare({ objectives, replicateBackups: { ...REPLICATED, assumedLag: Duration.minutes(5) } })),
  ).toEqual({ faults: [], warnings: [] });
  expect(rules(declare({ objectives: { rpo: Duration.minutes(1) } })).faults).toEqual(['aws/rpo']);
});

test('critical without a copy elsewhere is a fault, which a copied backup plan answers', () => {
  const bare =
    (then?: (database: ProtectedDatabaseInstance, stack: EnvironmentStack) => void) =>
    (stack: EnvironmentStack) => {
      const database = new ProtectedDatabaseInstance(stack, 'bare', {
        ...HERE,
        criticality: 'critical',
        name: 'bare',
        engine: 'postgres',
        engineVersion: '17.6',
        instanceClass: 'db.m7g.large',
        storage: Size.gibibytes(100),
        masterUsername: 'postgres',
        subnetGroupName: 'databases',
        securityGroupIds: ['sg-1'],
      });
      then?.(database, stack);
    };
  expect(rules(bare()).faults).toEqual(['aws/copies-together']);
  const vault = (name: string, place: typeof HERE) => ({
    name,
    ...place,
    arn: `arn:aws:backup:${place.region}:${place.account}:backup-vault:${name}`,
  });
  expect(
    rules(
      bare((database, stack) => {
        new BackupPlan(stack, 'plan', {
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
        });
      }),
    ),
  ).toEqual({ faults: [], warnings: [] });
});

test('an order makes it from a backup, and changes nothing at one that is there', () => {
  const ordered = instance({
    recover: { id: '4711', from: { automatedBackupsArn: BACKUPS }, to: '2026-05-04T03:02:01Z' },
  });
  expect(ordered).toMatchObject({
    restore_to_point_in_time: {
      source_db_instance_automated_backups_arn: BACKUPS,
      restore_time: '2026-05-04T03:02:01Z',
    },
    tags: { recovered: '4711' },
  });
  const latest = instance({ recover: { id: '4711', from: { automatedBackupsArn: BACKUPS } } });
  expect(get(latest, 'restore_to_point_in_time')).toEqual({
    source_db_instance_automated_backups_arn: BACKUPS,
    use_latest_restorable_time: true,
  });
  const snapshot = instance({ recover: { id: '4711', from: { snapshot: 'orders-final' } } });
  expect(snapshot['snapshot_identifier']).toBe('orders-final');
  for (const one of [ordered, snapshot, instance()])
    expect(get(one, 'lifecycle.ignore_changes')).toEqual([
      'restore_to_point_in_time',
      'snapshot_identifier',
      'db_name',
      'username',
    ]);
  expect(instance()['restore_to_point_in_time']).toBeUndefined();
});

test('an order to one instant that stays in the code is told; to the latest it may stay', () => {
  const warnings = (recover: ProtectedDatabaseInstanceProps['recover'] & object) =>
    rules(declare({ recover })).warnings;
  const from = { automatedBackupsArn: BACKUPS };
  expect(warnings({ id: 'a', from, to: '2026-05-04T03:02:01Z' })).toEqual(['aws-rds/recover']);
  expect(warnings({ id: 'a', from: { snapshot: 's' } })).toEqual(['aws-rds/recover']);
  expect(warnings({ id: 'a', from })).toEqual([]);
});

test.each<[string, Partial<ProtectedDatabaseInstanceProps>, string[]]>([
  ['a name with a capital', { name: 'Orders' }, ['aws-rds/name']],
  ['a name with two hyphens', { name: 'a--b' }, ['aws-rds/name']],
  ['too little storage', { storage: Size.gibibytes(10) }, ['aws-rds/storage']],
  ['a part of a GiB', { storage: Size.mebibytes(30_000) }, ['aws-rds/storage']],
  ['a maximum that is none', { maximumStorage: Size.gibibytes(100) }, ['aws-rds/storage']],
  [
    'no backups',
    { keepBackups: Duration.ZERO, replicateBackups: { ...REPLICATED, keepBackups: Duration.days(7) } },
    ['aws-rds/keep-backups'],
  ],
  ['36 days', { keepBackups: Duration.days(36) }, ['aws-rds/keep-backups']],
  ['a window of minutes', { backupWindow: '02:00-02:10' }, ['aws-rds/backup-window']],
  ['a window that is no time', { backupWindow: '2am' }, ['aws-rds/backup-window']],
  ['anybody reaches it', { securityGroupIds: [] }, ['aws-rds/network']],
  ['a key elsewhere', { kmsKeyArn: keyIn('us-east-1') }, ['aws/kms-key']],
  [
    'replicated in its place',
    { replicateBackups: { ...HERE, kmsKeyArn: keyIn('eu-west-3') } },
    ['aws-rds/replication'],
  ],
  [
    'replicated under a key from here',
    { replicateBackups: { ...REPLICATED, kmsKeyArn: keyIn('eu-west-3') } },
    ['aws/kms-key'],
  ],
  [
    'an instant without a zone',
    { recover: { id: 'a', from: { automatedBackupsArn: BACKUPS }, to: '2026-05-04 03:02' } },
    ['aws-rds/recover'],
  ],
  [
    'an instant of a snapshot',
    { recover: { id: 'a', from: { snapshot: 's' }, to: '2026-05-04T03:02:01Z' } },
    ['aws-rds/recover'],
  ],
])('%s is a fault', (_, props, expected) => expect(rules(declare(props)).faults).toEqual(expected));

test('a window over midnight is one', () =>
  expect(rules(declare({ backupWindow: '23:45-00:15' })).faults).toEqual([]));

const copy = (props: Partial<DatabaseInstanceCopyProps> = {}) =>
  declare({ kmsKeyArn: keyIn('eu-west-3') }, (database, stack) => {
    new DatabaseInstanceCopy(stack, 'copy', {
      of: database,
      id: '4711',
      to: '2026-05-04T03:02:01Z',
      instanceClass: 'db.m7g.large',
      subnetGroupName: 'databases',
      securityGroupIds: ['sg-2'],
      ...props,
    });
  });
/** The copy among the two instances. */
const copied = (props: Partial<DatabaseInstanceCopyProps> = {}) =>
  [
    ...Template.of(withAws(copy(props)))
      .resources('aws_db_instance')
      .values(),
  ].find((one) => get(one, 'tags.copy-of') === 'orders');

test('a copy is beside the live one, at an instant, and is made once', () => {
  const it = copied();
  expect(it).toMatchObject({
    identifier: 'orders-4711',
    region: 'eu-west-3',
    restore_to_point_in_time: {
      source_db_instance_identifier: 'orders',
      restore_time: '2026-05-04T03:02:01Z',
    },
    kms_key_id: keyIn('eu-west-3'),
    publicly_accessible: false,
    deletion_protection: false,
    skip_final_snapshot: true,
    backup_retention_period: 0,
    // Another instant would replace it: refused.
    lifecycle: { prevent_destroy: true },
  });
  expect(get(it, 'lifecycle.ignore_changes')).toBeUndefined();
  expect(get(copied({ to: 'latest' }), 'restore_to_point_in_time.use_latest_restorable_time')).toBe(true);
});

test('a copy that takes its place is as protected', () =>
  expect(copied({ keep: true })).toMatchObject({
    deletion_protection: true,
    skip_final_snapshot: false,
    final_snapshot_identifier: 'orders-4711-final',
    backup_retention_period: 14,
    delete_automated_backups: false,
    multi_az: true,
  }));

test('once the region is lost, a copy is made elsewhere of what was replicated', () =>
  expect(
    copied({ elsewhere: { ...AWAY, automatedBackupsArn: BACKUPS, kmsKeyArn: keyIn('eu-central-1') } }),
  ).toMatchObject({
    region: 'eu-central-1',
    kms_key_id: keyIn('eu-central-1'),
    restore_to_point_in_time: { source_db_instance_automated_backups_arn: BACKUPS },
  }));

test.each<[string, Partial<DatabaseInstanceCopyProps>, string[]]>([
  ['an id that names nothing', { id: 'Incident #1' }, ['aws-rds/copy']],
  ['an instant without a zone', { to: '2026-05-04T03:02:01' }, ['aws-rds/recover']],
  ['anybody reaches it', { securityGroupIds: [] }, ['aws-rds/copy']],
  [
    'elsewhere is here',
    { elsewhere: { ...HERE, automatedBackupsArn: BACKUPS, kmsKeyArn: keyIn('eu-west-3') } },
    ['aws-rds/copy'],
  ],
  [
    'a key from here',
    { elsewhere: { ...AWAY, automatedBackupsArn: BACKUPS, kmsKeyArn: keyIn('eu-west-3') } },
    ['aws/kms-key'],
  ],
])('%s is a fault of a copy', (_, props, expected) => expect(rules(copy(props)).faults).toEqual(expected));

test('an instance of somebody else is protected, not declared', () => {
  const it = Template.of(
    withAws((stack) => {
      const database = new ExistingDatabaseInstance(stack, 'legacy', {
        ...HERE,
        account: OTHER_ACCOUNT,
        name: 'legacy',
        keepBackups: Duration.days(7),
        criticality: 'moderate',
        replicateBackups: REPLICATED,
      });
      expect(database.asset.protections.map(({ retention }) => retention)).toEqual([
        'any instant of 7 days',
        'any instant of 7 days',
      ]);
    }),
  );
  expect(it.resources('aws_db_instance').size).toBe(0);
  expect(one(it, 'aws_db_instance_automated_backups_replication')).toMatchObject({
    source_db_instance_arn: `arn:aws:rds:eu-west-3:${OTHER_ACCOUNT}:db:legacy`,
    retention_period: 7,
  });
});

test('faults of an instance of somebody else', () =>
  expect(
    rules((stack) => {
      new ExistingDatabaseInstance(stack, 'legacy', {
        ...HERE,
        name: 'Legacy',
        keepBackups: Duration.days(40),
        criticality: 'critical',
        kmsKeyArn: 'alias/x',
      });
    }).faults,
  ).toEqual(['aws-rds/name', 'aws/kms-key', 'aws-rds/keep-backups', 'aws/copies-together']));
