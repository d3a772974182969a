import { type EnvironmentStack, S3Backend } from '../constructs/core';
import { type Environment, setting } from '../environments/environment';

/**
 * Where a stack's state is kept. In the vault its key names the incarnation: the
 * state of a life that is over stays there, unread, instead of pinning resources
 * that are gone. Credentials come from `AWS_ACCESS_KEY_ID` and its secret.
 */
export function keepState(stack: EnvironmentStack, environment: Environment): void {
  if (environment.state === 'workstation') return;
  const { store, bucket } = environment.vault;
  const custom = store.kind === 's3-compatible';
  new S3Backend(stack, {
    bucket,
    key: `state/${environment.name}/${incarnation()}/${stack.node.id}.tfstate`,
    region: store.region,
    ...(custom
      ? {
          endpoints: { s3: store.endpoint },
          usePathStyle: store.pathStyle,
          skipCredentialsValidation: true,
          skipMetadataApiCheck: true,
          skipRegionValidation: true,
          skipRequestingAccountId: true,
          skipS3Checksum: true,
        }
      : { encrypt: true }),
  });
  const authority = setting('VAULT_CA_FILE', '');
  if (custom && authority !== '') stack.addOverride('terraform.backend.s3.custom_ca_bundle', authority);
  // The binding predates the store's own locking, which needs no table beside the bucket.
  stack.addOverride('terraform.backend.s3.use_lockfile', environment.state === 'vault');
}

/**
 * Name of this life of the environment; the deploy command claims it in the vault and hands it on. Whoever runs
 * `cdktf deploy` alone exports what that command printed: another name is another, empty state.
 */
function incarnation(): string {
  return setting('INCARNATION', 'unclaimed');
}
