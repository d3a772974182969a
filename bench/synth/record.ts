// Writes down what this library declares: `node record.js <databases> <output directory> <recording>`
import { writeFileSync } from 'node:fs';
import type { IConstruct } from '../../constructs/core';
import { declareEnvironment } from '../../stacks';
import {
  App,
  DefaultTokenResolver,
  StringConcat,
  TerraformElement,
  TerraformOutput,
  TerraformResource,
  TerraformStack,
  TerraformVariable,
  Tokenization,
} from './cdktf';
import { platformOf } from './platform';
import type { RecordedElement, RecordedStack, Recording } from './recording';

const PROVIDER = '@cdktf/provider-kubernetes/lib';
const resolver = new DefaultTokenResolver(new StringConcat());

const [databases, outdir, file] = process.argv.slice(2) as [string, string, string];
const app = new App({ outdir });
declareEnvironment(app, platformOf(Number(databases)));
const stacks = app.node.children.filter((child) => child instanceof TerraformStack).map(record);
writeFileSync(file, JSON.stringify({ stacks } satisfies Recording));

function record(stack: TerraformStack): RecordedStack {
  return {
    name: stack.node.id,
    dependencies: stack.dependencies.map(({ node }) => node.id),
    elements: stack.node.findAll().filter(TerraformElement.isTerraformElement).map(recordElement),
  };
}

function recordElement(element: TerraformElement): RecordedElement {
  const stack = TerraformStack.of(element);
  const resolve = <T extends object>(value: T): T =>
    Tokenization.resolve(value, { scope: stack, resolver, preparing: false }) as T;
  const path = element.node.scopes.slice(element.node.scopes.indexOf(stack) + 1).map(({ node }) => node.id);
  if (element instanceof TerraformOutput) {
    return { kind: 'output', path, config: resolve({ value: element.value as unknown }) };
  }
  if (element instanceof TerraformVariable) {
    const { type, default: fallback, description, sensitive, nullable, validation } = element;
    const config = resolve({ type, default: fallback, description, sensitive, nullable, validation });
    return {
      kind: 'variable',
      path,
      name: element.friendlyUniqueId,
      config,
      overrides: overridesOf(element),
    };
  }
  const name = element.constructor.name;
  const type = element instanceof TerraformResource ? element.terraformResourceType : 'kubernetes_provider';
  const module = `${PROVIDER}/${type.replace(/^kubernetes_/, '').replaceAll('_', '-')}`;
  const config = { ...resolve(argumentsOf(element)), ...metaArgumentsOf(element) };
  return { kind: 'typed', path, module, name, config, overrides: overridesOf(element) };
}

/** The bindings keep what their constructor was given behind getters: `spec` behind `specInput`. */
function argumentsOf(element: IConstruct): object {
  const getters = Object.getOwnPropertyNames(Object.getPrototypeOf(element)).filter((name) =>
    name.endsWith('Input'),
  );
  return Object.fromEntries(
    getters.map((name) => [name.slice(0, -'Input'.length), Reflect.get(element, name) as unknown]),
  );
}

/** What every resource may have besides. */
function metaArgumentsOf(element: TerraformElement): object {
  if (!(element instanceof TerraformResource)) return {};
  const { dependsOn, lifecycle } = element;
  return { lifecycle, dependsOn: dependsOn?.map((fqn) => ({ fqn })) };
}

function overridesOf(element: TerraformElement): Readonly<Record<string, unknown>> {
  return Reflect.get(element, 'rawOverrides') as Record<string, unknown>;
}
