import { FIELD_MANAGER, type KitObject } from './object';
import type { Wait } from './wait';

/**
 * The lines of the file `plan`, which `apply` follows from top to bottom.
 * Fields are separated by bars: no name in Kubernetes holds one.
 */
export function planLine(...fields: readonly string[]): string {
  return fields.join('|');
}

export function objectLine(path: string, object: KitObject): string {
  return planLine(
    'object',
    path,
    object.apiVersion,
    object.kind,
    object.namespace,
    object.name,
    object.fieldManager ?? FIELD_MANAGER,
    object.forceConflicts ? 'force' : '',
    object.unscoped ? 'unscoped' : '',
  );
}

/** `wait-last` is followed only when the operator asks for it. */
export function waitLine(word: 'wait' | 'wait-last', wait: Wait): string {
  const common = [word, wait.for, wait.kind, wait.namespace, wait.name, String(wait.timeout)];
  switch (wait.for) {
    case 'ready':
      return planLine(...common, String(wait.replicas));
    case 'condition':
      return planLine(...common, wait.condition, wait.status);
    case 'field':
      // A pattern may hold the separator.
      return planLine(...common, wait.field, Buffer.from(wait.pattern).toString('base64'));
    default:
      return planLine(...common);
  }
}
