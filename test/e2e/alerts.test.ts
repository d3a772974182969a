import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metricsOf } from '../alerts/metrics-of';
import { commandsOf } from '../alerts/runbook-commands';
import { Checkout } from './checkout';
import { FaultProxy } from './faults/fault-proxy';
import { eventually, LocalSite } from './local-site';
import { Monitoring } from './monitoring';
import { giveSmallVolume } from './small-volume';
import { Webhook } from './webhook';

/**
 * Alerts of a real platform: what they are about is really broken, they reach a receiver with their runbook, and they
 * resolve when it is repaired. Only their times are shorter.
 */
const INSTANCE = 'alerts';
const NAMESPACE = '--namespace=local';
const SMALL_MEGABYTES = 600;

let site: LocalSite;
let checkout: Checkout;
let proxy: FaultProxy;
let webhook: Webhook;
let monitoring: Monitoring;

/** Windows of minutes become one minute, and what pends fires after seconds; nothing else is different. */
const SHORTER = `
      scrapeInterval: Duration.seconds(5),
      mapRule: (rule) => ({ ...rule, expr: rule.expr.replaceAll(/\\[\\d+[smh]\\]/g, '[1m]'), for: '5s' }),
      overrides: { PgBackRestFullTooOld: { threshold: 300 } },`;

beforeAll(async () => {
  checkout = await Checkout.copy();
  checkout.change('environments/alerting.ts', (text) =>
    text
      .replace(
        "from '../constructs/alerts';",
        "from '../constructs/alerts';\nimport { Duration } from '../constructs/core';",
      )
      .replace(
        '      otherwise:',
        '      groupWait: Duration.seconds(1),\n      groupInterval: Duration.seconds(5),\n      otherwise:',
      )
      .replace('    alerting: new Alerting({', `    alerting: new Alerting({${SHORTER}`),
  );
  const direct = await LocalSite.open(INSTANCE);
  site = direct;
  proxy = await FaultProxy.start(INSTANCE);
  site = direct
    .in(checkout.directory)
    .with({ VAULT_ENDPOINT: proxy.endpoint, MONITORING: 'prometheus-operator' });
  await giveSmallVolume(site, SMALL_MEGABYTES);
  await site.install('monitoring');
  monitoring = new Monitoring(site);
  webhook = await Webhook.start(INSTANCE);
  site = site.with({
    ALERT_WEBHOOK_URL: `${webhook.url}/alerts`,
    DEAD_MANS_SWITCH_URL: `${webhook.url}/switch`,
  });
  await site.initialised();
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await webhook?.stop();
  await proxy?.stop();
  await site?.close();
  checkout?.remove();
}, 120_000);

/** The last word on an alert that reached the receiver. */
function last(alertname: string, severity: string) {
  return webhook
    .notifications('/alerts')
    .flatMap(({ alerts }) => alerts)
    .filter(({ labels }) => labels['alertname'] === alertname && labels['severity'] === severity)
    .at(-1);
}

async function fires(alertname: string, severity: string, seconds = 240): Promise<void> {
  await eventually(`${alertname} (${severity}) reaches the receiver`, seconds, async () => {
    return last(alertname, severity)?.status === 'firing';
  });
  const { annotations = {}, labels = {} } = last(alertname, severity) ?? {};
  expect(labels).toMatchObject({ namespace: 'local', responsible: 'platform' });
  const runbook = annotations['runbook_url']?.split('/').at(-1) ?? '';
  const text = readFileSync(join(checkout.directory, 'cdktf.out/recovery/local/runbooks', runbook), 'utf8');
  expect(text).toContain('## Immediate actions');
}

const resolves = (alertname: string, severity: string, seconds = 300) =>
  eventually(`${alertname} (${severity}) resolves`, seconds, async () => {
    return last(alertname, severity)?.status === 'resolved';
  });

test('every rule of the platform is loaded and evaluated without an error', async () => {
  const declared = [
    ...readFileSync(join(checkout.directory, 'cdktf.out/recovery/local/rules.yaml'), 'utf8').matchAll(
      / alert: (\S+)/g,
    ),
  ].map(([, name]) => name);
  expect(declared.length).toBeGreaterThan(20);
  await eventually('all rules are evaluated', 180, async () => {
    const loaded = (await monitoring.rules()).filter(({ labels }) => labels['responsible'] === 'platform');
    return loaded.length === declared.length && loaded.every(({ health }) => health === 'ok');
  });
}, 200_000);

