/**
 * Why the kit is not complete. A kit with faults is never written: half a
 * recovery is worse than a synth that says what is missing.
 */
export interface KitFault {
  /** One of the rules in `KIT_RULES`. */
  readonly rule: KitRule;
  /** Path of the construct, or the stack's name where no construct is at fault. */
  readonly path: string;
  /** Terraform's address, `kubernetes_config_map_v1.scripts`; empty for faults of a whole stack. */
  readonly address: string;
  /** Where in the resource: `spec.template.spec.container[0].port`. */
  readonly property: string;
  /** The value, shortened; never the value of a Secret. */
  readonly value: string;
  readonly message: string;
  readonly fix: string;
}

export const KIT_RULES = {
  'kit-unknown-resource':
    'Every resource has a counterpart in Kubernetes or is declared to be outside the kit.',
  'kit-unknown-field': 'Every field of a resource has a counterpart in Kubernetes.',
  'kit-invalid-value': 'Every value has the form that Kubernetes expects.',
  'kit-unresolved-reference': 'Every reference leads to a value that is known at synth or to a variable.',
  'kit-literal-secret': 'No value of a Secret is written in the configuration.',
  'kit-variable': 'Every variable can be set from a shell and has one meaning in all stacks.',
  'kit-name': 'Every object has a name and a namespace that are known at synth, and no two share them.',
  'kit-release': 'Every Helm release can be installed by the helm command.',
} as const;

export type KitRule = keyof typeof KIT_RULES;

const LONGEST = 120;

/** A value as a fault shows it. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** Collects the faults of one resource, so that the mapping need not know where it stands. */
export class Faults {
  readonly all: KitFault[] = [];

  constructor(
    private readonly path: string,
    private readonly address: string,
  ) {}

  add(rule: KitRule, property: string, value: unknown, message: string, fix: string): void {
    this.all.push({
      rule,
      path: this.path,
      address: this.address,
      property,
      value: value === undefined ? '' : shown(value),
      message,
      fix,
    });
  }
}

/** Thrown by `writeKit`: one error that carries every fault. */
export class KitFaultsError extends Error {
  constructor(readonly faults: readonly KitFault[]) {
    super(
      [
        `The kit has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} and was not written:`,
        ...faults.map(formatFault),
      ].join('\n'),
    );
    this.name = 'KitFaultsError';
  }
}

export function formatFault(fault: KitFault): string {
  const where = [fault.path, fault.address && `(${fault.address})`, fault.property].filter(Boolean).join(' ');
  const value = fault.value === '' ? '' : ` Value: ${fault.value}.`;
  return `  ${fault.rule}: ${where}: ${fault.message}${value} FIX: ${fault.fix}`;
}
