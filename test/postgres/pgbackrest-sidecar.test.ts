import { Duration } from '../../constructs/core';
import {
  BITNAMI_LAYOUT,
  bitnamiValues,
  PgBackRestSidecar,
  PostgresDatabase,
} from '../../constructs/postgres';
import { databaseProps, REPOSITORY } from '../helpers/database';
import { get, object, Template } from '../helpers/template';

const { criticality, namespace, repositories, backups } = databaseProps();
const PROPS = {
  criticality,
  namespace,
  repositories,
  backups,
  name: 'orders',
  image: 'registry.example.com/platform/postgres:17-pgbackrest',
  layout: BITNAMI_LAYOUT,
  serverHost: 'orders-postgresql-0.orders-postgresql-hl.shop.svc',
} as const;

function declare(different: Partial<ConstructorParameters<typeof PgBackRestSidecar>[2]> = {}) {
  let sidecar: PgBackRestSidecar | undefined;
  const template = Template.of((stack) => {
    sidecar = new PgBackRestSidecar(stack, 'orders', { ...PROPS, ...different });
  });
  if (sidecar === undefined) throw new Error('nothing was declared');
  return { sidecar, template };
}

test('brings no server of its own, but its backup jobs, keys and certificates', () => {
  const { template } = declare();
  expect(template.resources('kubernetes_stateful_set_v1').size).toBe(0);
  expect(template.resources('kubernetes_service_v1').size).toBe(0);
  const job = template.named('kubernetes_cron_job_v1', 'orders-backup-full');
  expect(get(job, 'spec.job_template.spec.template.spec.security_context.run_as_user')).toBe('1001');
  expect(template.named('kubernetes_secret_v1', 'orders-repository-keys')).toBeDefined();
});

test('speaks of the directories of the server that it stands beside', () => {
  const { template } = declare();
  const conf = String(
    object(template.named('kubernetes_config_map_v1', 'orders-pgbackrest-job')['data'] ?? {})[
      'pgbackrest.conf'
    ],
  );
  expect(conf).toContain('pg1-path=/bitnami/postgresql/data\n');
  expect(conf).toContain('pg1-socket-path=/var/run/pgbackrest-socket\n');
  expect(conf).toContain('pg1-host=orders-postgresql-0.orders-postgresql-hl.shop.svc\n');
});

test('says that people bring it back, unless told otherwise', () => {
  expect(declare().sidecar.asset.props.recoveredBy).toBe('people');
  expect(declare({ recoveredBy: 'itself' }).sidecar.asset.props.recoveredBy).toBe('itself');
});

test('gives the repository’s keys to the archiver, and none to the sidecar', () => {
  const { sidecar } = declare();
  const keyed = (env: readonly { name: string }[]): boolean =>
    env.some(({ name }) => name.endsWith('_CIPHER_PASS'));
  expect(keyed(sidecar.archiver.env)).toBe(true);
  expect(keyed(sidecar.sidecar.container.env)).toBe(false);
});

test('is held to the same rules as a database of ours, and shares no stanza with one', () => {
  const faults = Template.faults((stack) => {
    new PgBackRestSidecar(stack, 'theirs', {
      ...PROPS,
      repositories: [{ ...REPOSITORY, retention: { full: 0 } }],
      objectives: { rpo: Duration.seconds(1) },
    });
    new PostgresDatabase(stack, 'ours', databaseProps({ namespace: 'elsewhere' }));
  });
  expect(faults.map(({ path, rule }) => `${path} ${rule}`).sort()).toEqual([
    'test-platform/ours postgres/duplicate-stanza',
    'test-platform/ours recovery/duplicate-asset',
    'test-platform/theirs postgres/archive-timeout',
    'test-platform/theirs postgres/duplicate-stanza',
    'test-platform/theirs postgres/retention',
  ]);
});

describe('values for the Bitnami chart', () => {
  const values = bitnamiValues(declare().sidecar) as {
    image: Record<string, string>;
    primary: {
      pgHbaConfiguration: string;
      sidecars: Record<string, unknown>[];
      extraVolumes: { name: string; secret?: unknown; configMap?: unknown; emptyDir?: unknown }[];
      extraVolumeMounts: { name: string }[];
      extraEnvVars: { name: string }[];
      extendedConfiguration: string;
    };
  };

  test('name the derived image', () => {
    expect(values.image).toEqual({
      registry: 'registry.example.com',
      repository: 'platform/postgres',
      tag: '17-pgbackrest',
      pullPolicy: 'IfNotPresent',
    });
    expect(values).toHaveProperty('global.security.allowInsecureImages', true);
  });

  test('keep a digest', () => {
    const image = 'registry.example.com/platform/postgres:17@sha256:0123';
    expect(bitnamiValues(declare({ image }).sidecar)['image']).toMatchObject({
      repository: 'platform/postgres',
      tag: '17@sha256:0123',
    });
  });

  test('spell containers and volumes as the API does', () => {
    const [container] = values.primary.sidecars;
    expect(Object.keys(container ?? {})).toEqual(expect.arrayContaining(['volumeMounts', 'ports', 'env']));
    expect(values.primary.extraVolumes).toContainEqual({
      name: 'tls',
      secret: {
        secretName: 'orders-tls-pair',
        optional: true,
        defaultMode: 0o400,
        items: ['ca.crt', 'server.crt', 'server.key'].map((key) => ({ key, path: key })),
      },
    });
  });

  test('bring every volume that is mounted, but the chart’s own', () => {
    const mounted = [
      ...values.primary.extraVolumeMounts,
      ...values.primary.sidecars.flatMap(({ volumeMounts }) => volumeMounts as { name: string }[]),
    ].map(({ name }) => name);
    const brought = new Set(values.primary.extraVolumes.map(({ name }) => name));
    expect([...new Set(mounted)].filter((name) => !brought.has(name))).toEqual(['data']);
  });

  test('let the sidecar in by its user, and everybody else by password', () => {
    const [first, ...others] = values.primary.pgHbaConfiguration.trim().split('\n');
    expect(first).toBe('local all postgres peer');
    expect(others.map((rule) => rule.split(' ').at(-1))).toEqual(['md5', 'md5', 'md5']);
  });

  test('leave the signal of a restore where it is', () => {
    expect(values.primary.extraEnvVars).toContainEqual({ name: 'POSTGRESQL_PERFORM_RESTORE', value: 'true' });
  });

  test('do not share the pod’s processes: the sidecar could read the server’s keys, and the image has an init', () => {
    expect(values.primary).not.toHaveProperty('extraPodSpec');
  });

  test('keep the chart’s own socket directory', () => {
    expect(values.primary.extendedConfiguration).toContain(
      "unix_socket_directories = '/tmp,/var/run/pgbackrest-socket'\n",
    );
  });

  test('switch archiving on, quoting each setting', () => {
    expect(values.primary.extendedConfiguration).toContain("archive_mode = 'on'\n");
    expect(values.primary.extendedConfiguration).toContain(
      "archive_command = 'pgbackrest --stanza=orders archive-push %p'\n",
    );
  });
});
