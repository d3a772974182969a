import type { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { administratorFaults } from '../../aws/policies';
import { addCheck, Construct, Duration } from '../../core';
import type { Vault } from '../vault';
import { guardedBucket } from './guarded-bucket';
import { type ColdStorage, coldStorageFaults, keepDeletedFaults, vaultKindFaults } from './lifecycle';

export interface VaultBucketsProps {
  readonly vault: Vault;
  /**
   * How long what was deleted or overwritten can still be had back.
   * @default Duration.days(35): a deletion, wanted or not, is noticed within a month or not at all
   */
  readonly keepDeletedFor?: Duration;
  /**
   * Moves objects to a cheaper class from which they are read at once, so that a restore needs no
   * thawing first.
   * @default - they stay in the standard class
   */
  readonly coldStorage?: ColdStorage;
  /**
   * KMS key for encryption at rest. It must outlive what it encrypts, in the vault's own account.
   * @default - Amazon's own keys for S3, which cannot be lost
   */
  readonly kmsKeyArn?: string;
  /**
   * Patterns of the ARNs of roles and users who alone may change the buckets' settings and destroy versions.
   * @default - none: nobody may destroy versions, and settings are guarded by the policies of identities alone
   */
  readonly administrators?: readonly string[];
}

/**
 * The vault's buckets at Amazon: versioned, private, reached by TLS only, and not to be destroyed by
 * any deploy. `npm run vault` makes them first, as the state of this very stack lives in one of them;
 * this takes them over by import, and again when its own state was lost.
 */
export class VaultBuckets extends Construct {
  readonly buckets: readonly S3Bucket[];

  constructor(scope: Construct, id: string, props: VaultBucketsProps) {
    super(scope, id);
    const { vault, keepDeletedFor = Duration.days(35) } = props;
    addCheck(this, () => [
      ...vault.faults('vault'),
      ...vaultKindFaults(vault),
      ...coldStorageFaults(props.coldStorage),
      ...keepDeletedFaults(keepDeletedFor),
      ...(props.administrators === undefined ? [] : administratorFaults(props.administrators)),
    ]);
    this.buckets = vault.buckets.map((bucket) => this.declare(bucket, { ...props, keepDeletedFor }));
  }

  private declare(name: string, props: VaultBucketsProps & { readonly keepDeletedFor: Duration }): S3Bucket {
    return guardedBucket(new Construct(this, name), {
      name,
      objectLock: props.vault.objectLock,
      keepDeletedFor: props.keepDeletedFor,
      coldStorage: props.coldStorage,
      takenOver: true,
      ...(props.kmsKeyArn === undefined ? {} : { kmsKeyArn: props.kmsKeyArn }),
      ...(props.administrators === undefined ? {} : { administrators: props.administrators }),
    }).bucket;
  }
}
