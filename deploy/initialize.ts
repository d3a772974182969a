import type { Kubectl } from './kubectl';

/**
 * Takes `initialize` back once the databases are there: said for one deploy, it
 * must not still stand when a volume is lost and the repository looks empty.
 * Written as Terraform's, whose next apply then finds what it declares.
 */
export async function takeBackInitialize(
  kubectl: Kubectl,
  namespace: string,
  databases: readonly string[],
): Promise<void> {
  for (const database of databases) {
    await kubectl.run([
      'patch',
      'configmap',
      `${database}-deploy`,
      `--namespace=${namespace}`,
      '--field-manager=Terraform',
      '--type=merge',
      '--patch={"data":{"initialize":"false"}}',
    ]);
  }
}
