import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { databaseProps, secret } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

const REPLICATED = { replicas: 2, replicationPassword: secret('replication_password') };

function declare(different: Partial<PostgresDatabaseProps>): {
  template: Template;
  database: PostgresDatabase;
} {
  let database: PostgresDatabase | undefined;
  const template = Template.of((stack) => {
    database = new PostgresDatabase(stack, 'orders', databaseProps(different));
  });
  if (database === undefined) throw new Error('nothing was declared');
  return { template, database };
}

const faults = (different: Partial<PostgresDatabaseProps>) =>
  Template.faults((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps(different));
  });

const podOf = (template: Template): JsonObject =>
  object(get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.template.spec') ?? {});
const text = (template: Template, map: string, file: string): string =>
  String(object(template.named('kubernetes_config_map_v1', map)['data'] ?? {})[file]);

describe('a database with two replicas', () => {
  const { database, template } = declare(REPLICATED);
  const set = template.named('kubernetes_stateful_set_v1', 'orders');
  const pod = podOf(template);
  const containers = [...(pod['init_container'] as JsonObject[]), ...(pod['container'] as JsonObject[])];

  test('is three pods that do not wait for each other', () => {
    expect(get(set, 'spec.replicas')).toBe('3');
    expect(get(set, 'spec.pod_management_policy')).toBe('Parallel');
    const affinity = 'affinity.pod_anti_affinity.preferred_during_scheduling_ignored_during_execution.0';
    expect(get(pod, `${affinity}.pod_affinity_term.topology_key`)).toBe('kubernetes.io/hostname');
    expect(get(template.named('kubernetes_pod_disruption_budget_v1', 'orders'), 'spec.max_unavailable')).toBe(
      '1',
    );
  });

  test('tells each pod who it is and where all are; the token is in one container only, which may label these pods', () => {
    const told = containers.filter(({ env }) => JSON.stringify(env).includes('"PEERS"'));
    expect(told.map(({ name }) => name)).toEqual(['prepare', 'postgres', 'roles', 'routing']);
    const env = byName(pod['container'], 'postgres')['env'];
    expect(byName(env, 'PEERS')['value']).toBe(
      [0, 1, 2].map((ordinal) => `orders-${ordinal}.orders-pods.shop.svc:5432`).join(','),
    );
    expect(get(byName(env, 'POD_NAME'), 'value_from.field_ref.field_path')).toBe('metadata.name');
    const holders = containers.filter((one) =>
      (one['volume_mount'] as JsonObject[]).some(({ name }) => name === 'routing-token'),
    );
    expect(holders.map(({ name }) => name)).toEqual(['routing']);
    expect(pod['automount_service_account_token']).toBe(false);
    expect(pod['service_account_name']).toBe('orders-routing');
    expect(template.named('kubernetes_role_v1', 'orders-routing')['rule']).toEqual([
      {
        api_groups: [''],
        resources: ['pods'],
        resource_names: ['orders-0', 'orders-1', 'orders-2'],
        verbs: ['get', 'patch'],
      },
    ]);
  });

  test('leads writers to the primary and readers to replicas, wherever they are; backup jobs to all', () => {
    const selector = (name: string) => get(template.named('kubernetes_service_v1', name), 'spec.selector');
    const role = 'cdktf-disaster-recovery/role';
    expect(selector('orders')).toMatchObject({ [role]: 'primary', 'app.kubernetes.io/component': 'server' });
    expect(selector('orders-replicas')).toMatchObject({ [role]: 'replica' });
    expect(Object.keys(object(selector('orders-pods') ?? {}))).not.toContain(role);
    expect(database.host).toBe('orders.shop.svc');
    expect(database.replicasHost).toBe('orders-replicas.shop.svc');
  });

  test('is backed up from whichever is the primary, by certificates that name them all', () => {
    const conf = text(template, 'orders-pgbackrest-job', 'pgbackrest.conf');
    for (const ordinal of [0, 1, 2]) {
      expect(conf).toContain(`pg${ordinal + 1}-host=orders-${ordinal}.orders-pods.shop.svc\n`);
      expect(conf).toContain(`pg${ordinal + 1}-path=/var/lib/postgresql/pgdata\n`);
    }
    expect(text(template, 'orders-pgbackrest-server', 'pgbackrest.conf')).not.toContain('pg2');
    const job = template.named('kubernetes_cron_job_v1', 'orders-backup-full');
    const env = get(job, 'spec.job_template.spec.template.spec.container.0.env');
    expect(byName(env, 'PG_HOST')['value']).toBe(
      [0, 1, 2].map((ordinal) => `orders-${ordinal}.orders-pods.shop.svc`).join(' '),
    );
    const renewal = template.named('kubernetes_cron_job_v1', 'orders-tls-renewal');
    const tls = get(renewal, 'spec.job_template.spec.template.spec.container.0.env');
    expect(String(byName(tls, 'SERVER_NAMES')['value']).split(',')).toHaveLength(3);
  });

  test('lets replicas in by a role of their own, whose password is a file of one container', () => {
    expect(text(template, 'orders-config', 'pg_hba.conf')).toMatch(
      /^host +replication +replicator +all +scram-sha-256$/m,
    );
    const sources = get(byName(pod['volume'], 'roles'), 'projected.0.sources') as JsonObject[];
    expect(JSON.stringify(sources)).toContain('"replicator"');
    expect(JSON.stringify(pod)).not.toContain('var.replication_password');
  });

  test('is ready as a standby as well', () => {
    expect(get(byName(pod['container'], 'postgres'), 'readiness_probe.exec.command')).toEqual([
      '/scripts/ready.sh',
    ]);
  });

  test('admits its own pods where only some clients may connect', () => {
    const { template: strict } = declare({ ...REPLICATED, clients: { app: 'shop' } });
    const policy = strict.named('kubernetes_network_policy_v1', 'orders');
    const own = (get(policy, 'spec.ingress') as JsonObject[]).filter(
      (rule) =>
        get(rule, 'from.0.pod_selector.match_labels.app\\.kubernetes\\.io/component') === 'server' ||
        JSON.stringify(rule['from']).includes('"app.kubernetes.io/component":"server"'),
    );
    expect(own).toHaveLength(1);
    expect(JSON.stringify(own[0]?.['ports'])).toContain('"5432"');
  });
});

test('without replicas there is nothing of it', () => {
  const { database, template } = declare({});
  expect(template.json).toEqual(declare({ replicas: 0 }).template.json);
  const { kubernetes_config_map_v1: _, ...resources } = object(template.json['resource'] ?? {});
  const all = JSON.stringify(resources);
  for (const trace of [
    'PEERS',
    'POD_NAME',
    'routing',
    'replicator',
    'Parallel',
    'affinity',
    'disruption_budget',
  ])
    expect(all).not.toContain(trace);
  expect(get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.replicas')).toBe('1');
  expect(database.replicasHost).toBeUndefined();
});

test.each<[string, Partial<PostgresDatabaseProps>, RegExp]>([
  ['no password', { replicas: 1 }, /replicas is 1, but replicationPassword is not set/],
  ['a fraction of a replica', { ...REPLICATED, replicas: 1.5 }, /replicas is 1\.5/],
  ['fewer than none', { ...REPLICATED, replicas: -1 }, /replicas is -1/],
  ['an upgrade', { ...REPLICATED, upgradeFrom: 15 }, /replicas is 2 while upgradeFrom is 15/],
  [
    'the application’s role',
    { ...REPLICATED, application: { role: 'replicator', database: 'orders', password: secret('app') } },
    /application\.role is "replicator"/,
  ],
])('%s is a fault with a fix', (_, different, message) => {
  const found = faults(different);
  expect(found).toMatchObject([{ rule: 'postgres/replicas', message: expect.stringMatching(message) }]);
  expect(found[0]?.fix).not.toBe('');
});
