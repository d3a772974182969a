import { parseArn } from './arn';
import type { Statement } from './document';

/** What lies below a prefix of a bucket. */
export interface BucketArea {
  readonly bucketArn: string;
  /**
   * `production`, `production/orders`; slashes around it do not count.
   * @default - the whole bucket
   */
  readonly prefix?: string;
  /**
   * KMS key by which the bucket encrypts.
   * @default - none: Amazon's own keys for S3 need no permission
   */
  readonly kmsKeyArn?: string;
}

/**
 * `production/`, or nothing for the whole bucket.
 * @throws RangeError for a prefix that IAM would read as a pattern, which would open more than it says
 */
export function prefixOf({ prefix = '' }: BucketArea): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  if (/[*?$]/.test(trimmed))
    throw new RangeError(
      `prefix ${JSON.stringify(prefix)} holds *, ? or $, which IAM reads as a pattern; give the plain name of a folder.`,
    );
  return trimmed === '' ? '' : `${trimmed}/`;
}

/** Every object of the area. */
export function objectsOf(area: BucketArea): string {
  return `${area.bucketArn}/${prefixOf(area)}*`;
}

/**
 * Listing what is below the prefix. A request that names no prefix passes as well: without the right to list, Amazon
 * answers "denied" in place of "not there" when an object is asked for that does not exist yet, and such a request names
 * none; pgBackRest, rclone and Velero all begin with one. With it go the names of other objects, never their contents
 * (docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html, "Permissions").
 */
export function listing(area: BucketArea, sid: string, actions: readonly string[]): Statement {
  const prefix = prefixOf(area);
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: actions,
    Resource: [area.bucketArn],
    ...(prefix === '' ? {} : { Condition: { StringLikeIfExists: { 's3:prefix': [`${prefix}*`] } } }),
  };
}

/**
 * Use of the bucket's key by S3, for this bucket. The context is the object, or the bucket where it has a key of its own
 * (docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html, "Encryption context").
 */
export function keyUse(area: BucketArea, sid: string, actions: readonly string[]): Statement | undefined {
  if (area.kmsKeyArn === undefined) return undefined;
  // A key whose ARN only Terraform knows: S3 of any region, this bucket all the same.
  const region = parseArn(area.kmsKeyArn)?.region ?? '*';
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: actions,
    Resource: [area.kmsKeyArn],
    Condition: {
      StringLike: {
        'kms:ViaService': [`s3.${region}.amazonaws.com`],
        'kms:EncryptionContext:aws:s3:arn': [area.bucketArn, `${area.bucketArn}/*`],
      },
    },
  };
}
