/**
 * What the provider (2.38.0) sends although nobody wrote it, where that changes
 * what the cluster does or where Kubernetes requires the field. The kit sends
 * the same, so that an object is the same whichever way it was applied.
 *
 * The provider's other defaults repeat Kubernetes' own (`restart_policy`
 * Always, `dns_policy` ClusterFirst, `protocol` TCP, probe timings, …): they are
 * left out, and the server fills them in.
 *
 * Not reproduced, because nothing depends on it:
 * - `revision_history_limit` of a StatefulSet: unset, the provider sends 0
 *   (no history for a roll-back); the kit leaves Kubernetes' 10.
 * - `backoff_limit_per_index` and `max_failed_indexes` of an Indexed job: unset,
 *   the provider sends 0 for both; the kit leaves them unset.
 * - `wait_for_rollout` (true), `wait_for_completion` (true), `wait_until_bound`
 *   (true), `wait_for_load_balancer` (true): Terraform's own waiting. `apply`
 *   waits between layers, see waits.ts.
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

export const PROVIDER_DEFAULTS: readonly ProviderDefault[] = [
  {
    type: 'V1PodSpec',
    field: ['automountServiceAccountToken'],
    value: true,
    why: "Unset in Kubernetes means what the service account says; the provider's true overrules it.",
  },
  {
    type: 'V1SecurityContext',
    field: ['runAsNonRoot'],
    value: false,
    why: "Unset in Kubernetes means what the pod says; the provider's false overrules a pod's true.",
  },
  {
    type: 'V1SeccompProfile',
    field: ['type'],
    value: 'Unconfined',
    why: 'Required by Kubernetes.',
  },
  {
    type: 'V1JobSpec',
    field: ['template', 'spec', 'restartPolicy'],
    value: 'Never',
    why: "Kubernetes' default, Always, is refused for jobs.",
  },
  {
    type: 'V1JobSpec',
    field: ['completions'],
    value: 1,
    why: 'Unset in Kubernetes together with a parallelism makes a work queue.',
  },
  {
    type: 'V1PodFailurePolicyOnPodConditionsPattern',
    field: ['status'],
    value: 'True',
    why: 'Required by Kubernetes before 1.34.',
  },
  { type: 'V1TopologySpreadConstraint', field: ['maxSkew'], value: 1, why: 'Required by Kubernetes.' },
  {
    type: 'V1TopologySpreadConstraint',
    field: ['whenUnsatisfiable'],
    value: 'DoNotSchedule',
    why: 'Required by Kubernetes.',
  },
  {
    type: 'V1HTTPIngressPath',
    field: ['pathType'],
    value: 'ImplementationSpecific',
    why: 'Required by Kubernetes.',
  },
  {
    type: 'V1StorageClass',
    field: ['allowVolumeExpansion'],
    value: true,
    why: 'Unset in Kubernetes means that volumes cannot grow.',
  },
  {
    type: 'V1PersistentVolumeSpec',
    field: ['claimRef', 'namespace'],
    value: 'default',
    why: "A volume's claim_ref needs a namespace.",
  },
  {
    type: 'RbacV1Subject',
    field: ['namespace'],
    value: 'default',
    when: ['kind', 'ServiceAccount'],
    why: 'Required by Kubernetes for service accounts.',
  },
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

/** Adds to an object of this type what the provider would have sent. */
export function addProviderDefaults(type: string, object: Fields): void {
  for (const entry of PROVIDER_DEFAULTS) {
    if (entry.type !== type) continue;
    if (entry.when !== undefined && object[entry.when[0]] !== entry.when[1]) continue;
    let target: unknown = object;
    for (const step of entry.field.slice(0, -1)) target = isFields(target) ? target[step] : undefined;
    const last = entry.field.at(-1);
    if (isFields(target) && last !== undefined && target[last] === undefined) target[last] = entry.value;
  }
}

/** For each type, so that the mapping asks once per type and not once per object. */
export const TYPES_WITH_DEFAULTS: ReadonlySet<string> = new Set(PROVIDER_DEFAULTS.map((entry) => entry.type));
