import { imageName } from '../../images/name';

const namespace = 'local-path-storage';
const metadata = { name: 'local-path-provisioner', namespace };
const labels = { app: 'local-path-provisioner' };
const rbac = 'rbac.authorization.k8s.io';

/** Where volumes are, as the node sees it. */
export const VOLUMES = '/var/lib/volumes';

/** The default storage class: folders on the node's disk. */
export function storage(): object[] {
  const subjects = [{ kind: 'ServiceAccount', ...metadata }];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [rule('', ['pods'], ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'])],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: metadata.name },
      rules: [
        rule(
          '',
          ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'],
          ['get', 'list', 'watch'],
        ),
        rule('', ['persistentvolumes'], ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']),
        rule('', ['events'], ['create', 'patch']),
        rule('storage.k8s.io', ['storageclasses'], ['get', 'list', 'watch']),
      ],
    },
    { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef: role('Role'), subjects },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: metadata.name },
      roleRef: role('ClusterRole'),
      subjects,
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: configuration() },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: 'local-path',
        annotations: {
          'storageclass.kubernetes.io/is-default-class': 'true',
          // The other kind, hostPath, ignores fsGroup and is passed over by backup tools.
          defaultVolumeType: 'local',
        },
      },
      provisioner: 'rancher.io/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
    },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec() },
  ];
}

function rule(apiGroup: string, resources: readonly string[], verbs: readonly string[]): object {
  return { apiGroups: [apiGroup], resources, verbs };
}

function role(kind: string): object {
  return { apiGroup: rbac, kind, name: metadata.name };
}

function configuration(): Record<string, string> {
  const image = imageName('local-path-provisioner');
  return {
    'config.json': JSON.stringify({
      nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [VOLUMES] }],
    }),
    setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
    teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
    'helperPod.yaml': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'helper-pod' },
      spec: {
        priorityClassName: 'system-node-critical',
        // It makes one folder, and a database waits for it: no network of its own, no token, nothing to end.
        hostNetwork: true,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'helper-pod', image, imagePullPolicy: 'IfNotPresent' }],
      },
    }),
  };
}

function deploymentSpec(): object {
  return {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: metadata.name,
        containers: [
          {
            name: metadata.name,
            image: imageName('local-path-provisioner'),
            imagePullPolicy: 'IfNotPresent',
            args: [
              'start',
              '--config=/etc/config/config.json',
              `--configmap-name=${metadata.name}`,
              `--service-account-name=${metadata.name}`,
            ],
            volumeMounts: [{ name: 'configuration', mountPath: '/etc/config/' }],
            env: [
              { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
              { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
            ],
          },
        ],
        volumes: [{ name: 'configuration', configMap: { name: metadata.name } }],
      },
    },
  };
}
