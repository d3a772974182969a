import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instancesDirectory } from './cache/directory';
import { type Addresses, addressesAt, pickAddresses } from './network/addresses';
import { hostRoutes } from './network/namespaces';
import { lock } from './processes/lock';

/** What is written down about an instance for as long as it exists. */
export interface InstanceState {
  readonly name: string;
  /** Which block of addresses it holds. */
  readonly index: number;
  /** Left running on purpose, without a process that holds it. */
  readonly leftRunning: boolean;
  readonly since: string;
}

const NAME = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;

export function checkInstanceName(name: string): void {
  if (NAME.test(name)) return;
  throw new Error(
    `"${name}" cannot be an instance's name, since it becomes part of DNS names. ` +
      'Use up to 20 lower-case letters, digits and dashes, beginning with a letter.',
  );
}

export function instanceDirectory(name: string): string {
  return join(instancesDirectory(), name);
}

/** Beside the folder and not in it: it has to outlive the folder's removal. */
export function instanceLockPath(name: string): string {
  return join(instancesDirectory(), `${name}.lock`);
}

export function readState(name: string): InstanceState | undefined {
  try {
    return JSON.parse(readFileSync(join(instanceDirectory(name), 'instance.json'), 'utf8')) as InstanceState;
  } catch {
    return undefined;
  }
}

export function writeState(state: InstanceState): void {
  const path = join(instanceDirectory(state.name), 'instance.json');
  writeFileSync(`${path}.new`, `${JSON.stringify(state)}\n`);
  renameSync(`${path}.new`, path);
}

export function instanceNames(): string[] {
  if (!existsSync(instancesDirectory())) return [];
  return readdirSync(instancesDirectory()).filter((entry) => readState(entry) !== undefined);
}

/** Makes an instance's folder and gives it addresses that no other instance has. */
export async function createState(name: string): Promise<Addresses> {
  const held = await lock(
    join(instancesDirectory(), '.addresses.lock'),
    'giving out addresses',
    () => undefined,
  );
  try {
    const taken = new Set(instanceNames().flatMap((other) => readState(other)?.index ?? []));
    const addresses = pickAddresses(taken, await hostRoutes());
    mkdirSync(instanceDirectory(name), { recursive: true, mode: 0o700 });
    writeState({ name, index: addresses.index, leftRunning: false, since: new Date().toISOString() });
    return addresses;
  } finally {
    held.release();
  }
}

export function addressesOf(state: InstanceState): Addresses {
  return addressesAt(state.index);
}

export function removeState(name: string): void {
  rmSync(instanceDirectory(name), { recursive: true, force: true });
}
