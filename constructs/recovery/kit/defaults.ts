/**
 * What the provider (2.38.0) sends although nobody wrote it. The kit sends the
 * same, so that an object is the same whichever way it was applied. It matters
 * most where it looks least: a field that only one of the two sends changes the
 * pod template when the other takes over, and restarts every database; in a
 * claim template it even replaces the StatefulSet.
 *
 * Left out is what the API server fills in by itself with the same value
 * (`restart_policy` Always, `protocol` TCP, probe timings, …), and:
 * - `revision_history_limit` of a StatefulSet: unset, the provider sends 0 (no
 *   history for a roll-back); the kit leaves Kubernetes' 10. Terraform takes
 *   either as it finds it.
 * - `backoff_limit_per_index` and `max_failed_indexes` of an Indexed job: unset,
 *   the provider sends 0 for both; the kit leaves them unset.
 * - `wait_for_rollout`, `wait_for_completion`, `wait_until_bound`,
 *   `wait_for_load_balancer` (all true): Terraform's own waiting. `apply` waits
 *   between layers instead; see workload-waits.ts.
 */
export interface ProviderDefault {
  readonly type: string;
  /** Path of the field below the type. Objects on the way must exist. */
  readonly field: readonly string[];
  readonly value: string | number | boolean;
  /** Only for objects in which this field has this value. */
  readonly when?: readonly [field: string, value: string];
  readonly why: string;
}

const REQUIRED = 'Required by Kubernetes.';
const EXPLICIT = 'Kubernetes means the same without it, and does not write it down.';

function entry(
  type: string,
  field: string,
  value: ProviderDefault['value'],
  why: string,
  when?: ProviderDefault['when'],
): ProviderDefault {
  return { type, field: field.split('.'), value, why, ...(when === undefined ? {} : { when }) };
}

/** Optional in Terraform with false as its zero value. */
const OPTIONAL_SOURCES = [
  'V1ConfigMapVolumeSource',
  'V1SecretVolumeSource',
  'V1ConfigMapProjection',
  'V1SecretProjection',
  'V1ConfigMapKeySelector',
  'V1SecretKeySelector',
  'V1ConfigMapEnvSource',
  'V1SecretEnvSource',
] as const;

export const PROVIDER_DEFAULTS: readonly ProviderDefault[] = [
  entry(
    'V1PodSpec',
    'automountServiceAccountToken',
    true,
    "Unset in Kubernetes means what the service account says; the provider's true overrules it.",
  ),
  entry('V1PodSpec', 'enableServiceLinks', true, EXPLICIT),
  entry('V1PodSpec', 'shareProcessNamespace', false, EXPLICIT),
  entry('V1PodSecurityContext', 'runAsNonRoot', false, EXPLICIT),
  entry(
    'V1SecurityContext',
    'runAsNonRoot',
    false,
    "Unset in Kubernetes means what the pod says; the provider's false overrules a pod's true.",
  ),
  entry('V1SecurityContext', 'allowPrivilegeEscalation', true, EXPLICIT),
  entry('V1SecurityContext', 'privileged', false, EXPLICIT),
  entry('V1SecurityContext', 'readOnlyRootFilesystem', false, EXPLICIT),
  entry('V1SeccompProfile', 'type', 'Unconfined', REQUIRED),
  entry('V1VolumeMount', 'mountPropagation', 'None', EXPLICIT),
  ...OPTIONAL_SOURCES.map((type) => entry(type, 'optional', false, EXPLICIT)),
  entry('V1CSIVolumeSource', 'readOnly', false, EXPLICIT),
  entry('V1ResourceFieldSelector', 'divisor', '1', 'Kubernetes writes 0, which means 1.'),
  entry('V1Toleration', 'operator', 'Equal', EXPLICIT),
  entry('V1TopologySpreadConstraint', 'maxSkew', 1, REQUIRED),
  entry('V1TopologySpreadConstraint', 'whenUnsatisfiable', 'DoNotSchedule', REQUIRED),
  entry(
    'V1PersistentVolumeClaim',
    'metadata.namespace',
    'default',
    'Of a claim template; a difference replaces the StatefulSet.',
  ),
  entry(
    'V1JobSpec',
    'template.spec.restartPolicy',
    'Never',
    "Kubernetes' default, Always, is refused for jobs.",
  ),
  entry('V1JobSpec', 'completions', 1, 'Unset in Kubernetes together with a parallelism makes a work queue.'),
  entry('V1JobSpec', 'parallelism', 1, EXPLICIT),
  entry('V1JobSpec', 'backoffLimit', 6, EXPLICIT),
  entry('V1JobSpec', 'manualSelector', false, EXPLICIT),
  entry('V1PodFailurePolicyOnPodConditionsPattern', 'status', 'True', 'Required by Kubernetes before 1.34.'),
  entry('V1HTTPIngressPath', 'pathType', 'ImplementationSpecific', REQUIRED),
  entry(
    'V1StorageClass',
    'allowVolumeExpansion',
    true,
    'Unset in Kubernetes means that volumes cannot grow.',
  ),
  entry('V1PersistentVolumeSpec', 'claimRef.namespace', 'default', 'A claim is found by name and namespace.'),
  entry('V1ServiceAccount', 'automountServiceAccountToken', true, EXPLICIT),
  entry('V1ConfigMap', 'immutable', false, EXPLICIT),
  entry('RbacV1Subject', 'namespace', 'default', 'Required by Kubernetes for service accounts.', [
    'kind',
    'ServiceAccount',
  ]),
];

/**
 * Namespaced objects without a namespace are put into `default`. kubectl would
 * put them into whatever the current context names.
 */
export const DEFAULT_NAMESPACE = 'default';

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const BY_TYPE: ReadonlyMap<string, readonly ProviderDefault[]> = new Map(
  PROVIDER_DEFAULTS.map(({ type }) => [type, PROVIDER_DEFAULTS.filter((one) => one.type === type)]),
);

/** Adds to an object of this type what the provider would have sent. */
export function addProviderDefaults(type: string, object: Fields): void {
  for (const { field, value, when } of BY_TYPE.get(type) ?? []) {
    if (when !== undefined && object[when[0]] !== when[1]) continue;
    let target: unknown = object;
    for (const step of field.slice(0, -1)) target = isFields(target) ? target[step] : undefined;
    const last = field.at(-1);
    if (isFields(target) && last !== undefined && target[last] === undefined) target[last] = value;
  }
}
