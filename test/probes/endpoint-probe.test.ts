import { Alerting } from '../../constructs/alerts';
import { BlackboxExporter, EndpointProbe, type EndpointProbeProps } from '../../constructs/probes';
import { byName, get, Template } from '../helpers/template';

const ALERTING = new Alerting({
  runbookBaseUrl: 'https://git.example.com/runbooks',
  objectLabels: { release: 'p' },
});
const TARGET = 'https://shop.example.com/healthz';

const declare = (different: Partial<EndpointProbeProps> = {}) => ({
  name: 'front',
  namespace: 'shop',
  targets: [TARGET],
  prober: 'blackbox.monitoring.svc:9115',
  alerting: ALERTING,
  ...different,
});

test('a probe is asked for with the labels that its alert reads', () => {
  const template = Template.of((stack) => void new EndpointProbe(stack, 'front', declare()));
  const objects = [...template.resources('kubernetes_manifest').values()].map(({ manifest }) => manifest);
  expect(objects.find((object) => get(object, 'kind') === 'Probe')).toEqual({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Probe',
    metadata: { name: 'front', namespace: 'shop', labels: { release: 'p' } },
    spec: {
      jobName: 'probe',
      interval: '30s',
      module: 'http_2xx',
      prober: { url: 'blackbox.monitoring.svc:9115' },
      targets: { staticConfig: { static: [TARGET], labels: { namespace: 'shop', probe: 'front' } } },
    },
  });
  const rules = objects.find((object) => get(object, 'kind') === 'PrometheusRule');
  expect(get(rules, 'spec.groups.0.rules.0.expr')).toContain(`instance="${TARGET}"`);
});

test.each([
  [{ targets: [] }, 'targets is empty'],
  [
    { targets: ['shop.example.com'] },
    'targets[0] is "shop.example.com", which the module http_2xx cannot ask',
  ],
  [{ targets: ['https://a'], module: 'tcp_tls' }, 'which the module tcp_tls cannot ask'],
  [{ targets: [TARGET, TARGET] }, 'as another one'],
])('is refused: %j', (different, message) => {
  const faults = Template.faults((stack) => void new EndpointProbe(stack, 'front', declare(different)));
  expect(faults.map((fault) => fault.message)).toContainEqual(expect.stringContaining(message));
});

test('the exporter is a restricted pod with modules of its own and the team’s', () => {
  const template = Template.of((stack) => {
    const exporter = new BlackboxExporter(stack, 'blackbox', {
      name: 'blackbox',
      namespace: 'monitoring',
      image: 'registry.example.com/exporters:1',
      modules: { http_401: { prober: 'http', http: { valid_status_codes: [401] } } },
    });
    expect(exporter.address).toBe('blackbox.monitoring.svc:9115');
  });
  const pod = get(template.named('kubernetes_deployment_v1', 'blackbox'), 'spec.template.spec');
  expect(get(pod, 'automount_service_account_token')).toBe(false);
  const container = byName(get(pod, 'container'), 'blackbox-exporter');
  expect(get(container, 'security_context.read_only_root_filesystem')).toBe(true);
  const data = get(template.named('kubernetes_config_map_v1', 'blackbox'), 'data') as Record<string, string>;
  expect(data['blackbox.yml']).toMatch(/http_2xx:[\s\S]*tcp_tls:[\s\S]*http_401:/);
});
