/**
 * What `apply` waits for. Waits are bounded; a wait that runs out ends the run
 * with its cause, and the run can be repeated.
 */
export type Wait = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Seconds; 0 = the run's own `--timeout`. */
  readonly timeout: number;
} & (
  | { readonly for: 'established' | 'rollout' | 'job' }
  | { readonly for: 'ready'; readonly replicas: number }
  | { readonly for: 'condition'; readonly condition: string; readonly status: string }
  | { readonly for: 'field'; readonly field: string; readonly pattern: string }
);

/**
 * `now`: before the next object. `layer`: before the next layer, or at the end
 * of the last one when the operator asks for it.
 */
export interface Waiting {
  readonly when: 'now' | 'layer';
  readonly wait: Wait;
}

/** `1h30m10s` in seconds, the form of Terraform's `timeouts`. */
export function seconds(duration: unknown): number | undefined {
  if (typeof duration !== 'string') return undefined;
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration);
  if (match === null || duration === '') return undefined;
  const [, hours = 0, minutes = 0, rest = 0] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}
