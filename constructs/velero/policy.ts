/** A policy document of AWS IAM, as `JSON.stringify` takes it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface VeleroPolicyProps {
  readonly bucket: string;
  /** Where backups lie in the bucket, without slashes at its ends. @default - all of the bucket */
  readonly prefix?: string;
  /**
   * `restore` is for a cluster that shall write no backup and delete none: it reads, and writes logs and results of
   * restores, without which every restore would be partially failed.
   * @default 'backup'
   */
  readonly access?: 'backup' | 'restore';
  /** Key that the bucket is encrypted by, as ARN. @default - none, or one of Amazon's own */
  readonly kmsKeyArn?: string;
  /** @default 'aws' */
  readonly partition?: 'aws' | 'aws-cn' | 'aws-us-gov';
}

/**
 * What Velero and its node agent have to be allowed for a location, and no more: for a role that their service account
 * assumes, or a user's key.
 *
 * The condition on listing lets requests pass that name no prefix: Velero asks for objects that may not be there yet, Kopia
 * for a repository before it makes one, and without the right to list Amazon answers "denied" in place of "not there",
 * at which the first backup fails. With that go the names of other objects, never their contents: a bucket of its own
 * leaves nothing to see.
 */
export function veleroPolicy(props: VeleroPolicyProps): PolicyDocument {
  const { access = 'backup', bucket, kmsKeyArn, partition = 'aws', prefix = '' } = props;
  const arn = `arn:${partition}:s3:::${bucket}`;
  const below = prefix === '' ? '' : `${prefix}/`;
  const restores = `${arn}/${below}restores/*`;
  const all = `${arn}/${below}*`;
  const write = ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'List',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [arn],
        ...(below === '' ? {} : { Condition: { StringLikeIfExists: { 's3:prefix': [`${below}*`] } } }),
      },
      { Sid: 'Read', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [all] },
      access === 'backup'
        ? { Sid: 'Write', Effect: 'Allow', Action: write, Resource: [all] }
        : { Sid: 'WriteResults', Effect: 'Allow', Action: ['s3:PutObject'], Resource: [restores] },
      ...(kmsKeyArn === undefined
        ? []
        : [
            {
              Sid: 'Key',
              Effect: 'Allow' as const,
              Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
              Resource: [kmsKeyArn],
            },
          ]),
    ],
  };
}