test('every metric that a rule reads is told by somebody', async () => {
  const rules = parse(
    readFileSync(join(checkout.directory, 'cdktf.out/recovery/local/rules.yaml'), 'utf8'),
  ) as {
    groups: { rules: { expr: string }[] }[];
  };
  const read = new Set(rules.groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricsOf(expr))));
  // What was just deployed has to be scraped first.
  let unknown = [...read];
  await eventually('each is known', 150, async () => {
    // A family that has no member now is known by its description.
    const [names, families] = [
      await monitoring.prometheus<string[]>('label/__name__/values'),
      Object.keys(await monitoring.prometheus<Record<string, unknown>>('metadata')),
    ];
    const known = new Set([...names, ...families]);
    unknown = unknown.filter((metric) => !known.has(metric));
    return unknown.length === 0;
  }).catch(() => undefined);
  expect(unknown).toEqual([]);
}, 180_000);

test(
  'the dead man’s switch is called',
  () => eventually('the watchdog arrives', 120, async () => webhook.notifications('/switch').length > 0),
  130_000,
);

test('a platform that is well raises no alert', async () => {
  // A database that was just made has no history: what is pending for that has to pass.
  await eventually('nothing fires', 300, async () => {
    const firing = await monitoring.query('ALERTS{namespace="local",alertstate="firing"}');
    return firing.length === 0;
  });
}, 320_000);

test('the commands of its runbooks run as they are written', async () => {
  const folder = join(checkout.directory, 'cdktf.out/recovery/local/runbooks');
  const commands = readdirSync(folder).flatMap((file) =>
    commandsOf(file, readFileSync(join(folder, file), 'utf8')),
  );
  expect(commands.length).toBeGreaterThan(10);
  const failed: string[] = [];
  const known = new Map<string, number>();
  for (const { command, runbook } of commands) {
    const before = known.get(command);
    const { exitCode, output } =
      before === undefined ? await site.script(command) : { exitCode: before, output: '' };
    known.set(command, exitCode);
    if (exitCode !== 0 && before === undefined) failed.push(`${runbook}: ${command}\n${output}`);
  }
  expect(failed).toEqual([]);
}, 1_800_000);

test('archiving breaks, and works again', async () => {
  await proxy.set(
    ...['/local/orders', 'prefix=local%2Forders'].map((path) => ({ path, do: 'reset' }) as const),
  );
  await site.sql('create table broken (id int); insert into broken select generate_series(1, 1000)');
  await site.sql('select pg_switch_wal()');
  await fires('PostgresWalArchive', 'critical');
  await proxy.set();
  await site.archived(240);
  await resolves('PostgresWalArchive', 'critical');
}, 900_000);

test('backups are not made any more, and then one is', async () => {
  await fires('PgBackRestFullTooOld', 'critical', 400);
  await site.kubectl('create', 'job', NAMESPACE, 'by-hand', '--from=cronjob/orders-backup-full');
  await site.kubectl('wait', NAMESPACE, '--for=condition=complete', '--timeout=110s', 'job/by-hand');
  await resolves('PgBackRestFullTooOld', 'critical', 400);
}, 1_200_000);

test('a volume fills, and is emptied', async () => {
  const inPod = (...command: string[]) =>
    site.kubectl('exec', NAMESPACE, 'orders-0', '--container=postgres', '--', ...command);
  const [, available = '0'] = (await inPod('df', '--block-size=1M', '--output=avail', '/var/lib/postgresql'))
    .trim()
    .split('\n');
  const leave = Math.floor(SMALL_MEGABYTES * 0.1);
  await inPod(
    'dd',
    'if=/dev/zero',
    'of=/var/lib/postgresql/filler',
    'bs=1M',
    `count=${Number(available) - leave}`,
    'status=none',
  );
  await fires('PvcUsageHigh', 'warning', 300);
  await inPod('rm', '/var/lib/postgresql/filler');
  await resolves('PvcUsageHigh', 'warning', 300);
}, 900_000);

test('an exporter is gone, and comes back with a deploy', async () => {
  await site.kubectl('delete', 'deployment', NAMESPACE, 'orders-pgbackrest-exporter');
  await fires('PgBackRestExporterBlind', 'critical');
  await site.deployed();
  await resolves('PgBackRestExporterBlind', 'critical');
}, 900_000);
