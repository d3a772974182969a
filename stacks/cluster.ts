import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { type App, EnvironmentStack } from '../constructs/core';
import { VeleroPrerequisites } from '../constructs/velero';
import type { Environment } from '../environments/environment';
import { kubernetesProvider } from './providers';
import { keepState } from './state';

/** What everything else stands on. The cluster exists already; its namespace is declared here. */
export class ClusterStack extends EnvironmentStack {
  constructor(app: App, environment: Environment) {
    super(app, { environment: environment.name, layer: 'cluster' });
    keepState(this, environment);
    kubernetesProvider(this, environment);
    new NamespaceV1(this, 'namespace', {
      // With it would go every claim in it: a rename must not do that in passing.
      lifecycle: { preventDestroy: true },
      metadata: {
        name: environment.namespace,
        labels: {
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        },
      },
    });
    // Before the chart: without its key Velero would make one that everybody knows.
    if (environment.velero?.installation.by === 'chart')
      new VeleroPrerequisites(this, 'velero', environment.velero);
  }
}
