import type { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import type { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { type BucketGuardProps, bucketGuardPolicy, policyJson } from '../../aws/policies';
import { aws } from '../../bindings/aws';
import type { Construct, Duration, TerraformProvider } from '../../core';
import type { ObjectLock } from '../vault';
import { type ColdStorage, lifecycleRules } from './lifecycle';

/** What every bucket of ours is at Amazon. */
export interface GuardedBucketProps extends Omit<BucketGuardProps, 'bucketArn'> {
  readonly name: string;
  readonly objectLock: ObjectLock | undefined;
  readonly keepDeletedFor: Duration;
  readonly coldStorage: ColdStorage | undefined;
  /** Whether the bucket is there before Terraform knows it. */
  readonly takenOver: boolean;
  /** Region and provider, where they are not the stack's. */
  readonly place?: { readonly region?: string; readonly provider?: TerraformProvider };
  readonly tags?: Readonly<Record<string, string>>;
}

export interface GuardedBucket {
  readonly bucket: S3Bucket;
  /** Replication asks for it. */
  readonly versioning: S3BucketVersioningA;
}

/** A bucket that is versioned, private, encrypted, reached by TLS only, and not to be destroyed by any deploy. */
export function guardedBucket(scope: Construct, props: GuardedBucketProps): GuardedBucket {
  const { kmsKeyArn, name, objectLock, place = {} } = props;
  const bucket = new aws.S3Bucket(scope, 'bucket', {
    ...place,
    bucket: name,
    forceDestroy: false,
    objectLockEnabled: objectLock !== undefined,
    lifecycle: { preventDestroy: true },
    ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
  });
  if (props.takenOver) bucket.importFrom(name);
  const versioning = new aws.S3BucketVersioningA(scope, 'versioning', {
    ...place,
    bucket: bucket.id,
    versioningConfiguration: { status: 'Enabled' },
  });
  const access = new aws.S3BucketPublicAccessBlock(scope, 'public-access', {
    ...place,
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new aws.S3BucketOwnershipControls(scope, 'ownership', {
    ...place,
    bucket: bucket.id,
    // Whoever writes an object, it belongs to the bucket's account.
    rule: { objectOwnership: 'BucketOwnerEnforced' },
  });
  new aws.S3BucketServerSideEncryptionConfigurationA(scope, 'encryption', {
    ...place,
    bucket: bucket.id,
    rule: [
      {
        bucketKeyEnabled: kmsKeyArn !== undefined,
        applyServerSideEncryptionByDefault:
          kmsKeyArn === undefined
            ? { sseAlgorithm: 'AES256' }
            : { sseAlgorithm: 'aws:kms', kmsMasterKeyId: kmsKeyArn },
      },
    ],
  });
  new aws.S3BucketPolicy(scope, 'policy', {
    ...place,
    bucket: bucket.id,
    policy: policyJson(bucketGuardPolicy({ ...props, bucketArn: bucket.arn })),
    // Amazon refuses two changes of a bucket's access at once.
    dependsOn: [access],
  });
  new aws.S3BucketLifecycleConfiguration(scope, 'lifecycle', {
    ...place,
    bucket: bucket.id,
    rule: lifecycleRules(props.keepDeletedFor, props.coldStorage),
    dependsOn: [versioning],
  });
  if (objectLock !== undefined)
    new aws.S3BucketObjectLockConfigurationA(scope, 'object-lock', {
      ...place,
      bucket: bucket.id,
      rule: {
        defaultRetention: {
          mode: objectLock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
          days: objectLock.retention.toSeconds() / 86_400,
        },
      },
      dependsOn: [versioning],
    });
  return { bucket, versioning };
}
