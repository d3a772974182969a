import { Duration, Schedule } from '../../constructs/core';
import {
  type DatabaseSnapshotsProps,
  PostgresDatabase,
  type PostgresDatabaseProps,
} from '../../constructs/postgres';
import { Recovery } from '../../constructs/recovery';
import { computeObjectives } from '../../constructs/recovery/objectives';
import { databaseProps, REPOSITORY, secret } from '../helpers/database';
import { get, type JsonObject, object, Template } from '../helpers/template';

const SNAPSHOTS: DatabaseSnapshotsProps = {
  class: { name: 'ebs', driver: 'ebs.csi.aws.com', deletionPolicy: 'Retain' },
  schedule: Schedule.daily({ hour: 3 }),
  keep: { daily: 7, atLeast: 3 },
  checkpointPassword: secret('checkpoint_password'),
};

const declare =
  (snapshots: Partial<DatabaseSnapshotsProps> | undefined, different: Partial<PostgresDatabaseProps> = {}) =>
  (stack: ConstructorParameters<typeof PostgresDatabase>[0]) => {
    const given =
      snapshots === undefined ? {} : { snapshots: { ...SNAPSHOTS, spread: Duration.ZERO, ...snapshots } };
    return new PostgresDatabase(stack, 'orders', databaseProps({ ...given, ...different }));
  };
const messages = (different: Partial<PostgresDatabaseProps>): readonly string[] =>
  Template.faults(declare({}, different)).map(({ message }) => message);
const podOf = (template: Template, kind: string, name: string, path: string): JsonObject =>
  object(get(template.named(kind, name), path) ?? {});
const serverOf = (template: Template): JsonObject =>
  podOf(template, 'kubernetes_stateful_set_v1', 'orders', 'spec.template.spec');

describe('snapshots of a database', () => {
  const template = Template.of(declare({}));
  const job = podOf(
    template,
    'kubernetes_cron_job_v1',
    'orders-snapshots',
    'spec.job_template.spec.template.spec',
  );

  test('are taken of its one volume, which holds data and WAL, by their schedule', () => {
    expect(get(template.named('kubernetes_cron_job_v1', 'orders-snapshots'), 'spec.schedule')).toBe(
      '0 3 * * *',
    );
    expect(get(job, 'container.0.env')).toContainEqual({ name: 'CLAIMS', value: '["data-orders-0"]' });
    expect(get(job, 'container.0.env')).toContainEqual({ name: 'SNAPSHOT_CLASS', value: 'ebs' });
  });

  test('follow a checkpoint by a role that has its own password, and mounts no other', () => {
    const [checkpoint] = get(job, 'init_container') as JsonObject[];
    expect(checkpoint).toMatchObject({ name: 'checkpoint', command: ['/scripts/checkpoint.sh'] });
    expect(get(checkpoint ?? {}, 'env')).toContainEqual({ name: 'PG_HOST', value: 'orders.shop.svc' });
    const roles = (get(job, 'volume') as JsonObject[]).find(({ name }) => name === 'roles');
    expect(get(roles ?? {}, 'projected.0.sources')).toEqual([
      { secret: [{ name: 'orders-roles', items: [{ key: 'snapshots', path: 'snapshots' }] }] },
    ]);
    const sidecar = (get(serverOf(template), 'container') as JsonObject[]).find(
      ({ name }) => name === 'roles',
    );
    expect(get(sidecar ?? {}, 'env')).toContainEqual({ name: 'CHECKPOINT_ROLE', value: 'snapshots' });
  });

  test('protect it, by a copy that is where the driver keeps it, and leave its RPO to the archive', () => {
    Template.faults((stack) => {
      declare({})(stack);
      const [asset] = Recovery.assets(stack);
      if (asset === undefined) throw new Error('no asset');
      expect(asset.protections.filter(({ kind }) => kind === 'snapshot')).toMatchObject([
        {
          retention: '7 daily, never fewer than the newest 3',
          location: { vault: 'snapshots of ebs.csi.aws.com' },
        },
      ]);
      expect(computeObjectives(asset).rpo?.toSeconds()).toBe(70);
    });
    expect.assertions(2);
  });

  test('tell the pod of the one that its volume was made from, where the deploy has made it from one', () => {
    const told = (get(serverOf(template), 'volume') as JsonObject[]).find(({ name }) => name === 'deploy');
    expect(get(told ?? {}, 'projected.0.sources')).toEqual([
      { config_map: [{ name: 'orders-deploy' }] },
      { config_map: [{ name: 'orders-snapshot', optional: true }] },
    ]);
    const plain = (get(serverOf(Template.of(declare(undefined))), 'volume') as JsonObject[]).find(
      ({ name }) => name === 'deploy',
    );
    expect(plain).toEqual({ name: 'deploy', config_map: { name: 'orders-deploy', default_mode: '0444' } });
  });

  test('are let in where only some may connect', () => {
    const policy = Template.of(declare({}, { clients: { app: 'shop' } })).named(
      'kubernetes_network_policy_v1',
      'orders',
    );
    expect(JSON.stringify(policy)).toContain('{"cdktf-disaster-recovery/snapshots-of":"orders"}');
    const pod = get(
      template.named('kubernetes_cron_job_v1', 'orders-snapshots'),
      'spec.job_template.spec.template.metadata.labels',
    );
    expect(pod).toMatchObject({ 'cdktf-disaster-recovery/snapshots-of': 'orders' });
  });
});

describe('what cannot be', () => {
  test.each<[Partial<PostgresDatabaseProps>, RegExp]>([
    [{ replicas: 1, replicationPassword: secret('replication') }, /snapshots is given, and replicas is 1/],
    [{ postgresMajor: 14 }, /postgresMajor is 14: before 15 nobody but a superuser/],
    [
      { application: { role: 'snapshots', database: 'orders', password: secret('app') } },
      /application.role is "snapshots"/,
    ],
  ])('%j is a fault', (different, message) => {
    expect(messages(different)).toContainEqual(expect.stringMatching(message));
  });

  test('a sound declaration has none', () => {
    expect(messages({})).toEqual([]);
  });

  test('snapshots that outlive the WAL which follows them are warned of', () => {
    const warnings = (keep: DatabaseSnapshotsProps['keep'], full = 4) =>
      Template.warnings(declare({ keep }, { repositories: [{ ...REPOSITORY, retention: { full } }] }))
        .map(({ message }) => message)
        .filter((text) => text.includes('snapshots.keep'));
    expect(warnings({ daily: 7, weekly: 4 })).toEqual([]);
    expect(warnings({ monthly: 12 })).toEqual([
      expect.stringMatching(/for 372 days, and the 4 full backups with their WAL go back 28 days at most/),
    ]);
    expect(warnings({ daily: 7, weekly: 4 }, 2)).toHaveLength(1);
  });
});
