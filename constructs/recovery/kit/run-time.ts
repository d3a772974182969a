/**
 * A string that is complete only when the kit runs, because Terraform
 * variables stand in it. On disk there are markers, never values.
 */
export type RunTimePart = string | { readonly variable: string };

/**
 * How `apply` writes the value into a manifest: quoted text, a bare number or
 * truth value, or base64 as the data of a Secret wants it.
 */
export type RunTimeForm = 'text' | 'integer' | 'boolean' | 'base64';

export class RunTime {
  constructor(
    readonly parts: readonly RunTimePart[],
    readonly form: RunTimeForm = 'text',
  ) {}

  as(form: RunTimeForm): RunTime {
    return new RunTime(this.parts, form);
  }

  /** The variable, where the whole value is one variable and nothing else. */
  get only(): string | undefined {
    const [first, ...rest] = this.parts;
    return rest.length === 0 && typeof first === 'object' ? first.variable : undefined;
  }

  get variables(): readonly string[] {
    return this.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.variable]));
  }

  /** For faults and lists: `prefix-${TF_VAR_name}`. */
  toString(): string {
    return this.parts
      .map((part) => (typeof part === 'string' ? part : `\${TF_VAR_${part.variable}}`))
      .join('');
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Stands where a reference could not be resolved; the fault is already recorded. */
export const UNRESOLVED: unique symbol = Symbol('unresolved');

/** Visits every run-time value in a manifest. */
export function visitRunTime(value: unknown, visit: (found: RunTime) => void): void {
  if (value instanceof RunTime) visit(value);
  else if (Array.isArray(value)) for (const item of value) visitRunTime(item, visit);
  else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) visitRunTime(item, visit);
  }
}
