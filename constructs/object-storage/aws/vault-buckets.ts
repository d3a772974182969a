import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketObjectLockConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration';
import { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { addCheck, Construct, Duration } from '../../core';
import type { Vault } from '../vault';
import { bucketPolicy } from './bucket-policy';
import {
  type ColdStorage,
  coldStorageFaults,
  keepDeletedFaults,
  lifecycleRules,
  vaultKindFaults,
} from './lifecycle';

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
    ]);
    this.buckets = vault.buckets.map((bucket) => this.declare(bucket, { ...props, keepDeletedFor }));
  }

  private declare(name: string, props: VaultBucketsProps & { readonly keepDeletedFor: Duration }): S3Bucket {
    const scope = new Construct(this, name);
    const { objectLock } = props.vault;
    const bucket = new S3Bucket(scope, 'bucket', {
      bucket: name,
      forceDestroy: false,
      objectLockEnabled: objectLock !== undefined,
      lifecycle: { preventDestroy: true },
    });
    bucket.importFrom(name);
    const versioning = new S3BucketVersioningA(scope, 'versioning', {
      bucket: bucket.id,
      versioningConfiguration: { status: 'Enabled' },
    });
    const access = new S3BucketPublicAccessBlock(scope, 'public-access', {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(scope, 'ownership', {
      bucket: bucket.id,
      // Whoever writes an object, it belongs to the vault's account.
      rule: { objectOwnership: 'BucketOwnerEnforced' },
    });
    new S3BucketServerSideEncryptionConfigurationA(scope, 'encryption', {
      bucket: bucket.id,
      rule: [
        {
          bucketKeyEnabled: props.kmsKeyArn !== undefined,
          applyServerSideEncryptionByDefault:
            props.kmsKeyArn === undefined
              ? { sseAlgorithm: 'AES256' }
              : { sseAlgorithm: 'aws:kms', kmsMasterKeyId: props.kmsKeyArn },
        },
      ],
    });
    new S3BucketPolicy(scope, 'policy', {
      bucket: bucket.id,
      policy: bucketPolicy(bucket.arn),
      // Amazon refuses two changes of a bucket's access at once.
      dependsOn: [access],
    });
    new S3BucketLifecycleConfiguration(scope, 'lifecycle', {
      bucket: bucket.id,
      rule: lifecycleRules(props.keepDeletedFor, props.coldStorage),
      dependsOn: [versioning],
    });
    if (objectLock !== undefined)
      new S3BucketObjectLockConfigurationA(scope, 'object-lock', {
        bucket: bucket.id,
        rule: {
          defaultRetention: {
            mode: objectLock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
            days: objectLock.retention.toSeconds() / 86_400,
          },
        },
        dependsOn: [versioning],
      });
    return bucket;
  }
}
