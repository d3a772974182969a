import type { Grant } from './minter';

/** A statement of a bucket policy; what is not ours is handed on as it is. */
export interface Statement {
  readonly Principal?: unknown;
  readonly [other: string]: unknown;
}

export interface BucketPolicy {
  readonly Version?: string;
  readonly Statement: readonly Statement[];
  readonly [other: string]: unknown;
}

/** What backups need. Versions are read after a malicious deletion, and destroyed by nobody. */
const READ_ACTIONS = ['s3:GetObject', 's3:GetObjectVersion'];
const WRITE_ACTIONS = [...READ_ACTIONS, 's3:PutObject', 's3:DeleteObject'];
const LIST_ACTIONS = ['s3:ListBucket', 's3:ListBucketVersions'];

/** The policy with exactly these rights for a key; everybody else's stay as they are. */
export function allow(
  policy: BucketPolicy,
  bucket: string,
  { name, prefix, readOnly = false }: Grant,
): BucketPolicy {
  const arn = `arn:aws:s3:::${bucket}`;
  const principal = { Effect: 'Allow', Principal: { AWS: [name] } };
  const rest = withdraw(policy, [name]);
  return {
    ...rest,
    Statement: [
      ...rest.Statement,
      { ...principal, Action: readOnly ? READ_ACTIONS : WRITE_ACTIONS, Resource: `${arn}/${prefix}*` },
      {
        ...principal,
        Action: LIST_ACTIONS,
        Resource: arn,
        // A listing of everything names no prefix, which no pattern is like.
        ...(prefix === '' ? {} : { Condition: { StringLike: { 's3:prefix': `${prefix}*` } } }),
      },
    ],
  };
}

/** The policy without the statements that are for one of these keys alone. */
export function withdraw(policy: BucketPolicy, names: readonly string[]): BucketPolicy {
  return { ...policy, Statement: policy.Statement.filter((statement) => !isFor(statement, names)) };
}

function isFor({ Principal }: Statement, names: readonly string[]): boolean {
  const { AWS } = (Principal ?? {}) as { AWS?: unknown };
  return Array.isArray(AWS) && AWS.length === 1 && names.includes(AWS[0]);
}
