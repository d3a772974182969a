import { ClusterRoleBindingV1 } from '@cdktf/provider-kubernetes/lib/cluster-role-binding-v1';
import { ClusterRoleV1 } from '@cdktf/provider-kubernetes/lib/cluster-role-v1';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { HorizontalPodAutoscalerV1 } from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v1';
import { HorizontalPodAutoscalerV2 } from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2';
import { LimitRangeV1 } from '@cdktf/provider-kubernetes/lib/limit-range-v1';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PersistentVolumeClaimV1 } from '@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1';
import { PersistentVolumeV1 } from '@cdktf/provider-kubernetes/lib/persistent-volume-v1';
import { PodDisruptionBudgetV1 } from '@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1';
import { PriorityClassV1 } from '@cdktf/provider-kubernetes/lib/priority-class-v1';
import { ResourceQuotaV1 } from '@cdktf/provider-kubernetes/lib/resource-quota-v1';
import { RoleBindingV1 } from '@cdktf/provider-kubernetes/lib/role-binding-v1';
import { RoleV1 } from '@cdktf/provider-kubernetes/lib/role-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { StorageClassV1 } from '@cdktf/provider-kubernetes/lib/storage-class-v1';
import { parse } from 'yaml';
import type { TerraformStack } from '../../../constructs/core';
import { objectOf } from './kits';

const rbac = 'rbac.authorization.k8s.io';

