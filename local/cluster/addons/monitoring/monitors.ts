import { nameLabel } from '../objects';
import { KUBE_STATE_METRICS } from './kube-state-metrics';
import { GROUP, MONITORING_NAMESPACE } from './names';
import { OPERATOR } from './operator';

/** The label whose value becomes `job`, as in kube-prometheus. */
const jobLabel = 'app.kubernetes.io/name';
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What is scraped of the cluster and of the monitoring itself. Everything else brings its own monitors. */
export function monitors(): object[] {
  return [
    monitor('ServiceMonitor', 'kubelet', {
      namespaceSelector: { matchNames: ['kube-system'] },
      selector: { matchLabels: nameLabel('kubelet') },
      endpoints: [kubelet({}), kubelet({ path: '/metrics/cadvisor', honorTimestamps: false })],
    }),
    monitor('ServiceMonitor', KUBE_STATE_METRICS.name, {
      selector: { matchLabels: nameLabel(KUBE_STATE_METRICS.name) },
      // Its metrics speak of other pods and namespaces than its own.
      endpoints: [{ port: 'http-metrics', honorLabels: true }],
    }),
    monitor('PodMonitor', OPERATOR.name, {
      selector: { matchLabels: nameLabel(OPERATOR.name) },
      podMetricsEndpoints: [{ port: 'http' }],
    }),
    ...['prometheus', 'alertmanager'].map((name) =>
      monitor('PodMonitor', name, {
        selector: { matchLabels: nameLabel(name) },
        podMetricsEndpoints: [{ port: 'web' }],
      }),
    ),
  ];
}

function monitor(kind: string, name: string, spec: object): object {
  const metadata = { name, namespace: MONITORING_NAMESPACE };
  return { apiVersion: `${GROUP}/v1`, kind, metadata, spec: { jobLabel, ...spec } };
}

/** A page of kubelet's, asked for as Prometheus' own account. */
function kubelet(page: object): object {
  return {
    port: 'https-metrics',
    scheme: 'https',
    bearerTokenFile: `${SERVICE_ACCOUNT}/token`,
    tlsConfig: { caFile: `${SERVICE_ACCOUNT}/ca.crt` },
    honorLabels: true,
    relabelings: [{ action: 'replace', sourceLabels: ['__metrics_path__'], targetLabel: 'metrics_path' }],
    ...page,
  };
}
