import { ClusterRoleBindingV1 } from '@cdktf/provider-kubernetes/lib/cluster-role-binding-v1';
import { ClusterRoleV1 } from '@cdktf/provider-kubernetes/lib/cluster-role-v1';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DaemonSetV1 } from '@cdktf/provider-kubernetes/lib/daemon-set-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { HorizontalPodAutoscalerV1 } from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v1';
import { HorizontalPodAutoscalerV2 } from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2';
import { IngressClassV1 } from '@cdktf/provider-kubernetes/lib/ingress-class-v1';
import { IngressV1 } from '@cdktf/provider-kubernetes/lib/ingress-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { LimitRangeV1 } from '@cdktf/provider-kubernetes/lib/limit-range-v1';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { NetworkPolicyV1 } from '@cdktf/provider-kubernetes/lib/network-policy-v1';
import { PersistentVolumeClaimV1 } from '@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1';
import { PersistentVolumeV1 } from '@cdktf/provider-kubernetes/lib/persistent-volume-v1';
import { PodDisruptionBudgetV1 } from '@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { PriorityClassV1 } from '@cdktf/provider-kubernetes/lib/priority-class-v1';
import { ResourceQuotaV1 } from '@cdktf/provider-kubernetes/lib/resource-quota-v1';
import { RoleBindingV1 } from '@cdktf/provider-kubernetes/lib/role-binding-v1';
import { RoleV1 } from '@cdktf/provider-kubernetes/lib/role-v1';
import { SecretV1 } from '@cdktf/provider-kubernetes/lib/secret-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { ServiceV1 } from '@cdktf/provider-kubernetes/lib/service-v1';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import { StorageClassV1 } from '@cdktf/provider-kubernetes/lib/storage-class-v1';
import { literal, runtimeVariable, secretVariable, type TerraformStack } from '../../../constructs/core';

const rbac = 'rbac.authorization.k8s.io';

/**
 * One sound object of every kind, written with as little as the provider
 * demands and with what it writes differently: what both ways of applying must
 * agree on. Waits for nothing, so that an API server alone is enough.
 */
export function declareEveryKind(stack: TerraformStack): void {
  const namespace = new NamespaceV1(stack, 'namespace', {
    metadata: { name: 'every-kind', labels: { a: 'b' } },
  });
  const metadata = { name: 'x', namespace: namespace.metadata.name };
  const labels = { app: 'x' };
  const selector = { matchLabels: labels };
  const account = new ServiceAccountV1(stack, 'account', { metadata });
  const container = [{ name: 'c', image: 'registry.example.com/c:1' }];
  const template = { metadata: { labels }, spec: { container } };

  declareSettings(stack, metadata);
  new StatefulSetV1(stack, 'stateful-set', {
    metadata,
    waitForRollout: false,
    spec: {
      serviceName: 'x',
      replicas: '2',
      selector,
      template: { metadata: { labels }, spec: elaboratePod() },
      volumeClaimTemplate: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  });
  new DeploymentV1(stack, 'deployment', { metadata, waitForRollout: false, spec: { selector, template } });
  new DaemonSetV1(stack, 'daemon-set', {
    metadata,
    waitForRollout: false,
    spec: {
      selector,
      template,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
    },
  });
  new PodV1(stack, 'pod', {
    metadata,
    targetState: ['Pending'],
    spec: { serviceAccountName: account.metadata.name, container },
  });
  new JobV1(stack, 'job', {
    metadata,
    waitForCompletion: false,
    spec: { ttlSecondsAfterFinished: '60', template },
  });
  new CronJobV1(stack, 'cron-job', {
    metadata,
    spec: {
      schedule: '0 2 * * *',
      timezone: 'Etc/UTC',
      jobTemplate: { metadata: {}, spec: { parallelism: 2, template } },
    },
  });
  new PodDisruptionBudgetV1(stack, 'budget', { metadata, spec: { maxUnavailable: '1', selector } });
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' };
  new HorizontalPodAutoscalerV1(stack, 'autoscaler-1', {
    metadata: { ...metadata, name: 'one' },
    spec: { maxReplicas: 3, scaleTargetRef, targetCpuUtilizationPercentage: 70 },
  });
  new HorizontalPodAutoscalerV2(stack, 'autoscaler-2', {
    metadata: { ...metadata, name: 'two' },
    spec: {
      maxReplicas: 3,
      scaleTargetRef,
      metric: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ],
    },
  });
}

