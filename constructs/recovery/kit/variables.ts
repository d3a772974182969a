import type { KitFault } from './fault';
import type { RunTime } from './run-time';
import { asJson, type Json, type StackModel } from './stack';

/** A Terraform variable that some object or release of the kit needs. */
export interface KitVariable {
  readonly name: string;
  /** The value is never written anywhere, and a placeholder is refused. */
  readonly secret: boolean;
  /** What the objects that use it can take. */
  readonly form: 'text' | 'integer' | 'boolean';
  /** @default none; the run refuses to start without the variable */
  readonly fallback?: string;
  readonly description: string;
  /** The conditions that Terraform checks and a shell cannot, in their own words. */
  readonly conditions: readonly string[];
  /** Layers whose objects need it. */
  readonly layers: readonly string[];
}

interface Use {
  readonly stack: StackModel;
  readonly layers: Set<string>;
  inSecret: boolean;
  form: KitVariable['form'];
}

export class VariableUses {
  private readonly uses = new Map<string, Use>();
  readonly faults: KitFault[] = [];

  /** Called while references are resolved: the stack is the one that declares it. */
  declare(stack: StackModel, name: string): void {
    const known = this.uses.get(name);
    if (known === undefined) this.uses.set(name, { stack, layers: new Set(), inSecret: false, form: 'text' });
    else if (known.stack !== stack && meaning(known.stack, name) !== meaning(stack, name)) {
      this.fault(
        stack,
        name,
        `The stacks ${known.stack.name} and ${stack.name} declare it differently, and TF_VAR_${name} can have one value.`,
        'Give the variable the same default and sensitivity in both stacks, or two names.',
      );
    }
  }

  /** Called for every run-time value of an object or a release of this layer. */
  use(value: RunTime, layer: string, inSecret: boolean): void {
    for (const name of value.variables) {
      const use = this.uses.get(name);
      if (use === undefined) continue;
      use.layers.add(layer);
      use.inSecret ||= inSecret;
      if (value.form === 'integer' || value.form === 'boolean') use.form = value.form;
    }
  }

  list(): readonly KitVariable[] {
    return [...this.uses]
      .filter(([, use]) => use.layers.size > 0)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, use]) => this.variable(name, use));
  }

  private variable(name: string, { stack, layers, inSecret, form }: Use): KitVariable {
    const declaration = asJson(stack.variables[name]);
    const { description, sensitive, default: fallback } = declaration;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      this.fault(
        stack,
        name,
        `No shell can set TF_VAR_${name}.`,
        'Use letters, digits and underscores in its name.',
      );
    }
    if (fallback === null || typeof fallback === 'object') {
      this.fault(
        stack,
        name,
        'Its default is null, a list or a map, and the kit fills in texts, numbers and truth values.',
        'Give it a default of that kind, or none.',
      );
    }
    const secret = sensitive === true || inSecret;
    // The default of a sensitive variable would be a secret on disk.
    const usable = sensitive !== true && fallback !== undefined && fallback !== null;
    return {
      name,
      secret,
      form,
      ...(usable ? { fallback: String(fallback) } : {}),
      description: typeof description === 'string' ? description.replaceAll(/\s+/g, ' ').trim() : '',
      conditions: conditions(declaration),
      layers: [...layers],
    };
  }

  private fault(stack: StackModel, name: string, message: string, fix: string): void {
    this.faults.push({
      rule: 'kit-variable',
      path: stack.name,
      address: `var.${name}`,
      property: '',
      value: '',
      message,
      fix,
    });
  }
}

function meaning(stack: StackModel, name: string): string {
  const { sensitive, default: fallback } = asJson(stack.variables[name]);
  return JSON.stringify([sensitive === true, fallback ?? null]);
}

function conditions(declaration: Json): readonly string[] {
  const blocks = declaration['validation'];
  return (Array.isArray(blocks) ? blocks : blocks === undefined ? [] : [blocks]).flatMap((block) => {
    const message = asJson(block)['error_message'];
    return typeof message === 'string' ? [message] : [];
  });
}
