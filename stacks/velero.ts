import type { Alerting } from '../constructs/alerts';
import { type App, EnvironmentStack } from '../constructs/core';
import { excludeDeclared, Velero, VeleroPrerequisites } from '../constructs/velero';
import type { Environment } from '../environments/environment';
import { kubernetesProvider } from './providers';
import { keepState } from './state';

export interface VeleroStackOptions {
  /** @see Environment.alerting */
  readonly alerting: Alerting | undefined;
  /** Stacks whose objects Terraform brings back. */
  readonly owned: readonly EnvironmentStack[];
}

/**
 * Velero's location and schedules. A stack of its own: Terraform cannot plan an object whose definition the cluster lacks, and
 * no database may wait for Velero. It is there in environments without Velero, too, and takes away what was.
 */
export class VeleroStack extends EnvironmentStack {
  constructor(app: App, environment: Environment, { alerting, owned }: VeleroStackOptions) {
    super(app, { environment: environment.name, layer: 'velero' });
    keepState(this, environment);
    kubernetesProvider(this, environment);
    if (environment.velero === undefined) return;
    excludeDeclared([...owned, this]);
    // Where its namespace is somebody else's to make, no database waits for that.
    if (environment.velero.installation.by === 'others')
      new VeleroPrerequisites(this, 'prerequisites', environment.velero);
    new Velero(this, 'velero', {
      ...environment.velero,
      environment: environment.name,
      vault: environment.vault,
      owned,
      ownedNamespaces: (environment.operators ?? []).map(({ namespace }) => namespace),
      ...(alerting === undefined ? {} : { alerting }),
    });
  }
}
