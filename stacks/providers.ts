import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import type { EnvironmentStack } from '../constructs/core';
import type { Environment } from '../environments/environment';

/** The cluster is the one that `KUBE_CONFIG_PATH` leads to; an environment may name its context. */
export function kubernetesProvider(stack: EnvironmentStack, environment: Environment): void {
  const { context } = environment.cluster;
  new KubernetesProvider(stack, 'kubernetes', context === undefined ? {} : { configContext: context });
}