/** A pod that uses what the provider writes in its own way. */
function elaboratePod() {
  return {
    securityContext: {
      runAsUser: '999',
      fsGroup: '999',
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    toleration: [{ key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: '60' }],
    topologySpreadConstraint: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: [{ matchLabels: { app: 'x' } }] },
    ],
    initContainer: [{ name: 'prepare', image: 'registry.example.com/c:1', command: ['true'] }],
    container: [
      {
        name: 'c',
        image: 'registry.example.com/c:1',
        env: [
          { name: 'EMPTY', value: '' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } } },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'x', key: 'token' } } },
          { name: 'INITIALIZE', valueFrom: { configMapKeyRef: { name: 'x', key: 'initialize' } } },
        ],
        envFrom: [{ configMapRef: { name: 'x' } }, { prefix: 'S_', secretRef: { name: 'empty' } }],
        lifecycle: { preStop: [{ exec: { command: ['true'] } }] },
        port: [{ name: 'http', containerPort: 80 }],
        livenessProbe: { tcpSocket: [{ port: '80' }] },
        readinessProbe: { httpGet: { path: '/', port: 'http' } },
        securityContext: { capabilities: { drop: ['ALL'] } },
        volumeMount: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volume: [
      { name: 'tmp', emptyDir: {} },
      { name: 'scripts', configMap: { name: 'x', defaultMode: '0555' } },
      {
        name: 'secret',
        secret: { secretName: 'x', optional: true, items: [{ key: 'k', path: 'p', mode: '0400' }] },
      },
      {
        name: 'projected',
        projected: [{ sources: [{ configMap: [{ name: 'x' }] }, { secret: [{ name: 'x' }] }] }],
      },
    ],
  };
}

function declareSettings(stack: TerraformStack, metadata: { name: string; namespace: string }): void {
  const initialize = runtimeVariable(stack, 'initialize', { description: 'true once', fallback: 'false' });
  const token = secretVariable(stack, 'token', 'Token');
  new ConfigMapV1(stack, 'config-map', {
    metadata,
    data: { initialize: initialize.stringValue, 'run.sh': literal(`#!/bin/sh\necho "\${PGDATA}" %{x}\n`) },
    binaryData: { blob: 'AAEC' },
  });
  new SecretV1(stack, 'secret', { metadata, dataWo: { token: token.stringValue }, dataWoRevision: 1 });
  new SecretV1(stack, 'empty-secret', {
    metadata: { ...metadata, name: 'empty' },
    dataWo: {},
    dataWoRevision: 1,
  });
  new ServiceV1(stack, 'service', {
    metadata,
    spec: {
      clusterIp: 'None',
      selector: { app: 'x' },
      port: [{ name: 'http', port: 80, targetPort: 'http' }],
    },
  });
  const names = ['role', 'cluster-role'] as const;
  const rule = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
  new RoleV1(stack, names[0], { metadata, rule });
  new ClusterRoleV1(stack, names[1], { metadata: { name: 'every-kind:x' }, rule });
  const subject = [{ kind: 'ServiceAccount', name: 'x' }];
  new RoleBindingV1(stack, 'role-binding', {
    metadata,
    subject,
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'x' },
  });
  new ClusterRoleBindingV1(stack, 'cluster-role-binding', {
    metadata: { name: 'every-kind:x' },
    subject,
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'every-kind:x' },
  });
  new PersistentVolumeV1(stack, 'volume', {
    metadata: { name: 'every-kind-x' },
    spec: [
      {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        claimRef: { name: 'x' },
        persistentVolumeSource: { csi: { driver: 'csi.example.com', volumeHandle: 'v' } },
      },
    ],
  });
  new PersistentVolumeClaimV1(stack, 'claim', {
    metadata,
    waitUntilBound: false,
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  new StorageClassV1(stack, 'storage-class', {
    metadata: { name: 'every-kind-x' },
    storageProvisioner: 'csi.example.com',
    allowedTopologies: { matchLabelExpressions: [{ key: 'zone', values: ['a'] }] },
  });
  new PriorityClassV1(stack, 'priority-class', { metadata: { name: 'every-kind-x' }, value: 10 });
  new ResourceQuotaV1(stack, 'quota', { metadata, spec: { hard: { pods: '100' } } });
  new LimitRangeV1(stack, 'limit-range', {
    metadata,
    spec: { limit: [{ type: 'Container', defaultRequest: { cpu: '10m' } }] },
  });
  new NetworkPolicyV1(stack, 'network-policy', {
    metadata,
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: '5432' }] }],
    },
  });
  new IngressClassV1(stack, 'ingress-class', {
    metadata: { name: 'every-kind-x' },
    spec: { controller: 'example.com/x' },
  });
  new IngressV1(stack, 'ingress', {
    metadata,
    spec: {
      ingressClassName: 'every-kind-x',
      rule: [{ http: { path: [{ path: '/', backend: { service: { name: 'x', port: { number: 80 } } } }] } }],
    },
  });
}
