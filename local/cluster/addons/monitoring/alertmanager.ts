import { imageName } from '../../../images/name';
import { RESTRICTED_POD, resources } from '../objects';
import { GROUP, INSTANCE, MONITORING_NAMESPACE } from './names';

/** Alertmanager without routes of its own: every AlertmanagerConfig is taken, and matches alerts of any namespace. */
export function alertmanager(): object[] {
  return [
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Alertmanager',
      metadata: { name: INSTANCE, namespace: MONITORING_NAMESPACE },
      spec: {
        image: imageName('alertmanager'),
        imagePullPolicy: 'IfNotPresent',
        version: 'v0.28.1',
        replicas: 1,
        automountServiceAccountToken: false,
        alertmanagerConfigSelector: {},
        alertmanagerConfigNamespaceSelector: {},
        alertmanagerConfigMatcherStrategy: { type: 'None' },
        securityContext: RESTRICTED_POD,
        resources: resources('10m', '64Mi', '256Mi'),
      },
    },
  ];
}
