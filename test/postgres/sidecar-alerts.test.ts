import { spawnSync } from 'node:child_process';
import { Alerting, resolveRules } from '../../constructs/alerts';
import { type DeclaredGroup, declaredGroups, ownRules, sharedRules } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import { ruleTests } from '../../constructs/alerts/rule-tests';
import { Duration, Schedule, Size } from '../../constructs/core';
import { BITNAMI_LAYOUT, PgBackRestSidecar, type PgBackRestSidecarProps } from '../../constructs/postgres';
import { PGBACKREST_ALERTS, POSTGRES_ALERTS } from '../../constructs/postgres/alerts/catalogue';
import type { DatabaseSubject } from '../../constructs/postgres/alerts/subject';
import { Recovery } from '../../constructs/recovery';
import { ALERTING } from '../alerts/catalogue';
import { describeWithPromtool, testRules } from '../alerts/promtool';
import { shellBlocks } from '../alerts/runbook-commands';
import { databaseProps } from '../helpers/database';
import { get, Template } from '../helpers/template';

const { criticality, namespace, repositories } = databaseProps();
const PROPS: PgBackRestSidecarProps = {
  criticality,
  namespace,
  repositories,
  backups: { full: Schedule.weekly({ on: 'sunday', hour: 2 }), differential: Schedule.cron('0 2 * * 1-6') },
  name: 'orders',
  image: 'registry.example.com/platform/postgres:17-pgbackrest',
  layout: BITNAMI_LAYOUT,
  serverHost: 'orders-postgresql-0.orders-postgresql-hl.shop.svc',
  expectedSize: Size.gibibytes(50),
  alerting: new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' }),
  exporters: { image: 'registry.example.com/platform/postgres:17' },
};

function declare(different: Partial<PgBackRestSidecarProps> = {}) {
  let groups: readonly DeclaredGroup[] = [];
  let watches: readonly string[] = [];
  const template = Template.of((stack) => {
    new PgBackRestSidecar(stack, 'orders', { ...PROPS, ...different });
    groups = declaredGroups(stack);
    watches = Recovery.assets(stack).flatMap((asset) => asset.watches.map(({ alert }) => alert));
  });
  const rulesOf = (name: string) => groups.find((group) => group.name === name)?.rules ?? [];
  return { groups, rulesOf, template, watches };
}
const BACKUPS = 'pgbackrest/shop/orders';
const JOBS = 'workload/shop/orders-backups';

test('its backups are watched by the rules of a database of ours, and its server by none', () => {
  const { rulesOf, watches } = declare();
  for (const alert of PGBACKREST_ALERTS.alerts) expect(POSTGRES_ALERTS.alerts).toContain(alert);
  const ids = PGBACKREST_ALERTS.alerts.map(({ id }) => id);
  expect(ids).toEqual(POSTGRES_ALERTS.alerts.map(({ id }) => id).filter((id) => id.startsWith('PgBackRest')));

  const rules = rulesOf(BACKUPS);
  expect([...new Set(rules.map(({ id }) => id))]).toEqual(ids);
  const [full] = rules.filter(({ id }) => id === 'PgBackRestFullTooOld');
  // A week, up to ten minutes, two hours, and 50 GiB at 25 MiB/s.
  expect(full?.variables['threshold']).toBeGreaterThanOrEqual(7 * 86_400 + 7200 + 2048);
  expect(full?.variables['threshold']).toBeLessThan(7 * 86_400 + 7200 + 2048 + 600);
  expect(full?.labels).toMatchObject({ database: 'orders', namespace: 'shop', repository: '1' });
  expect(watches).toEqual(expect.arrayContaining([...ids, 'CronJobStale', 'CronJobLastRunFailed']));

  const own: DatabaseSubject = {
    namespace: 'shop',
    name: 'orders',
    environment: 'test',
    replicas: 0,
    archiveTimeout: Duration.seconds(60),
    schedules: [{ type: 'full', longestGap: Duration.days(7), delay: Duration.ZERO }],
    repositories: [1],
    stanza: 'orders',
    repositoryInterval: Duration.minutes(5),
    size: Size.gibibytes(50),
    issuedTls: false,
    dumps: false,
    objectives: {},
    freezeMaxAge: 200_000_000,
  };
  const shape = (resolved: ReturnType<typeof resolveRules>) =>
    resolved.map(({ fact, id, labels, rule }) => ({
      id,
      // Facts of one catalogue's subjects are none of the other's.
      expr: rule.expr.replaceAll(/rules="(pgbackrest|postgres)"/g, ''),
      pending: rule.for,
      labels,
      value: fact?.value,
    }));
  expect(shape(resolveRules(PGBACKREST_ALERTS, { ...own, pod: 'theirs-0' }, ALERTING))).toEqual(
    shape(resolveRules(POSTGRES_ALERTS, own, ALERTING).filter(({ id }) => id.startsWith('PgBackRest'))),
  );
});

