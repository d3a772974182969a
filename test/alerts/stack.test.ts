import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { Alerting, ExtraAlerts } from '../../constructs/alerts';
import { AlertRouting, Via } from '../../constructs/alerts/routing';
import { App, collectFaults, Duration, EnvironmentStack, Testing } from '../../constructs/core';
import { PostgresDatabase } from '../../constructs/postgres';
import { EndpointProbe } from '../../constructs/probes';
import { Pushgateway } from '../../constructs/pushgateway';
import { databaseProps, secret } from '../helpers/database';
import { get, type JsonObject, object } from '../helpers/template';

const declared = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });

/** Everything that is watched, in stacks of these names; `monitoring` is there for what watches where it is said. */
function declare({ apart, platforms = ['platform'] }: { apart: boolean; platforms?: readonly string[] }) {
  const app = Testing.stubVersion(new App({ stackTraces: false, skipValidation: true }));
  const stackOf = (environment: string, layer: 'platform' | 'monitoring') => {
    const stack = new EnvironmentStack(app, { environment, layer });
    new KubernetesProvider(stack, 'kubernetes', {});
    return stack;
  };
  const monitoring = stackOf('test', 'monitoring');
  const alerting = apart ? declared.with({ stack: monitoring }) : declared;
  const stacks = platforms.map((environment) => {
    const stack = stackOf(environment, 'platform');
    const props = databaseProps({ alerting, exporters: {}, namespace: environment });
    new PostgresDatabase(stack, 'orders', props);
    const common = { alerting, name: 'shop', namespace: environment };
    new EndpointProbe(stack, 'probe', { ...common, targets: ['https://shop'], prober: 'blackbox:9115' });
    new Pushgateway(stack, 'pushgateway', {
      alerting,
      name: 'pushes',
      namespace: environment,
      image: 'pushgateway',
    });
    new ExtraAlerts(stack, 'extra', {
      ...common,
      alerts: [
        {
          alert: 'QueueStuck',
          expr: 'queue_age > 1',
          for: Duration.minutes(5),
          severity: 'warning',
          summary: 'stuck',
          description: 'stuck',
          runbook: 'https://git.example.com/queue.md',
        },
      ],
    });
    return stack;
  });
  const [first] = stacks;
  if (first === undefined) throw new Error('one stack at least');
  new AlertRouting(first, 'routing', {
    alerting,
    receivers: [{ name: 'chat', via: [Via.slack({ webhook: secret('slack_webhook'), channel: '#alerts' })] }],
    routes: [],
    otherwise: 'chat',
  });
  const faults = collectFaults(app);
  const json = (stack: EnvironmentStack) => JSON.parse(Testing.synth(stack, true)) as JsonObject;
  return { faults, platform: json(first), monitoring: json(monitoring) };
}

const kinds = (stack: JsonObject) =>
  Object.values(object(get(stack, 'resource.kubernetes_manifest') ?? {}))
    .map((one) => `${get(one, 'manifest.kind')} ${get(one, 'manifest.metadata.name')}`)
    .sort();
const WATCHING = [
  'AlertmanagerConfig platform',
  'PodMonitor orders-pgbackrest',
  'PodMonitor orders-postgres',
  'PodMonitor pushes',
  'Probe shop',
  'PrometheusRule orders-postgres',
  'PrometheusRule orders-workload',
  'PrometheusRule pushes-pushgateway',
  'PrometheusRule shop-extra',
  'PrometheusRule shop-probes',
];

/** The rules that subjects share are objects of the stack that they are in. */
const shared = (stack: string) => ['postgres', 'workload'].map((of) => `PrometheusRule ${stack}-${of}`);

test('what watches is declared beside what is watched, unless a stack is there for it', () => {
  const { faults, monitoring, platform } = declare({ apart: false });
  expect(faults).toEqual([]);
  expect(kinds(platform)).toEqual([...WATCHING, ...shared('platform-platform')].sort());
  expect(kinds(monitoring)).toEqual([]);
});

test('in a stack of its own it is the same, and the other needs nothing of the operator', () => {
  const { faults, monitoring, platform } = declare({ apart: true });
  expect(faults).toEqual([]);
  expect(kinds(platform)).toEqual([]);
  expect(kinds(monitoring)).toEqual([...WATCHING, ...shared('test-monitoring')].sort());
  // Secrets of receivers are asked for where they are used alone.
  expect(Object.keys(object(platform['variable'] ?? {}))).not.toContain('slack_webhook');
  expect(Object.keys(object(monitoring['variable'] ?? {}))).toContain('slack_webhook');
  for (const stack of [monitoring, platform]) expect(JSON.stringify(stack)).not.toContain('remote_state');
});

test('stacks that are alike do not get in each other’s way', () => {
  const { faults, monitoring } = declare({ apart: true, platforms: ['one', 'two'] });
  expect(faults).toEqual([]);
  const [routing, ...rest] = [...WATCHING, ...shared('test-monitoring')].sort();
  expect(kinds(monitoring)).toEqual([routing, ...rest.flatMap((one) => [one, one])]);
});
