import { DEFAULT_NAMESPACE } from './defaults';
import { RESOURCE_KINDS } from './kinds';
import { isComputed, readPath } from './read-path';
import { RunTime, type RunTimePart, UNRESOLVED } from './run-time';
import { asJson, isJson, type Resource, type StackModel } from './stack';
import { isTemplate, parseReference, parseTemplate, type Step } from './template';

/** Told of everything that an evaluation meets. */
export interface Listener {
  /** A reference to another resource of the same stack. */
  reference(address: string): void;
  /** A variable of this stack that is set when the kit runs. */
  variable(stack: StackModel, name: string): void;
  fault(property: string, expression: string, message: string, fix: string): void;
}

interface Scope {
  readonly stack: StackModel;
  readonly place: Place;
  readonly listener: Listener;
  /** What is being resolved, to notice a circle. */
  readonly trail: readonly string[];
}

/** Where a value stands: a step below another place. Put into words only for a fault, which most values are none. */
interface Place {
  readonly step: Step;
  readonly below: Place | undefined;
}

function inWords({ step, below }: Place): string {
  if (below === undefined) return String(step);
  const above = inWords(below);
  return `${above}${typeof step === 'number' ? `[${step}]` : above === '' ? step : `.${step}`}`;
}

/**
 * Replaces Terraform's templates by values: references to resources, locals
 * and other stacks' outputs by what they lead to, variables by run-time
 * values, escaped `$${` by `${`.
 */
export class Resolver {
  private readonly stacks: ReadonlyMap<string, StackModel>;

  constructor(stacks: readonly StackModel[]) {
    this.stacks = new Map(stacks.map((stack) => [stack.name, stack]));
  }

  /** The arguments of a resource, without its templates. */
  evaluate(stack: StackModel, value: unknown, property: string, listener: Listener): unknown {
    return this.any(value, { stack, place: { step: property, below: undefined }, listener, trail: [] });
  }

