import { imageName } from '../../../images/name';
import { type Addon, READY_TIMEOUT } from '../addon';
import {
  clusterRights,
  deployment,
  type Named,
  type Rule,
  resources,
  restrictedNamespace,
  serviceAccount,
} from '../objects';
import { definitions } from './definitions';

export const SNAPSHOT_CONTROLLER: Named = { name: 'snapshot-controller', namespace: 'snapshot-controller' };

const PORT = 8080;
const read = ['get', 'list', 'watch'];
const change = [...read, 'create', 'update', 'patch', 'delete'];

/** As the controller's own manifests have them. */
const RIGHTS: readonly Rule[] = [
  { apiGroups: [''], resources: ['persistentvolumes'], verbs: read },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: [...read, 'update'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list', 'watch', 'create', 'update', 'patch'] },
  ...[
    ['snapshot.storage.k8s.io', 'volumesnapshot'] as const,
    ['groupsnapshot.storage.k8s.io', 'volumegroupsnapshot'] as const,
  ].flatMap(([group, kind]): Rule[] => [
    { apiGroups: [group], resources: [`${kind}classes`], verbs: read },
    { apiGroups: [group], resources: [`${kind}contents`, `${kind}s`], verbs: change },
    {
      apiGroups: [group],
      resources: [`${kind}contents/status`, `${kind}s/status`],
      verbs: ['update', 'patch'],
    },
  ]),
];

/**
 * The definitions of volume snapshots and the controller that binds them. A CSI driver is not among it: none can be had here
 * that takes snapshots, so a snapshot gets ready only when somebody plays the driver's part.
 */
export const snapshots: Addon = {
  images: ['snapshot-controller'],
  definitions,
  stages: async () => [
    {
      objects: [
        restrictedNamespace(SNAPSHOT_CONTROLLER.namespace),
        serviceAccount(SNAPSHOT_CONTROLLER),
        ...clusterRights(SNAPSHOT_CONTROLLER, RIGHTS),
        deployment({
          ...SNAPSHOT_CONTROLLER,
          image: imageName('snapshot-controller'),
          args: [`--http-endpoint=:${PORT}`, '--kube-api-qps=50', '--kube-api-burst=100', '--v=2'],
          ports: [{ name: 'http', containerPort: PORT }],
          readinessProbe: { httpGet: { path: '/metrics', port: 'http' }, periodSeconds: 1 },
          resources: resources('20m', '64Mi', '256Mi'),
        }),
      ],
      ready: [
        [
          'rollout',
          'status',
          `deployment/${SNAPSHOT_CONTROLLER.name}`,
          `--namespace=${SNAPSHOT_CONTROLLER.namespace}`,
          READY_TIMEOUT,
        ],
      ],
    },
  ],
};
