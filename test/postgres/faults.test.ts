import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, collectFaults, Duration, Schedule, Size, TerraformStack } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { PostgresDatabase, type PostgresDatabaseProps, type RecoveryOrder } from '../../constructs/postgres';
import { databaseProps, REPOSITORY, secret } from '../helpers/database';
import { Template } from '../helpers/template';

function faultsOf(different: Partial<PostgresDatabaseProps>) {
  return Template.faults((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps(different));
  });
}

const retention = (full: number, differential?: number) => ({
  repositories: [
    { ...REPOSITORY, retention: { full, ...(differential === undefined ? {} : { differential }) } },
  ],
});

test('a sound database has no fault', () => {
  expect(faultsOf({})).toEqual([]);
  expect(faultsOf({ postgresMajor: 17, upgradeFrom: 15 })).toEqual([]);
  for (const to of ['latest', '2026-05-04T03:02:01Z', '2026-05-04 05:02:01.5+0200'])
    expect(faultsOf({ recover: { id: 'undo-1', to, set: '20260504-020000F', timeline: 2 } })).toEqual([]);
});

test.each<[string, Partial<PostgresDatabaseProps>, string, RegExp]>([
  [
    'an invalid cron expression',
    { backups: { full: Schedule.cron('61 * * * *'), differential: Schedule.hourly() } },
    'schedule/',
    /backups\.full/,
  ],
  [
    'an unknown time zone',
    {
      backups: {
        full: Schedule.cron('0 2 * * *', { timeZone: 'Mars/Olympus' }),
        differential: Schedule.hourly(),
      },
    },
    'schedule/',
    /Mars\/Olympus/,
  ],
  [
    'a clone that would go at once',
    { cloneLifetime: Duration.ZERO },
    'postgres/clone-lifetime',
    /cloneLifetime is 0 s/,
  ],
  ...[
    [{ id: 'Undo 1', to: 'latest' }, /recover\.id is "Undo 1"/],
    [{ id: '', to: 'latest' }, /recover\.id is ""/],
    [{ id: 'undo', to: 'yesterday' }, /recover\.to is "yesterday"/],
    [{ id: 'undo', to: '2026-05-04T03:02:01' }, /recover\.to is .*instant with its zone/],
    [{ id: 'undo', to: '2026-15-44T03:02:01Z' }, /recover\.to is "2026-15-44T03:02:01Z"/],
    [{ id: 'undo', to: 'latest', set: '$(id)' }, /recover\.set is "\$\(id\)"/],
    [{ id: 'undo', to: 'latest', timeline: 0 }, /recover\.timeline is 0/],
    [{ id: 'undo', to: 'latest', timeline: 1.5 }, /recover\.timeline is 1\.5/],
  ].map(([recover, message]): [string, Partial<PostgresDatabaseProps>, string, RegExp] => [
    `the recovery ${JSON.stringify(recover)}`,
    { recover: recover as RecoveryOrder },
    'postgres/recover',
    message as RegExp,
  ]),
  [
    'an upgrade from the version that it is to become',
    { upgradeFrom: 17 },
    'postgres/upgrade',
    /upgradeFrom is 17; .* below postgresMajor, which is 17/,
  ],
  ['an upgrade from nothing', { upgradeFrom: 9 }, 'postgres/upgrade', /upgradeFrom is 9/],
  [
    'a volume that is of two kinds',
    {
      storageClass: 'fast',
      existingVolume: {
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' },
        local: { path: '/data' },
        nodes: { label: 'kubernetes.io/hostname', value: 'node' },
      },
    },
    'postgres/existing-volume',
    /not exactly one of csi and local/,
  ],
  [
    'a folder of no node',
    { storageClass: 'fast', existingVolume: { local: { path: '/data' } } },
    'postgres/existing-volume',
    /existingVolume\.local is \/data, but existingVolume\.nodes/,
  ],
  [
    'a volume for a claim of an unknown class',
    { existingVolume: { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' } } },
    'postgres/existing-volume',
    /storageClass is not set/,
  ],
  ['a retention of none', retention(0), 'postgres/retention', /retention\.full is 0/],
  ['a negative retention', retention(-4), 'postgres/retention', /retention\.full is -4/],
  ['a broken number', retention(1.5), 'postgres/retention', /1\.5/],
  ['a negative differential retention', retention(4, -1), 'postgres/retention', /differential is -1/],
  [
    'a differential retention without differential backups',
    { ...retention(4, 7), backups: { full: Schedule.weekly({ on: 'sunday', hour: 2 }) } },
    'postgres/retention',
    /no differential backup is scheduled/,
  ],
  ['a secret given as a literal', { superuserPassword: 'hunter2' as never }, 'secret/', /superuserPassword/],
  [
    'a passphrase given as a literal',
    { repositories: [{ ...REPOSITORY, passphrase: 'hunter2' as never }] },
    'secret/',
    /repositories\[0\]\.passphrase/,
  ],
  [
    'a repository inside the cluster that it protects',
    {
      repositories: [
        {
          ...REPOSITORY,
          vault: Vault.s3Compatible({ endpoint: 'https://minio.storage.svc:9000', bucket: 'backups' }),
        },
      ],
    },
    'vault/inside-cluster',
    /repositories\[0\]\.vault/,
  ],
  [
    'two repositories of one number',
    {
      repositories: [
        { ...REPOSITORY, number: 2 },
        { ...REPOSITORY, path: '/2026/orders' },
      ],
    },
    'postgres/repository-number',
    /repositories\[1\]\.number is 2, which repositories\[0\] has/,
  ],
  [
    'a number that pgBackRest does not take',
    { repositories: [{ ...REPOSITORY, number: 0 }] },
    'postgres/repository-number',
    /repositories\[0\]\.number is 0/,
  ],
  [
    'two repositories in one place',
    { repositories: [REPOSITORY, { ...REPOSITORY, passphrase: secret('passphrase_2') }] },
    'postgres/repository-path',
    /repositories\[1\] is in s3:.*where repositories\[0\] is/,
  ],
  ['no repository at all', { repositories: [] }, 'postgres/no-repository', /nothing of this database/],
  ['a name that Kubernetes refuses', { name: 'Orders_1' }, 'postgres/name', /Orders_1/],
  ['an empty volume', { storage: Size.bytes(0) }, 'postgres/storage', /0 bytes/],
  [
    'an objective that the archive cannot meet',
    { objectives: { rpo: Duration.seconds(30) }, archiveTimeout: Duration.seconds(60) },
    'postgres/archive-timeout',
    /rpo is 30 s.*70 s/,
  ],
  [
    'a setting that the archive rests on',
    { overrides: { archive_mode: false } },
    'postgres/overrides',
    /overrides\.archive_mode is false/,
  ],
  [
    'a setting over two lines',
    { overrides: { work_mem: '4MB\nfsync = off' } },
    'postgres/overrides',
    /work_mem/,
  ],
])('%s is refused with property, value and fix', (_name, different, rule, message) => {
  const faults = faultsOf(different);
  expect(faults).toHaveLength(1);
  expect(faults[0]?.rule).toMatch(new RegExp(`^${rule}`));
  expect(faults[0]?.path).toBe('test-platform/orders');
  expect(faults[0]?.message).toMatch(message);
  expect(faults[0]?.fix).not.toBe('');
});

test('without an environment a repository’s path must be said: two applications would share it', () => {
  const app = new App({ stackTraces: false });
  const stack = new TerraformStack(app, 'plain');
  new KubernetesProvider(stack, 'kubernetes', {});
  new PostgresDatabase(stack, 'orders', databaseProps());
  new PostgresDatabase(
    stack,
    'said',
    databaseProps({ name: 'said', repositories: [{ ...REPOSITORY, path: '/shop/said' }] }),
  );
  expect(collectFaults(app)).toEqual([
    expect.objectContaining({ rule: 'postgres/repository-path', path: 'plain/orders' }),
  ]);
});

test('no message repeats a literal secret', () => {
  const faults = faultsOf({ superuserPassword: 'hunter2' as never });
  expect(JSON.stringify(faults)).not.toContain('hunter2');
});

test('all faults of all databases are told at once', () => {
  const faults = Template.faults((stack) => {
    new PostgresDatabase(stack, 'a', databaseProps({ ...retention(0), storage: Size.bytes(0) }));
    new PostgresDatabase(stack, 'b', databaseProps({ name: 'other', ...retention(-1) }));
  });
  expect(faults.map(({ path, rule }) => `${path} ${rule}`).sort()).toEqual([
    'test-platform/a postgres/retention',
    'test-platform/a postgres/storage',
    'test-platform/b postgres/retention',
  ]);
});

test('two databases that would write one stanza are refused, both', () => {
  const faults = Template.faults((stack) => {
    new PostgresDatabase(stack, 'a', databaseProps());
    new PostgresDatabase(stack, 'b', databaseProps({ namespace: 'elsewhere' }));
  });
  expect(faults.filter(({ rule }) => rule === 'postgres/duplicate-stanza').map(({ path }) => path)).toEqual([
    'test-platform/a',
    'test-platform/b',
  ]);
});

test('the same name in another repository path is another stanza', () => {
  const faults = Template.faults((stack) => {
    new PostgresDatabase(stack, 'a', databaseProps());
    new PostgresDatabase(
      stack,
      'b',
      databaseProps({ name: 'copy', repositories: [{ ...REPOSITORY, path: '/elsewhere' }] }),
    );
  });
  expect(faults).toEqual([]);
});
