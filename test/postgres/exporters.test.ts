import { Alerting } from '../../constructs/alerts';
import { Duration } from '../../constructs/core';
import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { databaseProps, REPOSITORY, secret, VAULT } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

const IMAGE = 'registry.example.com/exporters:13';
const alerting = new Alerting({
  runbookBaseUrl: 'https://git.example.com/runbooks',
  objectLabels: { release: 'prometheus' },
  scrapeInterval: Duration.seconds(15),
});
const WATCHED = { alerting, exporters: { image: IMAGE } };

const database =
  (different: Partial<PostgresDatabaseProps>) => (stack: ConstructorParameters<typeof PostgresDatabase>[0]) =>
    void new PostgresDatabase(stack, 'orders', databaseProps(different));
const declare = (different: Partial<PostgresDatabaseProps> = WATCHED) => Template.of(database(different));

const serverPod = (template: Template) =>
  object(get(template.named('kubernetes_stateful_set_v1', 'orders'), 'spec.template.spec') ?? {});
const exporterPod = (template: Template) =>
  object(
    get(template.named('kubernetes_deployment_v1', 'orders-pgbackrest-exporter'), 'spec.template.spec') ?? {},
  );
const file = (template: Template, map: string, name: string) =>
  String(object(get(template.named('kubernetes_config_map_v1', map), 'data') ?? {})[name] ?? '');
const monitors = (template: Template) =>
  [...template.resources('kubernetes_manifest').values()]
    .map((one) => object(get(one, 'manifest') ?? {}))
    .filter(({ kind }) => kind === 'PodMonitor')
    .sort((a, b) => (String(get(a, 'metadata.name')) < String(get(b, 'metadata.name')) ? -1 : 1));
const ingress = (template: Template, name: string) =>
  get(template.named('kubernetes_network_policy_v1', name), 'spec.ingress') as JsonObject[];

