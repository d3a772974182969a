import { type PolicyDocument, policyDocument, type Statement } from './document';

export interface BucketGuardProps {
  readonly bucketArn: string;
  /**
   * Patterns of the ARNs of roles and users who may change the bucket's settings and destroy versions. An assumed role is
   * known by the role's ARN. The account's root can always delete the policy, so nobody is locked out for good.
   * @default - nobody is told from anybody: versions are kept from all, settings from none
   */
  readonly administrators?: readonly string[];
  /**
   * The only KMS key by which objects may be encrypted.
   * @default - whatever the bucket's default is; a key that the writer brings along is refused either way
   */
  readonly kmsKeyArn?: string;
  /**
   * Roles of other accounts that replicate into this bucket.
   * @default none
   */
  readonly replicasFrom?: readonly string[];
}

/** Who may do these could undo what keeps the bucket's content. */
const SETTINGS = [
  's3:PutBucketPolicy',
  's3:DeleteBucketPolicy',
  's3:PutLifecycleConfiguration',
  's3:PutBucketVersioning',
  's3:PutBucketObjectLockConfiguration',
  's3:PutReplicationConfiguration',
  's3:PutEncryptionConfiguration',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketOwnershipControls',
  's3:PutBucketAcl',
] as const;

/**
 * What may not be done to a bucket, whatever an identity's own policy allows: speak to it without TLS, destroy it or a
 * version of what it holds, or change the settings by which those end. Lifecycle rules are not subject to it; they
 * remain the one way in which versions end by themselves.
 *
 * Nobody at all may delete the bucket: who means it changes this policy first.
 */
export function bucketGuardPolicy(guard: BucketGuardProps): PolicyDocument {
  const { administrators = [], bucketArn: arn } = guard;
  const objects = `${arn}/*`;
  // Missing for services and anonymous requests, which are then denied as well.
  const exceptAdministrators =
    administrators.length === 0
      ? {}
      : { Condition: { ArnNotLike: { 'aws:PrincipalArn': [...administrators] } } };
  const deny = (Sid: string, Action: readonly string[], Resource: readonly string[]): Statement => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
  });
  return policyDocument(
    {
      ...deny('TlsOnly', ['s3:*'], [arn, objects]),
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    deny('KeepBucket', ['s3:DeleteBucket'], [arn]),
    { ...deny('KeepVersions', ['s3:DeleteObjectVersion'], [objects]), ...exceptAdministrators },
    administrators.length === 0
      ? undefined
      : [
          { ...deny('KeepSettings', SETTINGS, [arn]), ...exceptAdministrators },
          {
            ...deny('KeepLocks', ['s3:BypassGovernanceRetention', 's3:PutObjectLegalHold'], [objects]),
            ...exceptAdministrators,
          },
          ...encryption(guard, objects, deny),
        ],
    replicas(guard, objects),
  );
}

/**
 * An object without a word of encryption takes the bucket's default, so only another word is refused: a key of the writer's
 * own, given along (SSE-C) or kept in an account of his, is how stolen credentials hold data to ransom.
 */
function encryption(
  { kmsKeyArn }: BucketGuardProps,
  objects: string,
  deny: (sid: string, actions: readonly string[], resources: readonly string[]) => Statement,
): Statement[] {
  const algorithm = 's3:x-amz-server-side-encryption';
  const key = `${algorithm}-aws-kms-key-id`;
  return [
    {
      ...deny('NoKeyOfTheWriter', ['s3:PutObject'], [objects]),
      Condition: { Null: { [`${algorithm}-customer-algorithm`]: 'false' } },
    },
    {
      ...deny('EncryptedAsDeclared', ['s3:PutObject'], [objects]),
      Condition: {
        Null: { [algorithm]: 'false' },
        StringNotEquals: { [algorithm]: [kmsKeyArn === undefined ? 'AES256' : 'aws:kms'] },
      },
    },
    ...(kmsKeyArn === undefined
      ? []
      : [
          {
            ...deny('EncryptedByThisKey', ['s3:PutObject'], [objects]),
            Condition: { Null: { [key]: 'false' }, StringNotEquals: { [key]: [kmsKeyArn] } },
          },
        ]),
  ];
}

function replicas({ bucketArn, replicasFrom = [] }: BucketGuardProps, objects: string): Statement[] {
  if (replicasFrom.length === 0) return [];
  const allow = { Effect: 'Allow', Principal: { AWS: [...replicasFrom] } } as const;
  return [
    {
      Sid: 'TakeReplicas',
      ...allow,
      Action: ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'],
      Resource: [objects],
    },
    { Sid: 'ShowVersioning', ...allow, Action: ['s3:GetBucketVersioning'], Resource: [bucketArn] },
  ];
}
