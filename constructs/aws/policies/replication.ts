import { type BucketArea, keyUse } from './bucket-area';
import { type PolicyDocument, policyDocument } from './document';

export interface BucketReplicationProps {
  readonly from: Omit<BucketArea, 'prefix'>;
  readonly to: Omit<BucketArea, 'prefix'>;
}

/**
 * The role by which S3 copies one bucket into another
 * (docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html).
 */
export function bucketReplicationPolicy({ from, to }: BucketReplicationProps): PolicyDocument {
  return policyDocument(
    {
      Sid: 'ReadConfiguration',
      Effect: 'Allow',
      Action: ['s3:GetReplicationConfiguration', 's3:ListBucket'],
      Resource: [from.bucketArn],
    },
    {
      Sid: 'ReadVersions',
      Effect: 'Allow',
      Action: [
        's3:GetObjectVersionForReplication',
        's3:GetObjectVersionAcl',
        's3:GetObjectVersionTagging',
        's3:GetObjectRetention',
        's3:GetObjectLegalHold',
      ],
      Resource: [`${from.bucketArn}/*`],
    },
    keyUse(from, 'UseKeyOfSource', ['kms:Decrypt']),
    {
      Sid: 'WriteReplicas',
      Effect: 'Allow',
      Action: ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'],
      Resource: [`${to.bucketArn}/*`],
    },
    keyUse(to, 'UseKeyOfReplicas', ['kms:Encrypt', 'kms:GenerateDataKey']),
  );
}
