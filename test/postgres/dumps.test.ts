import { Duration, Schedule } from '../../constructs/core';
import { type DumpsProps, PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { Recovery } from '../../constructs/recovery';
import { computeObjectives } from '../../constructs/recovery/objectives';
import { databaseProps, secret } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

const NIGHTLY: DumpsProps = { schedule: Schedule.daily({ hour: 3 }), keep: Duration.days(14) };

const declare =
  (different: Partial<PostgresDatabaseProps>) =>
  (stack: ConstructorParameters<typeof PostgresDatabase>[0]) => {
    new PostgresDatabase(stack, 'orders', databaseProps({ backupSpread: Duration.ZERO, ...different }));
  };
const synthesise = (dumps: DumpsProps, different: Partial<PostgresDatabaseProps> = {}): Template =>
  Template.of(declare({ dumps, ...different }));
const messages = (dumps: Partial<DumpsProps>): readonly string[] =>
  Template.faults(declare({ dumps: { ...NIGHTLY, ...dumps } })).map(({ message }) => message);

const podOf = (template: Template, name: string): JsonObject =>
  object(get(template.named('kubernetes_cron_job_v1', name), 'spec.job_template.spec.template.spec') ?? {});
const environmentOf = (pod: JsonObject): Record<string, unknown> =>
  Object.fromEntries(
    (get(pod, 'container.0.env') as JsonObject[]).map(({ name, value, value_from }) => [
      name,
      value ?? value_from,
    ]),
  );

describe('logical dumps of a database', () => {
  const template = synthesise(NIGHTLY);
  const dump = podOf(template, 'orders-dump');
  const load = podOf(template, 'orders-dump-load');

  test('are made by their schedule, one at a time', () => {
    expect(get(template.named('kubernetes_cron_job_v1', 'orders-dump'), 'spec')).toMatchObject({
      schedule: '0 3 * * *',
      timezone: 'Etc/UTC',
      concurrency_policy: 'Forbid',
    });
    expect(environmentOf(dump)).toMatchObject({
      DUMP_DATABASES: '[]',
      DUMP_PARALLEL: '2',
      DUMP_KEEP_SECONDS: '1209600',
      DUMP_KEEP_AT_LEAST: '3',
      DUMP_ROLE_PASSWORDS: 'false',
      PG_HOST: 'orders.shop.svc',
    });
    const other = synthesise({
      ...NIGHTLY,
      keepAtLeast: 5,
      parallel: 4,
      databases: ['a', 'b c'],
      rolePasswords: true,
    });
    expect(environmentOf(podOf(other, 'orders-dump'))).toMatchObject({
      DUMP_DATABASES: '["a","b c"]',
      DUMP_PARALLEL: '4',
      DUMP_KEEP_AT_LEAST: '5',
      DUMP_ROLE_PASSWORDS: 'true',
    });
  });

  test('are restored by Jobs of a template that never runs by itself, onto a volume that goes with them', () => {
    expect(get(template.named('kubernetes_cron_job_v1', 'orders-dump-load'), 'spec.suspend')).toBe(true);
    expect(get(byName(load['volume'], 'work'), 'ephemeral.volume_claim_template.spec.resources')).toEqual({
      requests: { storage: '10Gi' },
    });
    expect(environmentOf(load)['WORK_DIR']).toBe('/work');
  });

  test.each(['orders-dump', 'orders-dump-load'])(
    '%s has the password of the superuser and no other, as a file',
    (name) => {
      const different = { application: { role: 'app', database: 'app', password: secret('app_password') } };
      const pod = podOf(synthesise(NIGHTLY, different), name);
      expect(byName(pod['volume'], 'roles')['projected']).toEqual([
        {
          default_mode: '0400',
          sources: [{ secret: [{ name: 'orders-roles', items: [{ key: 'postgres', path: 'postgres' }] }] }],
        },
      ]);
      expect(JSON.stringify(environmentOf(pod))).not.toContain('orders-roles');
      expect(pod['automount_service_account_token']).toBe(false);
      expect(get(pod, 'container.0.security_context')).toEqual(
        get(
          template.named('kubernetes_stateful_set_v1', 'orders'),
          'spec.template.spec.container.0.security_context',
        ),
      );
    },
  );

  test('reach the server, whoever else may', () => {
    const ingress = (different: Partial<PostgresDatabaseProps>) =>
      get(
        Template.of(declare(different)).named('kubernetes_network_policy_v1', 'orders'),
        'spec.ingress',
      ) as JsonObject[];
    const clients = { role: 'web' };
    const open = JSON.stringify(ingress({ dumps: NIGHTLY, clients }));
    expect(open).toContain('"app.kubernetes.io/component":"dump"');
    expect(JSON.stringify(ingress({ clients }))).not.toContain('"dump"');
  });

  test('are not there unless they are declared', () => {
    const names = [...Template.of(declare({})).resources('kubernetes_cron_job_v1').values()].map((job) =>
      get(job, 'metadata.name'),
    );
    expect(names.some((name) => String(name).includes('dump'))).toBe(false);
  });

  test('protect the asset, and change nothing about an RPO that the archive gives', () => {
    const rpo = (dumps: DumpsProps | undefined) => {
      let found: unknown;
      Template.of((stack) => {
        declare(dumps === undefined ? {} : { dumps })(stack);
        const [asset] = Recovery.assets(stack);
        if (asset === undefined) throw new Error('no asset');
        found = {
          seconds: computeObjectives(asset).rpo?.toSeconds(),
          dumps: asset.protections.filter(({ kind }) => kind === 'dump'),
        };
      });
      return found as { seconds: number; dumps: { retention: string; location: { vault: string } }[] };
    };
    expect(rpo(undefined)).toEqual({ seconds: 70, dumps: [] });
    expect(rpo(NIGHTLY)).toMatchObject({
      seconds: 70,
      dumps: [{ retention: '14 days, never fewer than the newest 3', location: { vault: 'vault' } }],
    });
    // One that restores itself from its archive never takes a dump, however often there is one.
    expect(rpo({ schedule: Schedule.cron('* * * * *'), keep: Duration.days(1) }).seconds).toBe(70);
  });
});

describe('faults of dumps', () => {
  test.each<[Partial<DumpsProps>, RegExp]>([
    [{ schedule: Schedule.cron('61 * * * *') }, /dumps\.schedule "61/],
    [{ keep: Duration.hours(24) }, /dumps\.keep is "86400 s"; but up to 86400 s pass between two dumps/],
    [{ keep: Duration.ZERO }, /dumps\.keep is "0 s"/],
    [{ keepAtLeast: 0 }, /dumps\.keepAtLeast is 0/],
    [{ keepAtLeast: 1.5 }, /dumps\.keepAtLeast is 1\.5/],
    [{ parallel: 0 }, /dumps\.parallel is 0/],
    [{ databases: [] }, /dumps\.databases is \[\]; nothing would be dumped/],
    [{ databases: ['a', 'a'] }, /named twice/],
    [{ databases: ['a\nb'] }, /cannot be the name of a database/],
  ])('%j', (dumps, message) => {
    expect(messages(dumps)).toEqual([expect.stringMatching(message)]);
  });

  test('none of a sound one', () => {
    expect(messages({})).toEqual([]);
  });
});
