import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Alerting, type AlertingProps } from '../../../constructs/alerts';
import { AlertRouting, type AlertRoutingProps, Via } from '../../../constructs/alerts/routing';
import { Duration, type EnvironmentStack, SecretRef } from '../../../constructs/core';
import { Recovery } from '../../../constructs/recovery';
import { secret } from '../../helpers/database';
import { get, Template } from '../../helpers/template';
import { amtool, describeWithAmtool } from '../amtool';

const alerting = (props: Partial<AlertingProps> = {}) =>
  new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', ...props });

const EMAIL = { to: 'on-call@example.com', from: 'alerts@example.com', smarthost: 'smtp.example.com:587' };

/** Every integration once; a test says what is different. */
const ROUTING = {
  alerting: alerting(),
  receivers: [
    { name: 'on-call', via: [Via.pagerDuty({ routingKey: secret('pagerduty_key') })] },
    { name: 'chat', via: [Via.slack({ webhook: secret('slack_webhook'), channel: '#alerts' })] },
    { name: 'teams', via: [Via.teams({ webhook: secret('teams_webhook') })] },
    {
      name: 'mail',
      via: [Via.email({ ...EMAIL, login: { username: 'alerts', password: secret('smtp_password') } })],
    },
    { name: 'backup-team', via: [Via.opsgenie({ apiKey: secret('opsgenie_key') })] },
    { name: 'switch', via: [Via.webhook(secret('switch_url'))] },
    { name: 'tickets', via: [Via.webhook('https://tickets.example.com/alerts')] },
  ],
  routes: [
    { match: { category: 'backup', severity: 'critical' }, receivers: ['backup-team', 'on-call'] },
    { match: { severity: 'critical' }, receivers: ['on-call'] },
    { match: { responsible: ['shop', 'billing'], priority: 'P3' }, receivers: ['teams'] },
    {
      match: { severity: 'warning', matchers: ['database=~"orders|carts"'] },
      receivers: ['chat'],
      mutedDuring: ['sunday-maintenance'],
    },
    { match: { severity: ['warning', 'info'] }, receivers: ['tickets'], repeatInterval: Duration.days(2) },
  ],
  otherwise: 'mail',
  deadMansSwitch: 'switch',
  notificationsFailing: 'mail',
  muteTimes: [{ name: 'sunday-maintenance', weekdays: ['sunday'], from: '02:00', to: '04:00' }],
} as const satisfies AlertRoutingProps;

const declare = (stack: EnvironmentStack, different: Partial<AlertRoutingProps> = {}) =>
  new AlertRouting(stack, 'routing', { ...ROUTING, ...different });

type Config = { route: object; receivers: Record<string, unknown>[] };
function fileOf(different: Partial<AlertRoutingProps> = {}): Config {
  let files: Readonly<Record<string, string>> = {};
  Template.of((stack) => {
    declare(stack, different);
    files = Object.assign({}, ...Recovery.writers(stack, 'test').map((write) => write()));
  });
  return parse(files['alertmanager.yml'] ?? '') as Config;
}

const manifestOf = (different: Partial<AlertRoutingProps> = {}) =>
  [
    ...Template.of((stack) => void declare(stack, different))
      .resources('kubernetes_manifest')
      .values(),
  ][0]?.['manifest'];

