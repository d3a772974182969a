/** Terraform's resources of the Kubernetes provider, each loaded when one is first declared. */
export const kubernetes = {
  get ClusterRoleBindingV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/cluster-role-binding-v1') as typeof import('@cdktf/provider-kubernetes/lib/cluster-role-binding-v1')
    ).ClusterRoleBindingV1;
  },
  get ClusterRoleV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/cluster-role-v1') as typeof import('@cdktf/provider-kubernetes/lib/cluster-role-v1')
    ).ClusterRoleV1;
  },
  get ConfigMapV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/config-map-v1') as typeof import('@cdktf/provider-kubernetes/lib/config-map-v1')
    ).ConfigMapV1;
  },
  get CronJobV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/cron-job-v1') as typeof import('@cdktf/provider-kubernetes/lib/cron-job-v1')
    ).CronJobV1;
  },
  get DeploymentV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/deployment-v1') as typeof import('@cdktf/provider-kubernetes/lib/deployment-v1')
    ).DeploymentV1;
  },
  get JobV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/job-v1') as typeof import('@cdktf/provider-kubernetes/lib/job-v1')
    ).JobV1;
  },
  get Manifest() {
    return (
      require('@cdktf/provider-kubernetes/lib/manifest') as typeof import('@cdktf/provider-kubernetes/lib/manifest')
    ).Manifest;
  },
  get NamespaceV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/namespace-v1') as typeof import('@cdktf/provider-kubernetes/lib/namespace-v1')
    ).NamespaceV1;
  },
  get NetworkPolicyV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/network-policy-v1') as typeof import('@cdktf/provider-kubernetes/lib/network-policy-v1')
    ).NetworkPolicyV1;
  },
  get PersistentVolumeV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/persistent-volume-v1') as typeof import('@cdktf/provider-kubernetes/lib/persistent-volume-v1')
    ).PersistentVolumeV1;
  },
  get PodDisruptionBudgetV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1') as typeof import('@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1')
    ).PodDisruptionBudgetV1;
  },
  get RoleBindingV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/role-binding-v1') as typeof import('@cdktf/provider-kubernetes/lib/role-binding-v1')
    ).RoleBindingV1;
  },
  get RoleV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/role-v1') as typeof import('@cdktf/provider-kubernetes/lib/role-v1')
    ).RoleV1;
  },
  get SecretV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/secret-v1') as typeof import('@cdktf/provider-kubernetes/lib/secret-v1')
    ).SecretV1;
  },
  get ServiceAccountV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/service-account-v1') as typeof import('@cdktf/provider-kubernetes/lib/service-account-v1')
    ).ServiceAccountV1;
  },
  get ServiceV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/service-v1') as typeof import('@cdktf/provider-kubernetes/lib/service-v1')
    ).ServiceV1;
  },
  get StatefulSetV1() {
    return (
      require('@cdktf/provider-kubernetes/lib/stateful-set-v1') as typeof import('@cdktf/provider-kubernetes/lib/stateful-set-v1')
    ).StatefulSetV1;
  },
};
