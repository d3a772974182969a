import { imageName } from '../../../images/name';
import { clusterRights, deployment, type Named, nameLabel, resources, serviceAccount } from '../objects';
import { MONITORING_NAMESPACE } from './names';

export const KUBE_STATE_METRICS: Named = { name: 'kube-state-metrics', namespace: MONITORING_NAMESPACE };

/** What it tells of, by API group. No Secrets, no ConfigMaps: nobody asks, so it need not read them. */
const OBSERVED: Readonly<Record<string, readonly string[]>> = {
  '': ['namespaces', 'nodes', 'persistentvolumeclaims', 'persistentvolumes', 'pods', 'services'],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  batch: ['cronjobs', 'jobs'],
  policy: ['poddisruptionbudgets'],
  'storage.k8s.io': ['storageclasses'],
};

/** The state of objects as metrics. */
export function kubeStateMetrics(): object[] {
  return [
    serviceAccount(KUBE_STATE_METRICS),
    ...clusterRights(
      KUBE_STATE_METRICS,
      Object.entries(OBSERVED).map(([group, kinds]) => ({
        apiGroups: [group],
        resources: kinds,
        verbs: ['list', 'watch'],
      })),
    ),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...KUBE_STATE_METRICS, labels: nameLabel(KUBE_STATE_METRICS.name) },
      spec: {
        clusterIP: 'None',
        selector: nameLabel(KUBE_STATE_METRICS.name),
        ports: [{ name: 'http-metrics', port: 8080, targetPort: 'http-metrics' }],
      },
    },
    deployment({
      ...KUBE_STATE_METRICS,
      image: imageName('kube-state-metrics'),
      args: [
        '--port=8080',
        '--telemetry-port=8081',
        `--resources=${Object.values(OBSERVED).flat().join(',')}`,
      ],
      ports: [
        { name: 'http-metrics', containerPort: 8080 },
        { name: 'telemetry', containerPort: 8081 },
      ],
      readinessProbe: { httpGet: { path: '/readyz', port: 'telemetry' }, periodSeconds: 1 },
      resources: resources('20m', '64Mi', '256Mi'),
    }),
  ];
}
