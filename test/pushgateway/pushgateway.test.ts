import { Alerting } from '../../constructs/alerts';
import { Duration } from '../../constructs/core';
import { PUSHES_METRICS, Pushgateway, type PushgatewayProps } from '../../constructs/pushgateway';
import { get, Template } from '../helpers/template';

const PROPS: PushgatewayProps = {
  name: 'pushgateway',
  namespace: 'monitoring',
  image: 'registry.example.com/pushgateway:1',
  alerting: new Alerting({
    runbookBaseUrl: 'https://git.example.com/runbooks',
    objectLabels: { release: 'p' },
  }),
};
const declare = (different: Partial<PushgatewayProps> = {}) =>
  Template.of((stack) => {
    const gateway = new Pushgateway(stack, 'pushgateway', { ...PROPS, ...different });
    expect(gateway.url).toBe('http://pushgateway.monitoring.svc:9091');
  });
const objects = (template: Template) =>
  [...template.resources('kubernetes_manifest').values()].map(({ manifest }) => manifest);

test('it is one restricted pod, which keeps what it holds when its container ends', () => {
  const deployment = declare().named('kubernetes_deployment_v1', 'pushgateway');
  expect(get(deployment, 'spec')).toMatchObject({ replicas: '1', strategy: { type: 'Recreate' } });
  expect(get(deployment, 'spec.template.spec')).toMatchObject({
    automount_service_account_token: false,
    security_context: { run_as_non_root: true },
    container: [
      {
        command: ['prometheus-pushgateway'],
        args: ['--web.listen-address=:9091', '--persistence.file=/data/metrics', '--persistence.interval=1m'],
        security_context: { read_only_root_filesystem: true, allow_privilege_escalation: false },
        volume_mount: [{ name: 'data', mount_path: '/data' }],
      },
    ],
    volume: [{ name: 'data', empty_dir: { size_limit: '64Mi' } }],
  });
});

test('only jobs that push and a Prometheus are let in, or whoever is named', () => {
  const policy = (template: Template) =>
    get(template.named('kubernetes_network_policy_v1', 'pushgateway'), 'spec');
  const pods = (labels: object) => ({ namespace_selector: {}, pod_selector: { match_labels: labels } });
  expect(policy(declare())).toEqual({
    pod_selector: {
      match_labels: { 'app.kubernetes.io/name': 'pushgateway', 'app.kubernetes.io/instance': 'pushgateway' },
    },
    policy_types: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [pods({ 'app.kubernetes.io/name': 'prometheus' }), pods(PUSHES_METRICS)],
        ports: [{ port: '9091', protocol: 'TCP' }],
      },
    ],
  });
  const named = declare({
    scrapers: { namespace: { name: 'monitoring' } },
    senders: [{ pods: { app: 'etl' } }, {}],
  });
  expect(get(policy(named), 'ingress.0.from')).toEqual([
    { namespace_selector: { match_labels: { name: 'monitoring' } }, pod_selector: {} },
    pods({ app: 'etl' }),
    { namespace_selector: {}, pod_selector: {} },
  ]);
});

test('it is scraped so that job and namespace stay those of who pushed, and is watched', () => {
  const all = objects(declare());
  expect(all.find((object) => get(object, 'kind') === 'PodMonitor')).toMatchObject({
    metadata: { name: 'pushgateway', namespace: 'monitoring', labels: { release: 'p' } },
    spec: {
      podMetricsEndpoints: [
        {
          port: 'metrics',
          interval: '30s',
          honorLabels: true,
          relabelings: [
            { targetLabel: 'job', replacement: 'pushgateway' },
            { targetLabel: 'pushgateway', replacement: 'monitoring/pushgateway' },
          ],
        },
      ],
    },
  });
  const rules = all.find((object) => get(object, 'kind') === 'PrometheusRule');
  expect(get(rules, 'spec.groups.0.rules.0.expr')).toContain('pushgateway="monitoring/pushgateway"');
  expect(objects(declare({ alerting: undefined as never }))).toEqual([]);
});

test('what is left over cannot be told within the hour', () => {
  const faults = Template.faults(
    (stack) => void new Pushgateway(stack, 'p', { ...PROPS, leftOverAfter: Duration.minutes(5) }),
  );
  expect(faults.map(({ message }) => message)).toEqual([
    expect.stringContaining('leftOverAfter is 5 minutes'),
  ]);
});