describe('an AlertmanagerConfig', () => {
  const manifest = manifestOf();
  const receiver = (name: string) =>
    (get(manifest, 'spec.receivers') as { name: string }[]).find((one) => one.name === name);

  test('has its secrets by reference alone', () => {
    const at = (key: string) => ({ name: 'platform-receivers', key });
    expect(receiver('on-call')).toMatchObject({
      pagerdutyConfigs: [{ routingKey: at('on-call-0-routing-key') }],
    });
    expect(receiver('chat')).toMatchObject({ slackConfigs: [{ apiURL: at('chat-0-webhook') }] });
    expect(receiver('teams')).toMatchObject({ msteamsv2Configs: [{ webhookURL: at('teams-0-webhook') }] });
    expect(receiver('mail')).toMatchObject({
      emailConfigs: [{ authPassword: at('mail-0-password'), requireTLS: true }],
    });
    expect(receiver('backup-team')).toMatchObject({
      opsgenieConfigs: [{ apiKey: at('backup-team-0-api-key') }],
    });
    expect(receiver('switch')).toMatchObject({ webhookConfigs: [{ urlSecret: at('switch-0-url') }] });
    expect(receiver('tickets')).toMatchObject({
      webhookConfigs: [{ url: 'https://tickets.example.com/alerts' }],
    });
  });

  test('whose Secret is filled by write-only values', () => {
    const template = Template.of((stack) => void declare(stack));
    const made = template.named('kubernetes_secret_v1', 'platform-receivers');
    expect(get(made, 'data')).toBeUndefined();
    expect(Object.keys(get(made, 'data_wo') as object)).toHaveLength(6);
  });

  test('a Secret that exists is pointed at', () => {
    const existing = SecretRef.existing({ name: 'slack', key: 'url' });
    const other = manifestOf({
      receivers: [{ name: 'mail', via: [Via.slack({ webhook: existing, channel: '#alerts' })] }],
      routes: [],
      deadMansSwitch: 'mail',
    });
    expect(get(other, 'spec.receivers.1.slackConfigs.0.apiURL')).toEqual({ name: 'slack', key: 'url' });
  });

  test('lets each tier mute those below it, of the same thing', () => {
    expect(get(manifest, 'spec.inhibitRules')).toEqual([
      {
        sourceMatch: [{ name: 'severity', matchType: '=', value: 'critical' }],
        targetMatch: [{ name: 'severity', matchType: '=~', value: 'warning|info' }],
        equal: ['namespace', 'alertname', 'database'],
      },
      {
        sourceMatch: [{ name: 'severity', matchType: '=', value: 'warning' }],
        targetMatch: [{ name: 'severity', matchType: '=', value: 'info' }],
        equal: ['namespace', 'alertname', 'database'],
      },
    ]);
  });

  test('repeats the watchdog each minute, mutes it never, and repeats critical alerts before others', () => {
    const routes = get(manifest, 'spec.route.routes') as Record<string, unknown>[];
    expect(routes[0]).toEqual({
      receiver: 'switch',
      matchers: [{ name: 'alertname', matchType: '=', value: 'Watchdog' }],
      groupWait: '0s',
      groupInterval: '1m',
      repeatInterval: '50s',
    });
    expect(get(manifest, 'spec.route')).toMatchObject({
      receiver: 'mail',
      groupBy: ['namespace', 'alertname'],
      groupWait: '30s',
      groupInterval: '5m',
      repeatInterval: '12h',
    });
    expect(routes.map(({ repeatInterval }) => repeatInterval)).toEqual([
      '50s',
      undefined,
      undefined,
      '4h',
      '4h',
      undefined,
      undefined,
      '48h',
    ]);
    expect(routes.filter(({ muteTimeIntervals }) => muteTimeIntervals !== undefined)).toEqual([
      expect.objectContaining({ receiver: 'chat', muteTimeIntervals: ['sunday-maintenance'] }),
    ]);
  });

  test('is refused where its definition would refuse it', () => {
    const receivers = [{ name: 'mail', via: [Via.email({ ...EMAIL, to: 5 as never })] }];
    const rules = Template.faults((stack) =>
      declare(stack, { receivers, routes: [], deadMansSwitch: 'mail' }),
    ).map(({ rule }) => rule);
    expect(rules).toContain('workloads/custom-resource');
  });

  test('is not made where there is no operator', () => {
    expect(manifestOf({ alerting: alerting({ delivery: 'files' }) })).toBeUndefined();
    expect(fileOf({ alerting: alerting({ delivery: 'files' }) })).toEqual(fileOf());
  });
});

describe('alertmanager.yml', () => {
  test('reads secrets from files', () => {
    expect(fileOf().receivers.find(({ name }) => name === 'teams')).toMatchObject({
      msteamsv2_configs: [
        { webhook_url_file: '/etc/alertmanager/secrets/platform-receivers/teams-0-webhook' },
      ],
    });
    expect(JSON.stringify(fileOf())).not.toContain('TfToken');
  });
});

describeWithAmtool('by amtool', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'amtool-'));
    file = join(folder, 'alertmanager.yml');
    writeFileSync(file, stringify(fileOf(), { aliasDuplicateObjects: false }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const alert = { namespace: 'shop', alertname: 'PostgresDown' };
  test.each<[Record<string, string>, string]>([
    [{ ...alert, severity: 'critical', category: 'availability' }, 'on-call'],
    [{ ...alert, severity: 'critical', category: 'backup' }, 'backup-team+on-call'],
    [{ ...alert, severity: 'warning', priority: 'P3', responsible: 'shop' }, 'teams'],
    [{ ...alert, severity: 'warning', priority: 'P3', responsible: 'shopping' }, 'tickets'],
    [{ ...alert, severity: 'warning', priority: 'P2', database: 'orders' }, 'chat'],
    [{ ...alert, severity: 'warning', priority: 'P2', database: 'orders-2' }, 'tickets'],
    [{ ...alert, severity: 'info' }, 'tickets'],
    [{ ...alert, severity: 'unheard-of' }, 'mail'],
    [{ alertname: 'Watchdog', namespace: 'monitoring', severity: 'none' }, 'switch'],
    [{ alertname: 'AnotherWatchdog', namespace: 'monitoring', severity: 'none' }, 'nobody'],
    [
      { alertname: 'AlertmanagerNotificationsFailing', namespace: 'monitoring', severity: 'critical' },
      'mail,on-call',
    ],
  ])('%j is told %s', (labels, receiver) => {
    const args = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    expect(amtool('config', 'routes', 'test', `--config.file=${file}`, ...args).trim()).toBe(receiver);
  });

  test('all its receivers are read', () => {
    expect(amtool('check-config', file)).toContain('SUCCESS');
  });
});