describe('the exporter of a server', () => {
  const template = declare();
  const container = byName(serverPod(template)['container'], 'exporter');

  test('logs in by the socket, and has nothing else: no secret, no data, no user for whom the socket opens more', () => {
    const connection = byName(container['env'], 'DATA_SOURCE_NAME')['value'];
    expect(connection).toMatch(
      /^host=\/var\/run\/postgresql port=5432 user=postgres_exporter dbname=postgres /,
    );
    expect(connection).not.toContain('password');
    expect(container['volume_mount']).toEqual([
      { name: 'scripts', mount_path: '/scripts', read_only: true },
      { name: 'socket', mount_path: '/var/run/postgresql', read_only: true },
    ]);
    expect(container['security_context']).toMatchObject({
      run_as_user: '65534',
      run_as_non_root: true,
      read_only_root_filesystem: true,
      allow_privilege_escalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(JSON.stringify(container)).not.toContain('secret_key_ref');
  });

  test('is the peer that pg_hba.conf lets in before anything else, and pg_ident.conf knows', () => {
    const [first] = file(template, 'orders-config', 'pg_hba.conf').split('\n');
    expect(first).toMatch(/^local +postgres +postgres_exporter +peer map=peers$/);
    expect(file(template, 'orders-config', 'pg_ident.conf')).toMatch(/^peers nobody postgres_exporter$/m);
    expect(byName(byName(serverPod(template)['container'], 'roles')['env'], 'EXPORTER_ROLE')['value']).toBe(
      'postgres_exporter',
    );
  });

  test('is started last, and takes no part in whether the database is ready', () => {
    const names = (serverPod(template)['container'] as JsonObject[]).map(({ name }) => name);
    expect(names.at(-1)).toBe('exporter');
    for (const probe of ['readiness_probe', 'liveness_probe', 'startup_probe'])
      expect(container[probe]).toBeUndefined();
    // It runs on when the exporter does not.
    expect([container['command'], (container['args'] as string[])[0]]).toEqual([
      ['/scripts/exporter.sh'],
      'prometheus-postgres-exporter',
    ]);
  });
});

test('are in the image that the server needs anyway, or in another one where that is said', () => {
  const images = (different: Partial<PostgresDatabaseProps>) => {
    const template = declare({ image: 'registry.example.com/postgres:17', ...different });
    return [
      byName(serverPod(template)['container'], 'exporter')['image'],
      ...(exporterPod(template)['container'] as JsonObject[]).map(({ image }) => image),
    ];
  };
  const server = 'registry.example.com/postgres:17';
  expect(images({ alerting, exporters: {} })).toEqual([server, server]);
  expect(images(WATCHED)).toEqual([IMAGE, IMAGE]);
});

describe('the exporters of repositories', () => {
  const reader = { accessKey: secret('reader_key'), secretKey: secret('reader_secret') };
  const second = { ...REPOSITORY, vault: VAULT, passphrase: secret('second'), number: 3, path: '/second' };
  const template = declare({ ...WATCHED, repositories: [{ ...REPOSITORY, reader }, second] });
  const pod = exporterPod(template);
  const containers = pod['container'] as JsonObject[];

  test('are one for each, with the keys of that one alone, and those that only read where there are some', () => {
    expect(containers.map(({ name }) => name)).toEqual(['repo1', 'repo3']);
    const keys = (name: string) =>
      (byName(containers, name)['env'] as JsonObject[]).map((variable) => [
        variable['name'],
        get(variable, 'value_from.secret_key_ref.key'),
      ]);
    expect(keys('repo1')).toEqual([
      ['PGBACKREST_REPO1_S3_KEY', 'READER_PGBACKREST_REPO1_S3_KEY'],
      ['PGBACKREST_REPO1_S3_KEY_SECRET', 'READER_PGBACKREST_REPO1_S3_KEY_SECRET'],
      ['PGBACKREST_REPO1_CIPHER_PASS', 'PGBACKREST_REPO1_CIPHER_PASS'],
    ]);
    expect(keys('repo3').map(([name]) => name)).toEqual([
      'PGBACKREST_REPO3_S3_KEY',
      'PGBACKREST_REPO3_S3_KEY_SECRET',
      'PGBACKREST_REPO3_CIPHER_PASS',
    ]);
  });

  test('are told one repository each, and no server', () => {
    const conf = file(template, 'orders-pgbackrest-exporter', 'repo3.conf');
    expect(conf).toContain('repo3-path=/second\n');
    expect(conf).not.toMatch(/repo1-|pg1-/);
    expect(conf).toContain('log-level-console=off\n');
    expect(byName(containers, 'repo3')['args']).toEqual([
      '--web.listen-address=:9855',
      '--backrest.config=/etc/pgbackrest/repo3.conf',
      '--backrest.stanza-include=orders',
      '--collect.interval=300',
    ]);
  });

  test('run restricted, without a token, and anew when keys or configuration change', () => {
    expect(pod).toMatchObject({
      automount_service_account_token: false,
      security_context: { run_as_non_root: true, run_as_user: '65534' },
    });
    for (const one of containers)
      expect(one['security_context']).toMatchObject({
        read_only_root_filesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    const annotations = (different: Partial<PostgresDatabaseProps>) =>
      get(
        declare(different).named('kubernetes_deployment_v1', 'orders-pgbackrest-exporter'),
        'spec.template.metadata.annotations',
      );
    expect(Object.keys(object(annotations(WATCHED) ?? {})).sort()).toEqual([
      'cdktf-disaster-recovery/config',
      'cdktf-disaster-recovery/secrets-revision',
    ]);
    const moved = [{ ...REPOSITORY, path: '/elsewhere' }];
    expect(annotations({ ...WATCHED, repositories: moved })).not.toEqual(annotations(WATCHED));
  });
});

describe('what is scraped', () => {
  test('has the labels that the rules know, whatever an exporter says itself', () => {
    const [repositories, server] = monitors(declare());
    expect(server).toMatchObject({
      metadata: { name: 'orders-postgres', namespace: 'shop', labels: { release: 'prometheus' } },
      spec: {
        selector: {
          matchLabels: { 'app.kubernetes.io/instance': 'orders', 'app.kubernetes.io/component': 'server' },
        },
        podMetricsEndpoints: [
          {
            port: 'metrics',
            interval: '15s',
            honorLabels: false,
            relabelings: [
              { targetLabel: 'job', replacement: 'postgres' },
              { targetLabel: 'database', replacement: 'orders' },
            ],
          },
        ],
      },
    });
    expect(repositories).toMatchObject({
      metadata: { name: 'orders-pgbackrest' },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/component': 'repository-exporter' } },
        podMetricsEndpoints: [
          { port: 'repo1', relabelings: [{ replacement: 'pgbackrest' }, { replacement: 'orders' }] },
        ],
      },
    });
  });

  test('says of which repository it is, also where the exporter does not', () => {
    const [repositories] = monitors(declare());
    const [rule] = get(repositories, 'spec.podMetricsEndpoints.0.metricRelabelings') as JsonObject[];
    expect(rule).toMatchObject({ targetLabel: 'repo_key', replacement: '1' });
    // As Prometheus reads it: anchored at both ends, over the joined values.
    const regex = new RegExp(`^(?:${rule?.['regex']})$`);
    const fits = (name: string, repoKey: string) =>
      regex.test([name, repoKey].join(String(rule?.['separator'])));
    expect(rule?.['sourceLabels']).toEqual(['__name__', 'repo_key']);
    expect(fits('pgbackrest_backup_since_last_completion_seconds', '')).toBe(true);
    expect(fits('pgbackrest_repo_status', '1')).toBe(false);
    expect(fits('process_open_fds', '')).toBe(false);
  });

  test('may be scraped by everybody on its port alone, or by whom it is said', () => {
    const everybody = declare();
    for (const [policy, port] of [
      ['orders', '9187'],
      ['orders-pgbackrest-exporter', '9854'],
    ] as const)
      expect(ingress(everybody, policy).at(-1)).toEqual({
        from: [{ namespace_selector: {}, pod_selector: {} }],
        ports: [{ port, protocol: 'TCP' }],
      });
    const scrapers = { namespace: { name: 'monitoring' }, pods: { app: 'prometheus' } };
    const some = declare({ ...WATCHED, exporters: { image: IMAGE, scrapers } });
    for (const policy of ['orders', 'orders-pgbackrest-exporter'])
      expect(get(ingress(some, policy).at(-1), 'from')).toEqual([
        {
          namespace_selector: { match_labels: { name: 'monitoring' } },
          pod_selector: { match_labels: { app: 'prometheus' } },
        },
      ]);
  });

  test('is told to no operator where rules are files', () => {
    const files = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', delivery: 'files' });
    const template = declare({ alerting: files, exporters: { image: IMAGE } });
    expect(monitors(template)).toEqual([]);
    expect(exporterPod(template)['container']).toHaveLength(1);
  });
});

test('without exporters there is nothing of them', () => {
  const template = declare({});
  // The scripts are the same for all.
  const { kubernetes_config_map_v1: _, ...resources } = object(template.json['resource'] ?? {});
  expect(JSON.stringify(resources)).not.toMatch(/exporter|9187|9854|PodMonitor/i);
  const config = object(get(template.named('kubernetes_config_map_v1', 'orders-config'), 'data') ?? {});
  expect(Object.keys(config).sort()).toEqual(['pg_hba.conf', 'postgresql.conf']);
  expect(config['pg_hba.conf']).not.toContain('map=');
});

test('rules on metrics that nobody exposes are warned of, unless somebody else does', () => {
  const rules = (different: Partial<PostgresDatabaseProps>) =>
    Template.warnings(database(different)).map(({ rule }) => rule);
  expect(rules({ alerting })).toContain('postgres/exporters');
  for (const sound of [{}, WATCHED, { alerting, exporters: 'elsewhere' as const }])
    expect(rules(sound)).not.toContain('postgres/exporters');
  expect(monitors(declare({ alerting, exporters: 'elsewhere' }))).toEqual([]);
});

test.each<[string, Partial<PostgresDatabaseProps>, RegExp]>([
  ['no image', { exporters: { image: ' ' } }, /exporters\.image is empty/],
  [
    'an interval of nothing',
    { exporters: { image: IMAGE, repositoryInterval: Duration.ZERO } },
    /exporters\.repositoryInterval is 0 s/,
  ],
  [
    'the application’s role',
    { ...WATCHED, application: { role: 'postgres_exporter', database: 'orders', password: secret('app') } },
    /application\.role is "postgres_exporter"/,
  ],
])('%s is a fault with a fix', (_, different, message) => {
  const found = Template.faults(database(different));
  expect(found).toMatchObject([{ rule: 'postgres/exporters', message: expect.stringMatching(message) }]);
  expect(found[0]?.fix).not.toBe('');
});
