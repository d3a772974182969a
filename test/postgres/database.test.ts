import { Duration, Schedule, SecretRef } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { databaseProps, REPOSITORY, secret } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

function synthesise(different: Partial<PostgresDatabaseProps> = {}): Template {
  return Template.of((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps(different));
  });
}

const podOf = (template: Template): JsonObject =>
  object(get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.template.spec') ?? {});

const conf = (template: Template, name: string): string =>
  String(object(template.named('kubernetes_config_map_v1', name)['data'] ?? {})['pgbackrest.conf']);

describe('the pod', () => {
  const pod = podOf(synthesise());

  test('meets the restricted pod security standard, with a read-only root, in every container', () => {
    expect(get(pod, 'security_context')).toEqual({
      run_as_non_root: true,
      run_as_user: '999',
      run_as_group: '999',
      fs_group: '999',
      fs_group_change_policy: 'OnRootMismatch',
      seccomp_profile: { type: 'RuntimeDefault' },
    });
    const containers = [...(pod['init_container'] as JsonObject[]), ...(pod['container'] as JsonObject[])];
    expect(containers.map(({ name }) => name)).toEqual(['prepare', 'postgres', 'pgbackrest', 'roles']);
    for (const container of containers) {
      expect(container['security_context']).toEqual({
        allow_privilege_escalation: false,
        read_only_root_filesystem: true,
        run_as_non_root: true,
        capabilities: { drop: ['ALL'] },
        seccomp_profile: { type: 'RuntimeDefault' },
      });
    }
    expect(pod['automount_service_account_token']).toBe(false);
    expect(pod['enable_service_links']).toBe(false);
  });

  test('gives keys of the repository to those that speak to it, and to nobody else', () => {
    const keyed = (container: JsonObject): boolean =>
      JSON.stringify(container['env']).includes('PGBACKREST_REPO1_S3_KEY');
    const containers = [...(pod['init_container'] as JsonObject[]), ...(pod['container'] as JsonObject[])];
    expect(containers.filter(keyed).map(({ name }) => name)).toEqual(['prepare', 'postgres']);
  });

  test('learns of a major upgrade in the container that makes it, and nowhere else', () => {
    const upgraded = podOf(synthesise({ postgresMajor: 17, upgradeFrom: 15 }));
    const told = [
      ...(upgraded['init_container'] as JsonObject[]),
      ...(upgraded['container'] as JsonObject[]),
    ].filter((container) => JSON.stringify(container['env']).includes('"UPGRADE_FROM","value":"15"'));
    expect(told.map(({ name }) => name)).toEqual(['prepare']);
  });

  test('shares data and socket with the sidecar, and gives role passwords to one container', () => {
    const mounts = (name: string): string[] =>
      (byName(pod['container'], name)['volume_mount'] as JsonObject[]).map(({ name: mount }) =>
        String(mount),
      );
    expect(mounts('pgbackrest')).toEqual(expect.arrayContaining(['data', 'socket', 'tls']));
    expect(['postgres', 'pgbackrest', 'roles'].filter((name) => mounts(name).includes('roles'))).toEqual([
      'roles',
    ]);
  });

  test('stops the server fast: clients that stay must not keep it from pushing its last WAL', () => {
    const hook = get(byName(pod['container'], 'postgres'), 'lifecycle.pre_stop.0.exec.command');
    expect(hook).toEqual(['/scripts/stop.sh']);
    expect(pod['termination_grace_period_seconds']).toBeGreaterThan(60);
  });

  test('is not ready while the server is in recovery, and is not killed for replaying long', () => {
    const server = byName(pod['container'], 'postgres');
    expect(get(server, 'readiness_probe.exec.command')).toEqual(['/scripts/ready.sh']);
    expect(server['liveness_probe']).toBeUndefined();
    expect(server['startup_probe']).toBeUndefined();
  });
});

describe('pgbackrest.conf', () => {
  const template = synthesise({
    repositories: [
      REPOSITORY,
      {
        ...REPOSITORY,
        vault: Vault.s3Compatible({
          endpoint: 'https://second.example.com',
          region: 'eu-2',
          bucket: 'second',
          pathStyle: false,
          caPem: PEM,
        }),
        path: '/far/orders',
        retention: { full: 8 },
      },
    ],
  });

  test('of the server: every repository, asynchronous push, no pg1-host', () => {
    expect(conf(template, 'orders-pgbackrest-server')).toBe(
      [
        '[global]',
        'log-level-console=warn',
        'log-level-file=off',
        'log-level-stderr=off',
        'lock-path=/tmp/pgbackrest',
        'process-max=2',
        'compress-type=zst',
        'compress-level=3',
        'repo1-type=s3',
        'repo1-path=/test/orders',
        'repo1-s3-bucket=backups',
        'repo1-s3-endpoint=vault.example.com',
        'repo1-s3-region=us-east-1',
        'repo1-s3-uri-style=path',
        'repo1-storage-port=9443',
        'repo1-cipher-type=aes-256-cbc',
        'repo1-bundle=y',
        'repo1-retention-full=4',
        'repo1-retention-diff=7',
        'repo2-type=s3',
        'repo2-path=/far/orders',
        'repo2-s3-bucket=second',
        'repo2-s3-endpoint=second.example.com',
        'repo2-s3-region=eu-2',
        'repo2-s3-uri-style=host',
        'repo2-storage-port=443',
        'repo2-storage-ca-file=/etc/vault-ca/repo2.crt',
        'repo2-cipher-type=aes-256-cbc',
        'repo2-bundle=y',
        'repo2-retention-full=8',
        'archive-async=y',
        'spool-path=/var/lib/postgresql/spool',
        '',
        '[global:archive-push]',
        'io-timeout=15',
        '',
        '[orders]',
        'pg1-path=/var/lib/postgresql/pgdata',
        'pg1-port=5432',
        'pg1-socket-path=/var/run/postgresql',
        '',
      ].join('\n'),
    );
    expect(template.named('kubernetes_config_map_v1', 'orders-vault-ca')['data']).toEqual({
      'repo2.crt': PEM,
    });
  });

  test('of the sidecar: no repository at all, one client, one stanza', () => {
    const text = conf(template, 'orders-pgbackrest-sidecar');
    expect(text).not.toContain('repo1');
    expect(text).toContain('tls-server-auth=orders-backup=orders\n');
  });

  test('of the jobs: the server by name and TLS, both repositories', () => {
    const text = conf(template, 'orders-pgbackrest-job');
    expect(text).toContain('pg1-host=orders-0.orders-pods.shop.svc\n');
    expect(text).toContain('pg1-host-type=tls\n');
    expect(text).toContain('repo2-path=/far/orders\n');
    expect(text).toContain('start-fast=y\n');
  });

  test('keys of each repository come from the Secret, under pgBackRest’s own names', () => {
    const env = byName(podOf(template)['container'], 'postgres')['env'];
    expect(get(byName(env, 'PGBACKREST_REPO2_CIPHER_PASS'), 'value_from.secret_key_ref')).toEqual({
      name: 'orders-repository-keys',
      key: 'PGBACKREST_REPO2_CIPHER_PASS',
    });
  });
});

describe('backups', () => {
  const declaration = {
    backups: {
      full: Schedule.weekly({ on: 'sunday', hour: 2, timeZone: 'Europe/Berlin' }),
      differential: Schedule.cron('0 2 * * 1-6'),
    },
    backupSpread: Duration.minutes(10),
  };
  const template = synthesise(declaration);

  test('are CronJobs of their kind, in their zone, one at a time, never skipped by a deadline', () => {
    const full = template.named('kubernetes_cron_job_v1', 'orders-backup-full');
    expect(full['spec']).toMatchObject({
      schedule: '0 2 * * 0',
      timezone: 'Europe/Berlin',
      concurrency_policy: 'Forbid',
    });
    expect(get(full, 'spec.starting_deadline_seconds')).toBeUndefined();
    const container = 'spec.job_template.spec.template.spec.container.0';
    expect(get(full, `${container}.command`)).toEqual(['/scripts/backup.sh', 'full']);
    const differential = template.named('kubernetes_cron_job_v1', 'orders-backup-diff');
    expect(get(differential, `${container}.command`)).toEqual(['/scripts/backup.sh', 'diff']);
  });

  test('start at a moment of their own within the spread, the same at every synth', () => {
    const delay = (from: Template): number => {
      const job = from.named('kubernetes_cron_job_v1', 'orders-backup-full');
      const env = get(job, 'spec.job_template.spec.template.spec.container.0.env');
      return Number(byName(env, 'DELAY_SECONDS')['value']);
    };
    expect(delay(template)).toBe(delay(synthesise(declaration)));
    expect(delay(template)).toBeGreaterThanOrEqual(0);
    expect(delay(template)).toBeLessThan(600);
  });

  test('hold the client’s half of the TLS pair only', () => {
    const job = template.named('kubernetes_cron_job_v1', 'orders-backup-full');
    const volumes = get(job, 'spec.job_template.spec.template.spec.volume') as JsonObject[];
    const keys = (get(byName(volumes, 'tls'), 'secret.items') as JsonObject[]).map(({ key }) => key);
    expect(keys).toEqual(['ca.crt', 'client.crt', 'client.key']);
  });
});

test('names of every object fit, for the longest name of a database', () => {
  const template = synthesise({ name: `a${'b'.repeat(39)}` });
  const limits: Record<string, number> = { kubernetes_cron_job_v1: 52, kubernetes_stateful_set_v1: 52 };
  const resources = (template.json['resource'] ?? {}) as Record<string, JsonObject>;
  for (const type of Object.keys(resources)) {
    for (const resource of template.resources(type).values()) {
      const name = String(get(resource, 'metadata.name'));
      expect({ type, name, fits: name.length <= (limits[type] ?? 63) }).toEqual({ type, name, fits: true });
    }
  }
});

test('a volume that outlived its cluster is offered to the claim of the server alone, kept, and there first', () => {
  const template = synthesise({
    storageClass: 'fast',
    existingVolume: {
      csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1', fsType: 'ext4' },
      nodes: { label: 'topology.kubernetes.io/zone', value: 'eu-central-1a' },
    },
  });
  const volume = template.named('kubernetes_persistent_volume_v1', 'existing-shop-orders');
  expect(get(volume, 'spec')).toEqual([
    {
      access_modes: ['ReadWriteOnce'],
      capacity: { storage: '10Gi' },
      claim_ref: { name: 'data-orders-0', namespace: 'shop' },
      node_affinity: {
        required: {
          node_selector_term: [
            {
              match_expressions: [
                { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['eu-central-1a'] },
              ],
            },
          ],
        },
      },
      persistent_volume_reclaim_policy: 'Retain',
      persistent_volume_source: {
        csi: { driver: 'ebs.csi.aws.com', fs_type: 'ext4', volume_handle: 'vol-1' },
      },
      storage_class_name: 'fast',
    },
  ]);
  expect(template.named('kubernetes_stateful_set_v1', 'orders')['depends_on']).toEqual([
    expect.stringContaining('kubernetes_persistent_volume_v1.'),
  ]);
});

test('nothing that holds the data can be replaced in passing', () => {
  const server = synthesise().named('kubernetes_stateful_set_v1', 'orders');
  expect(get(server, 'lifecycle.prevent_destroy')).toBe(true);
});

describe('secrets', () => {
  test('that were said to have changed bring a new pod: it reads its keys when it starts', () => {
    const server = synthesise().named('kubernetes_stateful_set_v1', 'orders');
    const annotations = object(get(server, 'spec.template.metadata.annotations') ?? {});
    expect(annotations['cdktf-disaster-recovery/secrets-revision']).toBe(`\${var.secrets_revision}`);
  });

  test('given by variables are write-only, their variables sensitive and ephemeral', () => {
    const template = synthesise();
    const secrets = template.named('kubernetes_secret_v1', 'orders-repository-keys');
    expect(secrets['data']).toBeUndefined();
    expect(secrets['data_wo']).toEqual({
      PGBACKREST_REPO1_S3_KEY: `\${var.access_key}`,
      PGBACKREST_REPO1_S3_KEY_SECRET: `\${var.secret_key}`,
      PGBACKREST_REPO1_CIPHER_PASS: `\${var.passphrase}`,
    });
    expect(get(template.json, 'variable.passphrase')).toMatchObject({
      sensitive: true,
      ephemeral: true,
      nullable: false,
    });
    expect(get(template.json, 'variable.passphrase.default')).toBeUndefined();
  });

  test('of a repository keep its number when the ones before it are dropped', () => {
    const template = synthesise({ repositories: [{ ...REPOSITORY, number: 2 }] });
    const secrets = template.named('kubernetes_secret_v1', 'orders-repository-keys');
    expect(Object.keys(object(secrets['data_wo'] ?? {})).sort()).toEqual([
      'PGBACKREST_REPO2_CIPHER_PASS',
      'PGBACKREST_REPO2_S3_KEY',
      'PGBACKREST_REPO2_S3_KEY_SECRET',
    ]);
    expect(conf(template, 'orders-pgbackrest-server')).not.toContain('repo1-');
    const job = template.named('kubernetes_cron_job_v1', 'orders-backup-full');
    const env = get(job, 'spec.job_template.spec.template.spec.container.0.env');
    expect(byName(env, 'REPOS')['value']).toBe('2');
  });

  test('that exist already are pointed at, and no Secret is made of them', () => {
    const existing = (key: string) => SecretRef.existing({ name: 'vault-keys', key });
    const template = synthesise({
      repositories: [
        {
          ...REPOSITORY,
          accessKey: existing('access'),
          secretKey: existing('secret'),
          passphrase: existing('passphrase'),
        },
      ],
    });
    const env = byName(podOf(template)['container'], 'postgres')['env'];
    expect(get(byName(env, 'PGBACKREST_REPO1_S3_KEY'), 'value_from.secret_key_ref')).toEqual({
      name: 'vault-keys',
      key: 'access',
    });
    expect(
      [...template.resources('kubernetes_secret_v1').values()].map((one) => get(one, 'metadata.name')),
    ).toEqual(expect.not.arrayContaining(['orders-repository-keys']));
  });

  test('of the TLS pair: rights on that one Secret, and its content is nobody’s who deploys', () => {
    const template = synthesise();
    expect(template.named('kubernetes_role_v1', 'orders-tls')['rule']).toEqual([
      {
        api_groups: [''],
        resources: ['secrets'],
        resource_names: ['orders-tls-pair'],
        verbs: ['get', 'patch'],
      },
    ]);
    expect(template.named('kubernetes_secret_v1', 'orders-tls-pair')['data_wo']).toEqual({});
  });
});

describe('`initialize`', () => {
  test('is said at run time, defaults to false, and is no part of the pod', () => {
    const template = synthesise();
    expect(template.named('kubernetes_config_map_v1', 'orders-deploy')['data']).toEqual({
      initialize: `\${var.initialize}`,
    });
    expect(get(template.json, 'variable.initialize.default')).toBe('false');
    expect(JSON.stringify(podOf(template))).not.toContain('var.initialize');
  });
});

test('an ordered recovery is no part of the pod: said or withdrawn, it restarts nothing', () => {
  const template = synthesise({ recover: { id: 'undo-1', to: '2026-05-04T03:02:01Z', timeline: 2 } });
  const data = object(template.named('kubernetes_config_map_v1', 'orders-deploy')['data'] ?? {});
  expect(JSON.parse(String(data['recover.json']))).toEqual({
    id: 'undo-1',
    to: '2026-05-04T03:02:01Z',
    timeline: 2,
  });
  expect(podOf(template)).toEqual(podOf(synthesise()));
});

describe('what changes a pod', () => {
  const annotation = (template: Template): unknown =>
    get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.template.metadata.annotations');

  test('a setting does', () => {
    expect(annotation(synthesise({ archiveTimeout: Duration.seconds(30) }))).not.toEqual(
      annotation(synthesise()),
    );
  });

  test('a schedule does not', () => {
    const template = synthesise({
      backups: { full: Schedule.hourly(), differential: Schedule.cron('0 2 * * 1-6') },
    });
    expect(annotation(template)).toEqual(annotation(synthesise()));
  });
});

test('pod scripts reach the cluster as they are on disk: no template of Terraform is left in them', () => {
  const scripts = object(synthesise().named('kubernetes_config_map_v1', 'orders-scripts')['data'] ?? {});
  expect(Object.keys(scripts)).toEqual(
    expect.arrayContaining(['prepare.sh', 'start.sh', 'backup.sh', 'tls.sh']),
  );
  for (const text of Object.values(scripts)) {
    expect(String(text).replaceAll(/\$\$\{|%%\{/g, '')).not.toMatch(/[$%]\{/);
  }
});

test('reports itself: it restores itself, and archive and backups protect it', () => {
  let database: PostgresDatabase | undefined;
  Template.of((stack) => {
    database = new PostgresDatabase(stack, 'orders', databaseProps({ superuserPassword: secret('other') }));
  });
  expect(database?.asset.props).toMatchObject({ id: 'orders', kind: 'postgres', recoveredBy: 'itself' });
  expect(database?.asset.protections.map(({ kind }) => kind)).toEqual([
    'wal-archive',
    'full-backup',
    'differential-backup',
  ]);
});
