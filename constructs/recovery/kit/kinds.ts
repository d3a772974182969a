/**
 * The typed resources of the Kubernetes provider that the kit knows, and what
 * each is in Kubernetes. `rank` is the order in which kinds are applied when
 * no reference and no `depends_on` says otherwise.
 */
export interface ResourceKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Name of the type in types.generated.json. */
  readonly type: string;
  readonly namespaced: boolean;
  readonly rank: number;
}

/** Ranks are multiples of ten so that a kind can be put between two others. */
export const RANKS = {
  namespace: 0,
  definition: 10,
  clusterSetting: 20,
  policy: 30,
  identity: 40,
  role: 50,
  binding: 60,
  configMap: 70,
  secret: 80,
  service: 90,
  volume: 100,
  claim: 110,
  release: 120,
  workload: 130,
  budget: 140,
  autoscaler: 150,
  custom: 160,
  job: 170,
  cronJob: 180,
  ingress: 190,
  webhook: 200,
} as const;

function kind(
  apiVersion: string,
  name: string,
  type: string,
  rank: number,
  namespaced: boolean,
): ResourceKind {
  return { apiVersion, kind: name, type, rank, namespaced };
}

const rbac = 'rbac.authorization.k8s.io/v1';

export const RESOURCE_KINDS: Readonly<Record<string, ResourceKind>> = {
  kubernetes_namespace_v1: kind('v1', 'Namespace', 'V1Namespace', RANKS.namespace, false),
  kubernetes_priority_class_v1: kind(
    'scheduling.k8s.io/v1',
    'PriorityClass',
    'V1PriorityClass',
    RANKS.clusterSetting,
    false,
  ),
  kubernetes_storage_class_v1: kind(
    'storage.k8s.io/v1',
    'StorageClass',
    'V1StorageClass',
    RANKS.clusterSetting,
    false,
  ),
  kubernetes_ingress_class_v1: kind(
    'networking.k8s.io/v1',
    'IngressClass',
    'V1IngressClass',
    RANKS.clusterSetting,
    false,
  ),
  kubernetes_resource_quota_v1: kind('v1', 'ResourceQuota', 'V1ResourceQuota', RANKS.policy, true),
  kubernetes_limit_range_v1: kind('v1', 'LimitRange', 'V1LimitRange', RANKS.policy, true),
  kubernetes_network_policy_v1: kind(
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'V1NetworkPolicy',
    RANKS.policy,
    true,
  ),
  kubernetes_service_account_v1: kind('v1', 'ServiceAccount', 'V1ServiceAccount', RANKS.identity, true),
  kubernetes_cluster_role_v1: kind(rbac, 'ClusterRole', 'V1ClusterRole', RANKS.role, false),
  kubernetes_role_v1: kind(rbac, 'Role', 'V1Role', RANKS.role, true),
  kubernetes_cluster_role_binding_v1: kind(
    rbac,
    'ClusterRoleBinding',
    'V1ClusterRoleBinding',
    RANKS.binding,
    false,
  ),
  kubernetes_role_binding_v1: kind(rbac, 'RoleBinding', 'V1RoleBinding', RANKS.binding, true),
  kubernetes_config_map_v1: kind('v1', 'ConfigMap', 'V1ConfigMap', RANKS.configMap, true),
  kubernetes_secret_v1: kind('v1', 'Secret', 'V1Secret', RANKS.secret, true),
  kubernetes_service_v1: kind('v1', 'Service', 'V1Service', RANKS.service, true),
  kubernetes_persistent_volume_v1: kind('v1', 'PersistentVolume', 'V1PersistentVolume', RANKS.volume, false),
  kubernetes_persistent_volume_claim_v1: kind(
    'v1',
    'PersistentVolumeClaim',
    'V1PersistentVolumeClaim',
    RANKS.claim,
    true,
  ),
  kubernetes_deployment_v1: kind('apps/v1', 'Deployment', 'V1Deployment', RANKS.workload, true),
  kubernetes_stateful_set_v1: kind('apps/v1', 'StatefulSet', 'V1StatefulSet', RANKS.workload, true),
  kubernetes_daemon_set_v1: kind('apps/v1', 'DaemonSet', 'V1DaemonSet', RANKS.workload, true),
  kubernetes_pod_v1: kind('v1', 'Pod', 'V1Pod', RANKS.workload, true),
  kubernetes_pod_disruption_budget_v1: kind(
    'policy/v1',
    'PodDisruptionBudget',
    'V1PodDisruptionBudget',
    RANKS.budget,
    true,
  ),
  kubernetes_horizontal_pod_autoscaler_v1: kind(
    'autoscaling/v1',
    'HorizontalPodAutoscaler',
    'V1HorizontalPodAutoscaler',
    RANKS.autoscaler,
    true,
  ),
  kubernetes_horizontal_pod_autoscaler_v2: kind(
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'V2HorizontalPodAutoscaler',
    RANKS.autoscaler,
    true,
  ),
  kubernetes_job_v1: kind('batch/v1', 'Job', 'V1Job', RANKS.job, true),
  kubernetes_cron_job_v1: kind('batch/v1', 'CronJob', 'V1CronJob', RANKS.cronJob, true),
  kubernetes_ingress_v1: kind('networking.k8s.io/v1', 'Ingress', 'V1Ingress', RANKS.ingress, true),
};
