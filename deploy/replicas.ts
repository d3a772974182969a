import type { Kubectl } from './kubectl';
import { databasePods } from './pods';
import { EnvironmentProblem } from './progress';

export interface RemainingOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly databases: readonly { readonly name: string; readonly replicas?: number }[];
}

/**
 * Before an apply: fewer replicas take the last pods away, and the primary may be one of them.
 * @throws EnvironmentProblem when it is
 */
export async function keepPrimaries({ databases, kubectl, namespace }: RemainingOptions): Promise<void> {
  const names = databases.map(({ name }) => name);
  const pods = await databasePods(kubectl, namespace, names);
  for (const { name, replicas = 0 } of databases) {
    const primary = pods.find((one) => one.database === name && one.role === 'primary')?.name;
    const ordinal = Number(primary?.slice(name.length + 1) ?? 0);
    if (ordinal <= replicas) continue;
    throw new EnvironmentProblem(
      `${name} is declared with ${replicas} replicas, and ${primary}, which would go, is its primary — FIX: promote one that stays first, for example ${name}-0`,
    );
  }
}
