import { InvalidArgumentError } from 'commander';
import { type Environment, findEnvironment } from '../environments';

/** The argument `<environment>` of a command. */
export function environmentArgument(name: string): Environment {
  try {
    return findEnvironment(name);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