  private any(value: unknown, scope: Scope, place: Place = scope.place): unknown {
    if (typeof value === 'string') {
      return isTemplate(value) ? this.template(value, { ...scope, place }) : normalise(value);
    }
    if (Array.isArray(value)) {
      return value.map((element, step) =>
        isPlain(element) ? plain(element) : this.any(element, scope, { step, below: place }),
      );
    }
    if (!isJson(value)) return value;
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const content = value[key];
      const name = isTemplate(key) ? this.key(key, { ...scope, place }) : key;
      // Nearly all values are plain: for them, nothing is said of where they stand.
      if (name !== undefined) {
        result[name] = isPlain(content)
          ? plain(content)
          : this.any(content, scope, { step: key, below: place });
      }
    }
    return result;
  }

  private key(key: string, scope: Scope): string | undefined {
    const value = this.template(key, scope);
    if (typeof value === 'string') return value;
    if (value instanceof RunTime) {
      scope.listener.fault(
        inWords(scope.place),
        key,
        'The name of a key is known only when the kit runs.',
        'Name the key in the program.',
      );
    }
    return undefined;
  }

  private template(text: string, scope: Scope): unknown {
    const parts = parseTemplate(text);
    const [only] = parts;
    if (parts.length === 1 && typeof only === 'object' && 'expression' in only) {
      return this.expression(only.expression, scope);
    }
    const collected: RunTimePart[] = [];
    for (const part of parts) {
      if (typeof part === 'string') {
        append(collected, normalise(part));
        continue;
      }
      if ('directive' in part) {
        return unresolved(scope, part.directive, 'Template directives (%{ … }) have no value at synth.');
      }
      const value = this.expression(part.expression, scope);
      if (value === UNRESOLVED) return UNRESOLVED;
      if (value instanceof RunTime) for (const inner of value.parts) append(collected, inner);
      else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
        append(collected, String(value));
      } else return unresolved(scope, part.expression, 'It leads to a whole object, inside a text.');
    }
    const [first, ...rest] = collected;
    if (first === undefined) return '';
    return typeof first === 'string' && rest.length === 0 ? first : new RunTime(collected);
  }

  private expression(expression: string, scope: Scope): unknown {
    if (expression.startsWith('"'))
      return literal(expression) ?? unresolved(scope, expression, NOT_A_REFERENCE);
    if (scope.trail.includes(expression))
      return unresolved(scope, expression, 'The reference leads back to itself.');
    const steps = parseReference(expression);
    const [root, second, ...rest] = steps ?? [];
    if (steps === undefined || typeof root !== 'string' || second === undefined) {
      return unresolved(scope, expression, NOT_A_REFERENCE);
    }
    const inner = { ...scope, trail: [...scope.trail, expression] };
    if (root === 'var' && rest.length === 0) return this.variable(String(second), inner, expression);
    if (root === 'local') return this.follow(scope.stack.locals[String(second)], rest, inner, expression);
    if (root === 'data') return this.remoteState(steps, inner, expression);
    const resource = scope.stack.resource(`${root}.${second}`);
    if (resource === undefined) return unresolved(scope, expression, 'No such resource is in this stack.');
    scope.listener.reference(resource.address);
    return this.attribute(resource, rest, inner, expression);
  }

  private variable(name: string, scope: Scope, expression: string): unknown {
    if (!isJson(scope.stack.variables[name])) {
      return unresolved(scope, expression, 'No such variable is declared in this stack.');
    }
    scope.listener.variable(scope.stack, name);
    const value = new RunTime([{ variable: name }]);
    return asJson(scope.stack.variables[name])['type'] === 'bool' ? value.as('boolean') : value;
  }

  private attribute(resource: Resource, steps: readonly Step[], scope: Scope, expression: string): unknown {
    if (steps.length === 1 && steps[0] === 'id') return this.identity(resource, scope, expression);
    // `object` of a manifest is what the server made of it; what was asked for is in `manifest`.
    const known =
      resource.type === 'kubernetes_manifest' && steps[0] === 'object'
        ? ['manifest', ...steps.slice(1)]
        : steps;
    if (isComputed(known))
      return unresolved(scope, expression, 'The server gives this value when the object exists.');
    return this.follow(resource.body, known, scope, expression);
  }

  /** The provider's id of an object: its name, after its namespace where it has one. */
  private identity(resource: Resource, scope: Scope, expression: string): unknown {
    const metadata = readPath(resource.body, ['metadata']);
    if (!resource.type.startsWith('kubernetes_') || !isJson(metadata)) {
      return unresolved(scope, expression, 'The id is known only after the resource was made.');
    }
    const { name, namespace } = asJson(this.any(metadata, scope));
    if (typeof name !== 'string') return unresolved(scope, expression, 'The object has no name.');
    const namespaced = RESOURCE_KINDS[resource.type]?.namespaced ?? typeof namespace === 'string';
    return namespaced ? `${typeof namespace === 'string' ? namespace : DEFAULT_NAMESPACE}/${name}` : name;
  }

  /** Values of another stack arrive through its state; the kit reads them from that stack itself. */
  private remoteState(steps: readonly Step[], scope: Scope, expression: string): unknown {
    const [, type, id, outputs, output, ...rest] = steps;
    const name = String(id).replace(/^cross-stack-reference-input-/, '');
    const stack = this.stacks.get(name);
    if (type !== 'terraform_remote_state' || outputs !== 'outputs' || stack === undefined) {
      const message =
        type === 'terraform_remote_state'
          ? `The stack ${name} is not among the stacks of the kit.`
          : 'A data source is read when Terraform runs.';
      return unresolved(scope, expression, message);
    }
    const value = asJson(stack.outputs[String(output)])['value'];
    // References into another stack do not order the objects of this one.
    const listener = { ...delegate(scope.listener), reference: () => undefined };
    return this.follow(value, rest, { ...scope, stack, listener }, expression);
  }

  private follow(value: unknown, steps: readonly Step[], scope: Scope, expression: string): unknown {
    if (typeof value === 'string' && isTemplate(value) && steps.length > 0) {
      return readPath(this.any(value, scope), steps) ?? unresolved(scope, expression, NO_VALUE);
    }
    const found = readPath(value, steps);
    return found === undefined || found === null
      ? unresolved(scope, expression, NO_VALUE)
      : this.any(found, scope);
  }
}

const NOT_A_REFERENCE = 'It is more than a reference to a value, and the kit computes nothing.';
const NO_VALUE = 'Nothing is written there in the configuration.';
const FIX =
  'Give the value itself, computed in the program; or refer to an argument that is written in the configuration; or use a variable that is set when the kit runs.';

function unresolved(scope: Scope, expression: string, message: string): typeof UNRESOLVED {
  scope.listener.fault(inWords(scope.place), expression, message, FIX);
  return UNRESOLVED;
}

function delegate(listener: Listener): Listener {
  return {
    reference: (address) => listener.reference(address),
    variable: (stack, name) => listener.variable(stack, name),
    fault: (property, expression, message, fix) => listener.fault(property, expression, message, fix),
  };
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' ? !isTemplate(value) : typeof value !== 'object' || value === null;
}

function plain(value: unknown): unknown {
  return typeof value === 'string' ? normalise(value) : value;
}

/** Terraform keeps texts in Unicode's composed form (NFC). */
function normalise(text: string): string {
  return text.normalize('NFC');
}

function literal(expression: string): string | undefined {
  try {
    const value: unknown = JSON.parse(expression);
    return typeof value === 'string' && !isTemplate(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function append(parts: RunTimePart[], part: RunTimePart): void {
  const last = parts.at(-1);
  if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
  else if (part !== '') parts.push(part);
}
