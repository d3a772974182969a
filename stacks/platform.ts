import { type App, EnvironmentStack } from '../constructs/core';
import { PostgresDatabase } from '../constructs/postgres';
import type { Environment } from '../environments/environment';
import { kubernetesProvider } from './providers';
import { keepState } from './state';

/** The platform itself: what holds state, and what brings it back. */
export class PlatformStack extends EnvironmentStack {
  readonly databases: readonly PostgresDatabase[];

  constructor(app: App, environment: Environment) {
    super(app, { environment: environment.name, layer: 'platform' });
    keepState(this, environment);
    kubernetesProvider(this, environment);
    const { cluster, images, namespace, repositoryKeys, vault } = environment;
    this.databases = environment.databases.map(
      ({ retention, ...declaration }) =>
        new PostgresDatabase(this, declaration.name, {
          ...declaration,
          namespace,
          image: images.postgres,
          repositories: [{ vault, retention, ...repositoryKeys }],
          ...(images.pullPolicy === undefined ? {} : { imagePullPolicy: images.pullPolicy }),
          ...(cluster.storageClass === undefined ? {} : { storageClass: cluster.storageClass }),
        }),
    );
  }
}
