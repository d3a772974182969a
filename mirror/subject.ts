import type { Subject } from '../clone/access';
import { Kubectl } from '../deploy/kubectl';
import { EnvironmentProblem } from '../deploy/progress';
import type { Environment } from '../environments';

/**
 * A declared bucket with a mirror, and how its cluster is reached.
 * @throws EnvironmentProblem when the environment has none of this name
 */
export function subjectOf({ buckets = [], cluster, name, namespace }: Environment, bucket: string): Subject {
  const mirrored = buckets.filter(({ mirror }) => mirror !== undefined);
  if (mirrored.some((one) => one.name === bucket))
    return { kubectl: new Kubectl({ context: cluster.context }), namespace, database: bucket };
  throw new EnvironmentProblem(
    mirrored.length === 0
      ? `${name} has no bucket with a mirror — FIX: declare one in environments/ (buckets), or set UPLOADS_ENDPOINT as for the deploy`
      : `${name} has no mirrored bucket "${bucket}" — FIX: choose one of ${mirrored.map((one) => one.name).join(', ')}`,
  );
}
