import type { Subject } from '../clone/access';
import { Kubectl } from '../deploy/kubectl';
import { EnvironmentProblem } from '../deploy/progress';
import type { Environment } from '../environments';

/**
 * A declared database, and how its cluster is reached.
 * @throws EnvironmentProblem when the environment has none of this name
 */
export function subjectOf({ cluster, databases, name, namespace }: Environment, database: string): Subject {
  if (databases.some((one) => one.name === database))
    return { kubectl: new Kubectl({ context: cluster.context }), namespace, database };
  throw new EnvironmentProblem(
    `${name} has no database "${database}" — FIX: choose one of ${databases.map((one) => one.name).join(', ')}`,
  );
}