const cases: readonly [name: string, declare: (stack: TerraformStack) => unknown, expected: string][] = [
  [
    'namespace',
    (stack) =>
      new NamespaceV1(stack, 'x', {
        metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
        waitForDefaultServiceAccount: true,
      }),
    `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
`,
  ],
  [
    'config map',
    (stack) =>
      new ConfigMapV1(stack, 'x', {
        metadata: { name: 'c', namespace: 'shop' },
        data: { 'a.conf': 'x = 1\n', empty: '', yes: 'true', number: '1' },
        binaryData: { blob: 'AAEC' },
        immutable: true,
      }),
    `
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: shop}
data: {a.conf: "x = 1\\n", empty: '', 'yes': 'true', number: '1'}
binaryData: {blob: AAEC}
immutable: true
`,
  ],
  [
    'service account',
    (stack) =>
      new ServiceAccountV1(stack, 'x', {
        metadata: { name: 'a', namespace: 'shop' },
        automountServiceAccountToken: false,
        imagePullSecret: [{ name: 'registry' }],
        secret: [{ name: 'token' }],
      }),
    `
apiVersion: v1
kind: ServiceAccount
metadata: {name: a, namespace: shop}
automountServiceAccountToken: false
imagePullSecrets: [{name: registry}]
secrets: [{name: token}]
`,
  ],
  [
    'role',
    (stack) =>
      new RoleV1(stack, 'x', {
        metadata: { name: 'r', namespace: 'shop' },
        rule: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['tls'], verbs: ['get', 'patch'] }],
      }),
    `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r, namespace: shop}
rules: [{apiGroups: [''], resources: [secrets], resourceNames: [tls], verbs: [get, patch]}]
`,
  ],
  [
    'cluster role',
    (stack) =>
      new ClusterRoleV1(stack, 'x', {
        metadata: { name: 'system:reader' },
        rule: [{ nonResourceUrls: ['/metrics'], verbs: ['get'] }],
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
      }),
    `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: 'system:reader'}
rules: [{nonResourceURLs: [/metrics], verbs: [get]}]
aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}
`,
  ],
  [
    'role binding',
    (stack) =>
      new RoleBindingV1(stack, 'x', {
        metadata: { name: 'b', namespace: 'shop' },
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'r' },
        subject: [
          { kind: 'ServiceAccount', name: 'a' },
          { kind: 'Group', name: 'g', apiGroup: rbac },
        ],
      }),
    `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects:
  - {kind: ServiceAccount, name: a, namespace: default}
  - {kind: Group, name: g, apiGroup: rbac.authorization.k8s.io}
`,
  ],
  [
    'cluster role binding',
    (stack) =>
      new ClusterRoleBindingV1(stack, 'x', {
        metadata: { name: 'b' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'r' },
        subject: [{ kind: 'ServiceAccount', name: 'a', namespace: 'shop' }],
      }),
    `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects: [{kind: ServiceAccount, name: a, namespace: shop}]
`,
  ],
  [
    'persistent volume',
    (stack) =>
      new PersistentVolumeV1(stack, 'x', {
        metadata: { name: 'v' },
        spec: [
          {
            accessModes: ['ReadWriteOnce'],
            capacity: { storage: '10Gi' },
            persistentVolumeReclaimPolicy: 'Retain',
            storageClassName: 'fast',
            claimRef: { name: 'data-db-0' },
            nodeAffinity: {
              required: {
                nodeSelectorTerm: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
              },
            },
            persistentVolumeSource: {
              csi: {
                driver: 'ebs.csi.aws.com',
                volumeHandle: 'vol-1',
                fsType: 'ext4',
                volumeAttributes: { a: 'b' },
              },
            },
          },
        ],
      }),
    `
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
  persistentVolumeReclaimPolicy: Retain
  storageClassName: fast
  claimRef: {name: data-db-0, namespace: default}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a]}]}]}}
  csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1, fsType: ext4, volumeAttributes: {a: b}}
`,
  ],
  [
    'persistent volume of CephFS, whose name loses its underscore',
    (stack) =>
      new PersistentVolumeV1(stack, 'x', {
        metadata: { name: 'v' },
        spec: [
          {
            accessModes: ['ReadWriteMany'],
            capacity: { storage: '1Gi' },
            persistentVolumeSource: { cephFs: { monitors: ['10.0.0.1:6789'], user: 'admin' } },
          },
        ],
      }),
    `
apiVersion: v1
kind: PersistentVolume
metadata: {name: v}
spec:
  accessModes: [ReadWriteMany]
  capacity: {storage: 1Gi}
  cephfs: {monitors: ['10.0.0.1:6789'], user: admin}
`,
  ],
  [
    'persistent volume claim',
    (stack) =>
      new PersistentVolumeClaimV1(stack, 'x', {
        metadata: { name: 'c', namespace: 'shop' },
        waitUntilBound: false,
        spec: {
          accessModes: ['ReadWriteOnce'],
          volumeName: 'v',
          selector: { matchLabels: { a: 'b' } },
          resources: { requests: { storage: '1Gi' } },
        },
      }),
    `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c, namespace: shop}
spec:
  accessModes: [ReadWriteOnce]
  volumeName: v
  selector: {matchLabels: {a: b}}
  resources: {requests: {storage: 1Gi}}
`,
  ],
  [
    'storage class',
    (stack) =>
      new StorageClassV1(stack, 'x', {
        metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        storageProvisioner: 'ebs.csi.aws.com',
        reclaimPolicy: 'Retain',
        volumeBindingMode: 'WaitForFirstConsumer',
        parameters: { type: 'gp3', encrypted: 'true' },
        mountOptions: ['noatime'],
        allowedTopologies: { matchLabelExpressions: [{ key: 'zone', values: ['a'] }] },
      }),
    `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}
provisioner: ebs.csi.aws.com
reclaimPolicy: Retain
volumeBindingMode: WaitForFirstConsumer
parameters: {type: gp3, encrypted: 'true'}
mountOptions: [noatime]
allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a]}]}]
allowVolumeExpansion: true
`,
  ],
  [
    'pod disruption budget',
    (stack) =>
      new PodDisruptionBudgetV1(stack, 'x', {
        metadata: { name: 'b', namespace: 'shop' },
        spec: { maxUnavailable: '1', selector: { matchLabels: { a: 'b' } } },
      }),
    `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}
`,
  ],
  [
    'horizontal pod autoscaler, version 1',
    (stack) =>
      new HorizontalPodAutoscalerV1(stack, 'x', {
        metadata: { name: 'h', namespace: 'shop' },
        spec: {
          minReplicas: 2,
          maxReplicas: 5,
          targetCpuUtilizationPercentage: 80,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        },
      }),
    `
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: h, namespace: shop}
spec:
  minReplicas: 2
  maxReplicas: 5
  targetCPUUtilizationPercentage: 80
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
`,
  ],
  [
    'horizontal pod autoscaler, version 2',
    (stack) =>
      new HorizontalPodAutoscalerV2(stack, 'x', {
        metadata: { name: 'h', namespace: 'shop' },
        spec: {
          maxReplicas: 5,
          scaleTargetRef: { kind: 'Deployment', name: 'web' },
          metric: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
            },
            {
              type: 'Pods',
              pods: {
                metric: { name: 'm', selector: [{ matchLabels: { a: 'b' } }] },
                target: { type: 'AverageValue', averageValue: '10' },
              },
            },
          ],
          behavior: {
            scaleDown: [
              {
                stabilizationWindowSeconds: 60,
                selectPolicy: 'Min',
                policy: [{ type: 'Pods', value: 1, periodSeconds: 30 }],
              },
            ],
          },
        },
      }),
    `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h, namespace: shop}
spec:
  maxReplicas: 5
  scaleTargetRef: {kind: Deployment, name: web}
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}
    - type: Pods
      pods:
        metric: {name: m, selector: {matchLabels: {a: b}}}
        target: {type: AverageValue, averageValue: '10'}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 60
      selectPolicy: Min
      policies: [{type: Pods, value: 1, periodSeconds: 30}]
`,
  ],
  [
    'priority class',
    (stack) =>
      new PriorityClassV1(stack, 'x', {
        metadata: { name: 'p' },
        value: -10,
        globalDefault: false,
        preemptionPolicy: 'Never',
        description: '',
      }),
    `
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: p}
value: -10
globalDefault: false
preemptionPolicy: Never
`,
  ],
  [
    'resource quota',
    (stack) =>
      new ResourceQuotaV1(stack, 'x', {
        metadata: { name: 'q', namespace: 'shop' },
        spec: {
          hard: { pods: '10', 'requests.storage': '1Ti' },
          scopeSelector: {
            matchExpression: [{ scopeName: 'PriorityClass', operator: 'In', values: ['p'] }],
          },
        },
      }),
    `
apiVersion: v1
kind: ResourceQuota
metadata: {name: q, namespace: shop}
spec:
  hard: {pods: '10', requests.storage: 1Ti}
  scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [p]}]}
`,
  ],
  [
    'limit range',
    (stack) =>
      new LimitRangeV1(stack, 'x', {
        metadata: { name: 'l', namespace: 'shop' },
        spec: { limit: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '100m' } }] },
      }),
    `
apiVersion: v1
kind: LimitRange
metadata: {name: l, namespace: shop}
spec: {limits: [{type: Container, default: {cpu: '1'}, defaultRequest: {cpu: 100m}}]}
`,
  ],
];

test.each(cases)('%s', (_name, declare, expected) => {
  expect(objectOf(declare)).toEqual(parse(expected));
});