test('its jobs are watched, its pods and claims are not', () => {
  const { rulesOf, template } = declare();
  const running = [...template.resources('kubernetes_cron_job_v1').values()].map((cronJob) =>
    get(cronJob, 'metadata.name'),
  );
  expect(running.sort()).toEqual(['orders-backup-diff', 'orders-backup-full', 'orders-tls-renewal']);
  const rules = rulesOf(JOBS);
  expect([...new Set(rules.map(({ id }) => id))]).toEqual([
    'CronJobLastRunFailed',
    'CronJobStale',
    'CronJobNotScheduled',
    'CronJobSuspended',
  ]);
  const stale = rules.filter(({ id }) => id === 'CronJobStale').map(({ labels }) => labels['cronjob']);
  expect(stale.sort()).toEqual(running);
});

test('an exporter reads its repositories, by the image that is named, and is scraped', () => {
  const { template } = declare();
  const exporter = template.named('kubernetes_deployment_v1', 'orders-pgbackrest-exporter');
  expect(get(exporter, 'spec.template.spec.container.0.image')).toBe(
    'registry.example.com/platform/postgres:17',
  );
  const monitors = [...template.resources('kubernetes_manifest').values()]
    .map(({ manifest }) => manifest)
    .filter((object) => get(object, 'kind') === 'PodMonitor');
  expect(monitors).toEqual([
    expect.objectContaining({ metadata: expect.objectContaining({ name: 'orders-pgbackrest' }) }),
  ]);
  expect(get(monitors[0], 'spec.podMetricsEndpoints.0.relabelings')).toEqual([
    { targetLabel: 'job', replacement: 'pgbackrest' },
    { targetLabel: 'database', replacement: 'orders' },
  ]);
  const elsewhere = declare({ exporters: 'elsewhere' }).template;
  expect(elsewhere.resources('kubernetes_deployment_v1').size).toBe(0);
});

test('nothing watches it unasked; rules without metrics are warned of, an exporter without an image is a fault', () => {
  const { alerting, exporters, ...plain } = PROPS;
  const silent = Template.of((stack) => void new PgBackRestSidecar(stack, 'orders', plain));
  expect(silent.resources('kubernetes_manifest').size).toBe(0);
  expect(silent.resources('kubernetes_deployment_v1').size).toBe(0);
  const warnings = (props: PgBackRestSidecarProps) =>
    Template.warnings((stack) => void new PgBackRestSidecar(stack, 'orders', props)).map(({ rule }) => rule);
  expect(warnings({ ...plain, alerting } as PgBackRestSidecarProps)).toEqual(['postgres/exporters']);
  expect(warnings({ ...plain, exporters } as PgBackRestSidecarProps)).toEqual([]);
  const faults = Template.faults(
    (stack) => void new PgBackRestSidecar(stack, 'orders', { ...PROPS, exporters: { image: '' } }),
  );
  expect(faults.map(({ message }) => message)).toEqual(['exporters.image is empty']);
});

describe('its runbooks', () => {
  const texts = (different: Partial<PgBackRestSidecarProps> = {}) =>
    Object.entries(alertFiles(declare(different).groups)).filter(([name]) => name.startsWith('runbooks/pgb'));

  test('name its pod and its objects, and nothing that it has not', () => {
    const runbooks = texts();
    expect(runbooks.map(([name]) => name.replace(/.*-/, '')).sort()).toEqual([
      'PgBackRestBackups.md',
      'PgBackRestPageErrors.md',
      'PgBackRestRepository.md',
      'PostgresMonitoring.md',
    ]);
    for (const [, text] of runbooks) {
      expect(text).toContain('exec orders-postgresql-0 -- ');
      expect(text).not.toMatch(
        /undefined|\[object|NaN|\{\{|-c postgres |npm run (clone|dump|promote)|exec .* psql|component=server/,
      );
      for (const block of shellBlocks(text)) {
        expect(block.trim()).not.toBe('');
        const { stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
        expect({ block, stderr }).toEqual({ block, stderr: '' });
      }
    }
  });

  test('name another pod where that is said', () => {
    for (const [, text] of texts({ serverPod: 'pg-primary' })) expect(text).toContain('exec pg-primary -- ');
  });
});

describeWithPromtool('its rules, by promtool', () => {
  test('do what their tests say', async () => {
    const group = declare().groups.find(({ name }) => name === BACKUPS) as DeclaredGroup;
    const tests = ruleTests(group);
    expect(new Set(tests.map(({ name }) => name.split(' ')[0])).size).toBe(PGBACKREST_ALERTS.alerts.length);
    expect(await testRules({ rules: [...ownRules(group), ...sharedRules(group)], tests })).toBe('');
  }, 300_000);
});
