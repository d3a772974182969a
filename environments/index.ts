import type { Environment } from './environment';
import { local } from './local';
import { production } from './production';
import { staging } from './staging';

export type { Environment } from './environment';

export const ENVIRONMENTS: readonly Environment[] = [local, staging, production];

/** All environments, or the one that was asked for. */
export function selectEnvironments(name: string | undefined): readonly Environment[] {
  if (name === undefined || name === '') return ENVIRONMENTS;
  return [findEnvironment(name)];
}

export function findEnvironment(name: string): Environment {
  const found = ENVIRONMENTS.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  const known = ENVIRONMENTS.map((environment) => environment.name).join(', ');
  throw new Error(`there is no environment "${name}"; known: ${known}; each is a file in environments/`);
}
