import { binaryDefinition } from '../../../binaries/catalogue';
import { imageName } from '../../../images/name';
import { clusterRights, type Named, RESTRICTED_POD, resources, serviceAccount } from '../objects';
import { GROUP, INSTANCE, MONITORING_NAMESPACE } from './names';

const ACCOUNT: Named = { name: 'prometheus', namespace: MONITORING_NAMESPACE };

/** Whatever any namespace declares is taken: a platform's monitors and rules are tried as they are. */
const EVERYTHING = {};

/** Prometheus, its alerts going to Alertmanager. It keeps a day, in memory of its pod. */
export function prometheus(): object[] {
  const kinds = ['serviceMonitor', 'podMonitor', 'probe', 'scrapeConfig', 'rule'];
  const selectors = kinds.flatMap((kind) => [`${kind}Selector`, `${kind}NamespaceSelector`]);
  return [
    serviceAccount(ACCOUNT),
    ...clusterRights(ACCOUNT, [
      { apiGroups: [''], resources: ['services', 'pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
    ]),
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Prometheus',
      metadata: { name: INSTANCE, namespace: MONITORING_NAMESPACE },
      spec: {
        image: imageName('prometheus'),
        imagePullPolicy: 'IfNotPresent',
        version: `v${binaryDefinition('prometheus').version}`,
        replicas: 1,
        serviceAccountName: ACCOUNT.name,
        serviceDiscoveryRole: 'EndpointSlice',
        ...Object.fromEntries(selectors.map((selector) => [selector, EVERYTHING])),
        alerting: {
          alertmanagers: [{ namespace: MONITORING_NAMESPACE, name: 'alertmanager-operated', port: 'web' }],
        },
        // A third of what is usual: a test waits for what happens next.
        scrapeInterval: '10s',
        evaluationInterval: '10s',
        retention: '1d',
        securityContext: RESTRICTED_POD,
        resources: resources('50m', '256Mi', '1Gi'),
      },
    },
  ];
}
