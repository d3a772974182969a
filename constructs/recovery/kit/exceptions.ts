/**
 * Where the provider does not follow Kubernetes' own types. Everything else is
 * mapped by name; see kubernetes-types.ts.
 */

/** `Type.argument` → the field's name in Kubernetes. */
export const RENAMED: Readonly<Record<string, string>> = {
  'V1DaemonSetSpec.strategy': 'updateStrategy',
  'V1StorageClass.storage_provisioner': 'provisioner',
  'V1RBDVolumeSource.ceph_monitors': 'monitors',
  'V1RBDVolumeSource.rbd_image': 'image',
  'V1RBDVolumeSource.rados_user': 'user',
  'V1RBDVolumeSource.rbd_pool': 'pool',
  'V1RBDPersistentVolumeSource.ceph_monitors': 'monitors',
  'V1RBDPersistentVolumeSource.rbd_image': 'image',
  'V1RBDPersistentVolumeSource.rados_user': 'user',
  'V1RBDPersistentVolumeSource.rbd_pool': 'pool',
  'V1AzureDiskVolumeSource.data_disk_uri': 'diskURI',
  'V1GlusterfsVolumeSource.endpoints_name': 'endpoints',
  'V1GlusterfsPersistentVolumeSource.endpoints_name': 'endpoints',
};

/** Blocks whose fields stand in the surrounding object in Kubernetes. */
export const INLINED: ReadonlySet<string> = new Set(['V1PersistentVolumeSpec.persistent_volume_source']);

/** Octal in Terraform ("0640"), a plain number in Kubernetes (416). `Type.field`. */
export const OCTAL: ReadonlySet<string> = new Set([
  'V1KeyToPath.mode',
  'V1DownwardAPIVolumeFile.mode',
  'V1ConfigMapVolumeSource.defaultMode',
  'V1SecretVolumeSource.defaultMode',
  'V1ProjectedVolumeSource.defaultMode',
  'V1DownwardAPIVolumeSource.defaultMode',
]);

/**
 * One block of Terraform that becomes several elements in Kubernetes: a
 * projected volume's `sources` block may hold many config maps and secrets.
 */
export const SPREAD: ReadonlySet<string> = new Set(['V1VolumeProjection']);
/** The order in which the provider writes them, whatever the order in the block. */
export const SPREAD_ORDER: readonly string[] = [
  'secret',
  'config_map',
  'downward_api',
  'service_account_token',
];

/**
 * The provider knows these of every service and sends them for load balancers
 * only; the API server refuses them elsewhere.
 */
export const LOAD_BALANCER_ONLY = ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const;

/** Arguments of a resource that speak to Terraform alone. */
export const TERRAFORM_ONLY: ReadonlySet<string> = new Set([
  '//',
  'id',
  'timeouts',
  'depends_on',
  'lifecycle',
  'provider',
  'wait_for_rollout',
  'wait_for_completion',
  'wait_for_load_balancer',
  'wait_for_default_service_account',
  'wait_for_service_account_token',
  'wait_until_bound',
  // The phases in which Terraform takes a Pod for made.
  'target_state',
]);

/** What the kit cannot express, and what to do instead. */
export const META_FAULTS: Readonly<Record<string, string>> = {
  count: 'Declare each object on its own, in a loop of the program.',
  for_each: 'Declare each object on its own, in a loop of the program.',
  provisioner: 'Let a Job in the cluster do it.',
  connection: 'Let a Job in the cluster do it.',
};