describe('faults', () => {
  const mail = { name: 'mail', via: [Via.email(EMAIL)] };
  const via = (one: (typeof mail.via)[number]) => ({
    receivers: [{ name: 'mail', via: [one] }],
    routes: [],
    deadMansSwitch: 'mail',
  });
  test.each<[string, Partial<AlertRoutingProps>, string]>([
    [
      'a route to a receiver that is not there',
      { routes: [{ match: { severity: 'critical' }, receivers: ['on-cal'] }] },
      'routes[0] leads to receiver "on-cal"',
    ],
    ['a switch that is not there', { deadMansSwitch: 'swich' }, 'deadMansSwitch leads to receiver "swich"'],
    ['duplicate names', { receivers: [...ROUTING.receivers, mail] }, 'receivers has two of the name "mail"'],
    [
      'duplicate mute times',
      { muteTimes: [...ROUTING.muteTimes, ROUTING.muteTimes[0]] },
      'muteTimes has two of the name',
    ],
    [
      'an invalid matcher',
      { routes: [{ match: { matchers: ['database=orders'] }, receivers: ['mail'] }] },
      'match.matchers has "database=orders"',
    ],
    [
      'an expression that Go does not know',
      { routes: [{ match: { matchers: ['database=~"(?!orders).*"'] }, receivers: ['mail'] }] },
      'match.matchers has',
    ],
    [
      'a mute time that is not there',
      { routes: [{ match: {}, receivers: ['mail'], mutedDuring: ['night'] }] },
      'mutedDuring names "night"',
    ],
    [
      'a mute time over midnight',
      { muteTimes: [{ name: 'sunday-maintenance', from: '22:00', to: '02:00' }] },
      'the earlier one first',
    ],
    [
      'a receiver without a way',
      { receivers: [...ROUTING.receivers, { name: 'x', via: [] }] },
      'reached by nothing',
    ],
    [
      'a name that is taken',
      { receivers: [...ROUTING.receivers, { ...mail, name: 'nobody' }] },
      'a receiver is named "nobody"',
    ],
    ['no address', via(Via.email({ ...EMAIL, to: 'on-call' })), 'to of a receiver by email is "on-call"'],
    ['no port', via(Via.email({ ...EMAIL, smarthost: 'smtp.example.com' })), 'it is no host with a port'],
    ['no URL', via(Via.webhook('tickets.example.com')), 'url of a receiver by webhook'],
    ['no channel', via(Via.slack({ webhook: secret('x'), channel: 'the alerts' })), 'it is no channel'],
    [
      'a secret as a literal',
      via(Via.pagerDuty({ routingKey: 'R0UT1NG' as never })),
      'receivers.mail.via[0].routing-key is a literal string',
    ],
  ])('%s', (_, different, message) => {
    const found = Template.faults((stack) => void declare(stack, different));
    expect(found.map((fault) => fault.message)).toEqual([expect.stringContaining(message)]);
  });

  test.each<[AlertRoutingProps['routes'], string[]]>([
    [[], ['alerts/no-receiver']],
    [[{ match: { severity: 'critical', category: 'backup' }, receivers: ['mail'] }], ['alerts/no-receiver']],
    [[{ match: { severity: 'critical' }, receivers: [] }], ['alerts/no-receiver']],
    [[{ match: { severity: ['critical', 'warning'] }, receivers: ['mail'] }], []],
    [[{ match: { matchers: ['severity!="none"'] }, receivers: ['mail'] }], []],
    [[{ match: {}, receivers: ['mail'] }], []],
  ])('no receiver for critical alerts: %j', (routes, rules) => {
    const { otherwise: _, ...rest } = ROUTING;
    const found = Template.faults(
      (stack) =>
        void new AlertRouting(stack, 'routing', {
          ...rest,
          receivers: [mail],
          deadMansSwitch: 'mail',
          routes,
        }),
    );
    expect(found.map(({ rule }) => rule)).toEqual(rules);
  });
});

describe('warnings', () => {
  const warnings = (different: Partial<AlertRoutingProps> = {}) =>
    Template.warnings((stack) => void declare(stack, different)).map(
      ({ rule, message }) => `${rule}: ${message}`,
    );

  test('Opsgenie, with the day it ends', () => {
    expect(warnings()).toEqual([expect.stringMatching(/^alerts\/opsgenie-ends: .*2027-04-05/)]);
  });

  test.each<[string, Partial<AlertRoutingProps>, string]>([
    ['no switch', { deadMansSwitch: undefined }, 'alerts/no-dead-mans-switch'],
    [
      'no second way',
      { notificationsFailing: undefined },
      'alerts/same-way: notificationsFailing is not given',
    ],
    [
      'the same way',
      { notificationsFailing: 'on-call' },
      'alerts/same-way: notificationsFailing leads to on-call',
    ],
    [
      'critical alerts that are muted',
      {
        routes: [
          { match: { severity: 'critical' }, receivers: ['on-call'], mutedDuring: ['sunday-maintenance'] },
        ],
      },
      'alerts/critical-muted',
    ],
    [
      'a receiver that nobody uses',
      { routes: ROUTING.routes.slice(1, 3) },
      'alerts/unused-receiver: no route leads to receiver tickets',
    ],
  ] as never)('%s', (_: string, different: Partial<AlertRoutingProps>, message: string) => {
    expect(warnings(different)).toContainEqual(expect.stringContaining(message));
  });
});
