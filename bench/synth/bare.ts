// The same resources by cdktf and its bindings alone: `node bare.js <recording> <output directory> [plain]`
// `plain` spares it the creation stacks, as main.ts does; without, it is cdktf as it comes.
import { readFileSync } from 'node:fs';
import { Construct } from 'constructs';
import { withoutCreationStacks } from '../../constructs/core/creation-stacks';
import { App, type TerraformElement, TerraformOutput, TerraformStack, TerraformVariable } from './cdktf';
import { measured } from './measured';
import type { Overrides, RecordedElement, Recording } from './recording';

type Binding = new (scope: Construct, id: string, config: object) => TerraformElement;

const [file, outdir, variant] = process.argv.slice(2) as [string, string, string | undefined];
const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
const bindings = loadBindings(recording);

measured(() => {
  const app = new App({ outdir });
  if (variant === 'plain') withoutCreationStacks(() => declareAll(app));
  else declareAll(app);
  app.synth();
});

function declareAll(app: App): void {
  const stacks = new Map<string, TerraformStack>();
  for (const { name, dependencies, elements } of recording.stacks) {
    const stack = new TerraformStack(app, name);
    stacks.set(name, stack);
    for (const dependency of dependencies.flatMap((other) => stacks.get(other) ?? []))
      stack.addDependency(dependency);
    for (const element of elements) declare(stack, element);
  }
}

/** Loading them is no part of the comparison: both sides need the same. */
function loadBindings({ stacks }: Recording): ReadonlyMap<string, Binding> {
  const typed = stacks.flatMap(({ elements }) => elements).filter((element) => element.kind === 'typed');
  return new Map(
    typed.map(({ module, name }) => [module, (require(module) as Record<string, Binding>)[name] as Binding]),
  );
}

function declare(stack: TerraformStack, element: RecordedElement): void {
  const scope = element.path.slice(0, -1).reduce<Construct>(child, stack);
  const id = element.path.at(-1) ?? '';
  switch (element.kind) {
    case 'output':
      new TerraformOutput(scope, id, element.config);
      break;
    case 'variable': {
      const variable = new TerraformVariable(scope, id, element.config);
      variable.overrideLogicalId(element.name);
      override(variable, element.overrides);
      break;
    }
    case 'typed': {
      const Class = bindings.get(element.module);
      if (Class === undefined) throw new Error(`${element.module} was not loaded`);
      override(new Class(scope, id, element.config), element.overrides);
    }
  }
}

function override(element: TerraformElement, overrides: Overrides): void {
  for (const [path, value] of Object.entries(overrides)) element.addOverride(path, value);
}

/** The same groups as the library makes, so that addresses and paths come out the same. */
function child(scope: Construct, id: string): Construct {
  return (scope.node.tryFindChild(id) as Construct | undefined) ?? new Construct(scope, id);
}
