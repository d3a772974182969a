import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Alerting, AlertRules, type Catalogue, type Subject } from '../../constructs/alerts';
import { promqlFault } from '../../constructs/alerts/promql';
import { App, Duration, Schedule } from '../../constructs/core';
import { Dashboards, type DashboardsProps } from '../../constructs/dashboards';
import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { Recovery } from '../../constructs/recovery';
import { synthesise } from '../../constructs/recovery/synthesise';
import { ENVIRONMENTS } from '../../environments';
import { declareEnvironment } from '../../stacks';
import { knownMetrics } from '../alerts/known-metrics';
import { metricsOf } from '../alerts/metrics-of';
import { databaseProps, REPOSITORY, secret } from '../helpers/database';
import { get, object, Template } from '../helpers/template';

interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource: object;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly options?: { readonly content?: string };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly thresholds: { readonly steps: readonly { value: number | null; color: string }[] };
    };
  };
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { name: string; type: string; query: unknown; datasource?: object }[];
  };
}

interface Declared {
  readonly databases?: readonly Partial<PostgresDatabaseProps>[];
  readonly props?: Partial<DashboardsProps>;
  readonly facts?: (databases: readonly PostgresDatabase[]) => void;
}

let shown: Dashboards;
function declared({ databases = [{}], props = {}, facts }: Declared = {}): Template {
  return Template.of((stack) => {
    const made = databases.map((one) => {
      const all = databaseProps(one);
      return new PostgresDatabase(stack, `${all.namespace}-${all.name}`, all);
    });
    facts?.(made);
    shown = new Dashboards(stack, 'dashboards', { namespace: 'shop', databases: made, ...props });
  });
}
function dashboards(declaration?: Declared): Map<string, Dashboard> {
  declared(declaration);
  return new Map(shown.models.map(({ file, json }) => [file, JSON.parse(json) as Dashboard]));
}
const recovery = (declaration?: Declared): Dashboard => {
  const found = dashboards(declaration).get('recovery');
  if (found === undefined) throw new Error('there is no overview');
  return found;
};
const panel = (dashboard: Dashboard, title: string): Panel => {
  const found = dashboard.panels.filter((one) => one.title === title);
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} panels are called ${title}`);
  return found[0];
};
const steps = (one: Panel) =>
  one.fieldConfig?.defaults.thresholds.steps.map(({ value, color }) => [value, color]);

/** What Grafana puts in place of its variables. */
function asGrafanaAsks(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$namespace', 'shop')
    .replaceAll('$database', 'orders')
    .replaceAll('$claim', 'data-orders-0');
}

const everything: Declared = {
  databases: [
    {
      replicas: 2,
      replicationPassword: databaseProps().superuserPassword,
      repositories: [REPOSITORY, { ...REPOSITORY, path: '/other' }],
      dumps: { schedule: Schedule.daily({ hour: 4 }), keep: Duration.days(14) },
      backups: {
        full: Schedule.weekly({ on: 'sunday', hour: 2 }),
        differential: Schedule.cron('0 2 * * 1-6'),
        incremental: Schedule.hourly(),
      },
    },
    { name: 'users', namespace: 'accounts', criticality: 'low' },
  ],
};

describe('every dashboard', () => {
  const all = () => [...dashboards(everything).values()];

  test('asks for metrics that are known, in PromQL', () => {
    const known = knownMetrics();
    const asked = new Set<string>();
    for (const { panels } of all())
      for (const { targets = [], title } of panels)
        for (const { expr } of targets) {
          const expression = asGrafanaAsks(expr);
          expect(`${title}: ${expression}`).not.toContain('$');
          expect([expression, promqlFault(expression)]).toEqual([expression, undefined]);
          const names = metricsOf(expression);
          expect([expression, names.length > 0]).toEqual([expression, true]);
          for (const name of names) asked.add(name);
        }
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
    // Each kind of exporter is asked: a parser that finds nothing would be content with everything.
    for (const name of [
      'pg_up',
      'pgbackrest_repo_status',
      'kubelet_volume_stats_available_bytes',
      'kube_cronjob_status_last_successful_time',
      'certmanager_certificate_expiration_timestamp_seconds',
      'ALERTS',
    ])
      expect(asked).toContain(name);
  });

  test('asks of every series its job, and of what belongs to somebody whose it is', () => {
    for (const { panels } of all())
      for (const { targets = [] } of panels)
        for (const { expr } of targets)
          for (const [selector] of expr.matchAll(/[a-zA-Z_]+\{[^}]*\}/g)) {
            expect(selector).toMatch(
              /^ALERTS|job="(postgres|pgbackrest|kubelet|kube-state-metrics|cert-manager)"/,
            );
            expect(selector).toMatch(/[{,](exported_)?namespace=~?"/);
          }
  });

  test('is laid out within the grid, without one panel over another', () => {
    for (const { panels } of all()) {
      const taken = new Map<string, string>();
      for (const { gridPos, title } of panels) {
        expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect([title, taken.get(`${x}/${y}`)]).toEqual([title, undefined]);
            taken.set(`${x}/${y}`, title);
          }
      }
    }
  });

  test('is one that Grafana 10 knows, with a datasource that whoever looks chooses', () => {
    for (const { editable, panels, schemaVersion, templating, uid } of all()) {
      expect(schemaVersion).toBe(38);
      expect(editable).toBe(false);
      expect(uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
      expect(templating.list[0]).toMatchObject({
        name: 'datasource',
        type: 'datasource',
        query: 'prometheus',
      });
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const { targets = [], type } of panels) {
        expect(['row', 'stat', 'table', 'text', 'timeseries']).toContain(type);
        for (const { datasource } of targets)
          expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
        expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      }
      for (const { datasource, type } of templating.list)
        if (type === 'query') expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    }
  });
});

describe('the overview', () => {
  test('has a row per database, the most critical first', () => {
    const rows = recovery(everything).panels.filter(({ type }) => type === 'row');
    expect(rows.map(({ title }) => title)).toEqual([
      'All of it',
      'orders (shop, critical)',
      'users (accounts, low)',
    ]);
  });

  test('holds the age of each kind of backup against its schedule', () => {
    const dashboard = recovery({ databases: [{ backupSpread: Duration.ZERO }] });
    // Mon–Sat leaves 48 h.
    expect(steps(panel(dashboard, 'Newest full backup'))).toEqual([
      [null, 'green'],
      [7 * 86_400, 'red'],
    ]);
    expect(steps(panel(dashboard, 'Newest diff backup'))).toEqual([
      [null, 'green'],
      [48 * 3600, 'red'],
    ]);
    expect(() => panel(dashboard, 'Newest incr backup')).toThrow('0 panels');
    expect(() => panel(dashboard, 'Newest dump')).toThrow('0 panels');
  });

  test('turns red when the alert fires, where there is one', () => {
    const catalogue: Catalogue<Subject> = {
      name: 'postgres',
      directory: join(__dirname, '../../constructs/postgres/alerts'),
      alerts: [
        {
          id: 'PostgresDown',
          severity: 'critical',
          category: 'backup',
          priority: 'P1',
          summary: 's',
          description: 'd',
          for: Duration.minutes(5),
          cases: () => [
            { labels: { backup_type: 'full' }, threshold: 700_000, expr: (seconds) => `up > ${seconds}` },
          ],
        },
      ],
      labels: () => ({}),
      variables: () => ({ replicas: 0 }),
    };
    const alerting = new Alerting({
      runbookBaseUrl: 'https://git.example.com/runbooks',
      delivery: 'files',
      overrides: { PostgresDown: { threshold: 654_321 } },
    });
    const dashboard = recovery({
      databases: [{ backupSpread: Duration.ZERO }],
      facts: ([orders]) => {
        if (orders === undefined) throw new Error('no database');
        new AlertRules(orders, 'test-alerts', {
          alerting,
          catalogue,
          subject: { name: 'orders', namespace: 'shop' },
        });
      },
    });
    expect(steps(panel(dashboard, 'Newest full backup'))).toEqual([
      [null, 'green'],
      [7 * 86_400, 'orange'],
      [654_321, 'red'],
    ]);
    expect(steps(panel(dashboard, 'Newest diff backup'))).toEqual([
      [null, 'green'],
      [48 * 3600, 'red'],
    ]);
  });

  test('holds the archive against the RPO: the declared one, else what the archive amounts to', () => {
    const declaredRpo = recovery({ databases: [{ objectives: { rpo: Duration.minutes(5) } }] });
    expect(steps(panel(declaredRpo, 'WAL archived'))).toEqual([
      [null, 'green'],
      [300, 'orange'],
    ]);
    expect(steps(panel(recovery(), 'WAL archived'))).toEqual([
      [null, 'green'],
      [70, 'orange'],
    ]);
  });

  test('has a place for drills, and says when there are none', () => {
    expect(panel(recovery(), 'Drills').options?.content).toContain('No drill is declared');
    const drilled = recovery({
      facts: ([orders]) => {
        if (orders !== undefined)
          Recovery.of(orders).drills(orders.asset, {
            schedule: Schedule.daily({ hour: 5 }),
            checks: ['row counts'],
          });
      },
    });
    expect(panel(drilled, 'Drills').options?.content).toContain('- 0 5 * * * Etc/UTC: row counts');
  });

  test('of many databases has pages, each of which fits into a config map', () => {
    const databases = Array.from({ length: 61 }, (_, n) => ({
      name: `d${String(n).padStart(2, '0')}`,
      criticality: n === 60 ? ('critical' as const) : ('low' as const),
      repositories: [{ ...REPOSITORY, path: `/test/d${n}` }],
    }));
    const template = declared({ databases });
    const pages = shown.models.filter(({ file }) => file.startsWith('recovery'));
    expect(pages.map(({ file }) => file)).toEqual(['recovery', 'recovery-2', 'recovery-3', 'recovery-4']);
    const titles = pages.map(({ json }) =>
      (JSON.parse(json) as Dashboard).panels.filter(({ type }) => type === 'row').map(({ title }) => title),
    );
    expect(titles[0]?.slice(0, 2)).toEqual(['All of it', 'd60 (shop, critical)']);
    expect(titles.flat().length).toBe(62);
    for (const { uid, json } of shown.models) {
      const [found] = [...template.resources('kubernetes_config_map_v1').values()].filter(
        (resource) => get(resource, `data`) !== undefined && `${uid}.json` in object(resource['data'] ?? {}),
      );
      expect(found).toBeDefined();
      expect(Buffer.byteLength(json)).toBeLessThan(1024 * 1024 - 16 * 1024);
    }
    expect(new Set(shown.models.map(({ uid }) => uid)).size).toBe(shown.models.length);
  });

  test('of an environment without a database is there all the same', () => {
    expect([...dashboards({ databases: [] }).keys()]).toEqual(['recovery', 'volumes']);
  });
});

describe('their delivery', () => {
  test('is a config map of each, found by its label, whose variables survive Terraform', () => {
    const template = declared({ props: { folder: 'Recovery' } });
    for (const { file, json, uid } of shown.models) {
      const map = template.named('kubernetes_config_map_v1', `test-dashboard-${file}`);
      expect(uid).toBe(`test-${file}`);
      expect(get(map, 'metadata.labels')).toEqual({ grafana_dashboard: '1' });
      expect(get(map, 'metadata.annotations')).toEqual({ grafana_folder: 'Recovery' });
      expect(get(map, 'metadata.namespace')).toBe('shop');
      const written = String(object(map['data'] ?? {})[`${uid}.json`]);
      // Terraform reads ${…} and %{…}, and turns $${ and %%{ back.
      expect(written).toContain('$${datasource}');
      expect(written.replaceAll('$${', '').replaceAll('%%{', '')).not.toMatch(/[$%]\{/);
      expect(written.replaceAll('$${', '${').replaceAll('%%{', '%{')).toBe(json);
    }
  });

  test('is by files alone where it is said, and by another label', () => {
    expect(declared({ props: { delivery: 'files' } }).resources('kubernetes_config_map_v1').size).toBe(
      declared({ props: { delivery: 'files', databases: [] } }).resources('kubernetes_config_map_v1').size,
    );
    const template = declared({
      props: { labels: { grafana: 'team' }, folder: 'a', folderAnnotation: 'dir' },
    });
    const map = template.named('kubernetes_config_map_v1', 'test-dashboard-volumes');
    expect(get(map, 'metadata.labels')).toEqual({ grafana: 'team' });
    expect(get(map, 'metadata.annotations')).toEqual({ dir: 'a' });
  });

  test('is refused without a label, and by an unknown way', () => {
    const faults = Template.faults((stack) => {
      new Dashboards(stack, 'a', { namespace: 'shop', labels: {} });
      new Dashboards(stack, 'b', { namespace: 'shop', delivery: 'mail' as 'files' });
    });
    expect(faults.map(({ rule, path }) => [rule, path])).toEqual([
      ['dashboards/labels', 'test-platform/a'],
      ['dashboards/delivery', 'test-platform/b'],
    ]);
  });
});

describe('an environment that is watched', () => {
  let outdir: string;
  beforeAll(() => {
    outdir = mkdtempSync(join(tmpdir(), 'dashboards-'));
    const app = new App({ outdir, stackTraces: false });
    const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
    const grafana = { url: 'http://grafana.monitoring.svc', token: secret('grafana_token') };
    for (const environment of ENVIRONMENTS) declareEnvironment(app, { ...environment, alerting, grafana });
    synthesise(app);
  });
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  test.each(ENVIRONMENTS.map(({ name }) => name))(
    '%s has its dashboards as files, and as objects of the kit',
    (name) => {
      const folder = join(outdir, 'recovery', name, 'dashboards');
      expect(readdirSync(folder).sort()).toEqual(['postgres.json', 'recovery.json', 'volumes.json']);
      const dashboard = JSON.parse(readFileSync(join(folder, 'recovery.json'), 'utf8')) as Dashboard;
      expect(dashboard).toMatchObject({ uid: `${name}-recovery`, title: `Recovery of ${name}` });
      const kit = execFileSync('grep', [
        '-rl',
        `${name}-recovery.json`,
        join(outdir, 'recovery', name, 'kit'),
      ]);
      const [manifest = ''] = kit.toString().trim().split('\n');
      expect(existsSync(manifest)).toBe(true);
      // As Grafana is to read it.
      expect(readFileSync(manifest, 'utf8')).not.toContain('$${datasource}');
      expect(readFileSync(manifest, 'utf8')).toContain('${datasource}');
    },
  );

  test.each(ENVIRONMENTS.map(({ name }) => name))(
    '%s keeps the dashboards of its Grafana, and the report says so',
    (name) => {
      const folder = join(outdir, 'recovery', name);
      const { assets } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
        assets: { id: string; recoveredBy: string; protections: { kind: string }[]; alerts: string[] }[];
      };
      const asset = assets.find(({ id }) => id === 'grafana-dashboards');
      expect(asset).toMatchObject({ recoveredBy: 'dump', protections: [{ kind: 'dump' }] });
      expect(asset?.alerts).toContain('CronJobStale');
      const template = execFileSync('grep', ['-rl', 'name: grafana-dashboards-restore', join(folder, 'kit')]);
      expect(template.toString()).toContain('grafana-dashboards-restore');
    },
  );
});

test('whoever declares no dashboards does not load what makes them', () => {
  const program = `require('tsx/cjs');
    const began = process.hrtime.bigint();
    require(${JSON.stringify(join(__dirname, '../../constructs/dashboards'))});
    const loaded = Object.keys(require.cache).filter((file) => file.includes('grafana-foundation-sdk')).length;
    console.log(JSON.stringify({ loaded }));`;
  const said = execFileSync(process.execPath, ['-e', program], { cwd: join(__dirname, '../..') });
  expect(JSON.parse(said.toString())).toEqual({ loaded: 0 });
});
