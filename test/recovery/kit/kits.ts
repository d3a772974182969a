import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { parse } from 'yaml';
import { App, TerraformStack, Testing } from '../../../constructs/core';
import {
  buildKit,
  type Kit,
  type KitFault,
  type KitOptions,
  type KitStack,
} from '../../../constructs/recovery/kit';

type Declare = (stack: TerraformStack) => void;

/** Stacks of one app as cdktf synthesises them, each with a provider. */
export function synthesise(stacks: Readonly<Record<string, Declare>>): readonly KitStack[] {
  const app = Testing.stubVersion(new App({ stackTraces: false, skipValidation: true }));
  const made = Object.entries(stacks).map(([name, declare]) => {
    const stack = new TerraformStack(app, name);
    new KubernetesProvider(stack, 'kubernetes', {});
    return { name, stack, declare };
  });
  for (const { stack, declare } of made) declare(stack);
  for (const { stack } of made) stack.prepareStack();
  return made.map(({ name, stack }) => ({
    name,
    terraform: JSON.parse(JSON.stringify(stack.toTerraform())),
  }));
}

/** A single stack, named platform. */
export function soleStack(declare: Declare): KitStack {
  const [stack] = synthesise({ platform: declare });
  if (stack === undefined) throw new Error('one stack was declared');
  return stack;
}

/** The kit of one stack. */
export function kitOf(declare: Declare, options: Partial<KitOptions> = {}): Kit {
  return buildKit([soleStack(declare)], { environment: 'test', ...options });
}

/** The only object of a kit without faults, as kubectl would read it from its file. */
export function objectOf(declare: Declare, options: Partial<KitOptions> = {}): unknown {
  const kit = kitOf(declare, options);
  expect(kit.faults).toEqual([]);
  const documents = manifests(kit);
  expect(documents).toHaveLength(1);
  return documents[0];
}

/** All manifests of a kit in the order in which they are applied. */
export function manifests(kit: Kit): readonly unknown[] {
  return kit.files
    .filter(({ path }) => /^\d.*\.yaml(\.template)?$/.test(path) && !path.includes('/values'))
    .map(({ content }) => parse(content));
}

export function faultsOf(declare: Declare, options: Partial<KitOptions> = {}): readonly KitFault[] {
  return kitOf(declare, options).faults;
}

export function fileOf(kit: Kit, path: string): string {
  const file = kit.files.find((one) => one.path === path);
  if (file === undefined)
    throw new Error(`no file ${path}; there are: ${kit.files.map((one) => one.path).join(', ')}`);
  return file.content;
}
