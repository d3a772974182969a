import { isJson } from './stack';
import type { Step } from './template';

/**
 * Follows a reference into a resource. A single block is an object in the
 * synthesised JSON and a list of one to Terraform, so `[0]` of an object is
 * the object.
 */
export function readPath(value: unknown, steps: readonly Step[]): unknown {
  let at = value;
  for (const step of steps) {
    if (typeof step === 'number' && !Array.isArray(at)) {
      if (step !== 0 || !isJson(at)) return undefined;
    } else if (Array.isArray(at)) {
      // Terraform names a single block without its index in older references.
      at = typeof step === 'number' ? at[step] : at.length === 1 ? property(at[0], step) : undefined;
    } else at = property(at, step);
  }
  return at;
}

function property(value: unknown, step: Step): unknown {
  return isJson(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

const COMPUTED: ReadonlySet<Step> = new Set(['uid', 'resource_version', 'generation', 'self_link', 'status']);

/** Attributes that only a live object has. */
export function isComputed(steps: readonly Step[]): boolean {
  const [root, , name] = steps;
  return (
    root === 'status' || root === 'default_secret_name' || (root === 'metadata' && COMPUTED.has(name ?? ''))
  );
}
