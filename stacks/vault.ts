import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { type App, EnvironmentStack, TerraformOutput } from '../constructs/core';
import { VaultBuckets } from '../constructs/object-storage/aws';
import type { Environment } from '../environments/environment';

/**
 * What survives, under a name that no `<environment>-*` matches. At Amazon this stack guards the buckets
 * that `npm run vault -- <environment>` has made; another S3 store has no provider that owns its buckets,
 * and the stack only says where they are.
 */
export class VaultStack extends EnvironmentStack {
  constructor(app: App, environment: Environment) {
    super(app, { environment: environment.name, layer: 'vault' });
    const { vault } = environment;
    if (vault.account !== undefined) {
      new AwsProvider(this, 'aws', { region: vault.store.region, allowedAccountIds: [vault.account] });
      new VaultBuckets(this, 'buckets', { vault });
    }
    new TerraformOutput(this, 'endpoint', { value: vault.store.endpoint });
    new TerraformOutput(this, 'bucket-names', { value: [...vault.buckets] });
  }
}
