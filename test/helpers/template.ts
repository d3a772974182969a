import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import {
  App,
  collectFaults,
  collectWarnings,
  EnvironmentStack,
  type Fault,
  Testing,
} from '../../constructs/core';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What a declaration synthesises to: checked, with aspects run, synthesised once. */
export class Template {
  /**
   * Declares constructs in a platform stack of their own.
   * @throws when the declaration has faults: a test of faults uses `Template.faults`
   */
  static of(declare: (stack: EnvironmentStack) => void): Template {
    const { app, stack } = Template.declare(declare);
    const faults = collectFaults(app);
    if (faults.length > 0) throw new Error(`unexpected faults: ${JSON.stringify(faults, null, 2)}`);
    return new Template(JSON.parse(Testing.synth(stack, true)) as JsonObject);
  }

  /** Every fault of a declaration. */
  static faults(declare: (stack: EnvironmentStack) => void): readonly Fault[] {
    return collectFaults(Template.declare(declare).app);
  }

  /** Every warning of a declaration. */
  static warnings(declare: (stack: EnvironmentStack) => void): readonly Fault[] {
    return collectWarnings(Template.declare(declare).app);
  }

  private static declare(declare: (stack: EnvironmentStack) => void) {
    const app = Testing.stubVersion(new App({ stackTraces: false, skipValidation: true }));
    const stack = new EnvironmentStack(app, { environment: 'test', layer: 'platform' });
    new KubernetesProvider(stack, 'kubernetes', {});
    declare(stack);
    return { app, stack };
  }

  private constructor(readonly json: JsonObject) {}

  /** Resources of a type, by logical id. */
  resources(type: string): ReadonlyMap<string, JsonObject> {
    const ofType = object(object(this.json['resource'] ?? {})[type] ?? {});
    return new Map(Object.entries(ofType).map(([id, resource]) => [id, object(resource)]));
  }

  /** The one resource of a type whose `metadata.name` is this. */
  named(type: string, name: string): JsonObject {
    const all = [...this.resources(type).values()];
    const found = all.filter((resource) => get(resource, 'metadata.name') === name);
    if (found.length !== 1 || found[0] === undefined) {
      const names = all.map((resource) => get(resource, 'metadata.name'));
      throw new Error(`${found.length} resources ${type} are named ${name}; there are: ${names.join(', ')}`);
    }
    return found[0];
  }
}

/** The value at a dotted path; a number is an index: `spec.template.spec.container.0.name`. */
export function get(from: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((value, key) => {
    if (Array.isArray(value)) return (value as readonly Json[])[Number(key)];
    if (typeof value === 'object' && value !== null) return (value as JsonObject)[key];
    return undefined;
  }, from);
}

/** The element of a list whose `name` is this. */
export function byName(list: Json | undefined, name: string): JsonObject {
  const found = (list as readonly JsonObject[] | undefined)?.find((element) => element['name'] === name);
  if (found === undefined) throw new Error(`no element is named ${name} in ${JSON.stringify(list)}`);
  return found;
}

export function object(value: Json): JsonObject {
  return value as JsonObject;
}
