import { type App, EnvironmentStack, TerraformOutput } from '../constructs/core';
import type { Environment } from '../environments/environment';

/**
 * What survives. An S3-compatible store has no provider that owns its buckets:
 * `npm run vault -- <environment>` makes them, and this stack says where they are.
 */
export class VaultStack extends EnvironmentStack {
  constructor(app: App, environment: Environment) {
    super(app, { environment: environment.name, layer: 'vault' });
    const { store, buckets } = environment.vault;
    new TerraformOutput(this, 'endpoint', { value: store.endpoint });
    new TerraformOutput(this, 'buckets', { value: [...buckets] });
  }
}
