import { imageName } from '../../../images/name';
import { clusterRights, deployment, type Named, resources, rights, serviceAccount } from '../objects';
import { GROUP, MONITORING_NAMESPACE } from './names';

export const OPERATOR: Named = { name: 'prometheus-operator', namespace: MONITORING_NAMESPACE };

const read = ['get', 'list', 'watch'];
const write = ['create', 'update', 'patch', 'delete'];

/**
 * The operator. It reads monitors, rules and routes everywhere, and makes Prometheus and Alertmanager in its own
 * namespace alone. It also keeps a service of all kubelets, so that they can be scraped like any other.
 */
export function operator(): object[] {
  return [
    serviceAccount(OPERATOR),
    ...clusterRights(OPERATOR, [
      {
        apiGroups: [GROUP],
        resources: [
          'alertmanagerconfigs',
          'podmonitors',
          'probes',
          'prometheusrules',
          'scrapeconfigs',
          'servicemonitors',
        ],
        verbs: read,
      },
      { apiGroups: [''], resources: ['namespaces', 'nodes'], verbs: read },
      // Monitors and routes refer to credentials that lie beside them.
      { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: read },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    ]),
    ...rights(OPERATOR, MONITORING_NAMESPACE, [
      {
        apiGroups: [GROUP],
        resources: ['alertmanagers', 'prometheuses'],
        verbs: [...read, 'update', 'patch'],
      },
      {
        apiGroups: [GROUP],
        resources: ['alertmanagers', 'prometheuses'].flatMap((kind) => [
          `${kind}/status`,
          `${kind}/finalizers`,
        ]),
        verbs: ['update', 'patch'],
      },
      { apiGroups: ['apps'], resources: ['statefulsets'], verbs: [...read, ...write] },
      { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: write },
      { apiGroups: [''], resources: ['services'], verbs: ['get', ...write] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'delete'] },
    ]),
    ...rights(OPERATOR, 'kube-system', [
      { apiGroups: [''], resources: ['services'], verbs: ['get', ...write] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', ...write] },
    ]),
    deployment({
      ...OPERATOR,
      image: imageName('prometheus-operator'),
      args: [
        '--kubelet-service=kube-system/kubelet',
        '--kubelet-endpoints=false',
        '--kubelet-endpointslice=true',
        `--prometheus-config-reloader=${imageName('prometheus-config-reloader')}`,
        `--prometheus-instance-namespaces=${MONITORING_NAMESPACE}`,
        `--alertmanager-instance-namespaces=${MONITORING_NAMESPACE}`,
      ],
      ports: [{ name: 'http', containerPort: 8080 }],
      readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
      resources: resources('20m', '64Mi', '256Mi'),
    }),
  ];
}
