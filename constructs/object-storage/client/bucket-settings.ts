import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import type { Bucket } from '../bucket';
import type { BucketPolicy, Statement } from './minting/bucket-policy';
import { codesOf } from './problem';
import type { S3Store } from './store';

const DAY = 86_400;
/** How rules and statements of ours begin; those of others stay. */
const OURS = 'DisasterRecovery';

/** Rules by which versions end and what has aged moves. False where the store has no lifecycle. */
export async function expireVersions(store: S3Store, bucket: Bucket): Promise<boolean> {
  const { client, target } = store;
  const before = await read<readonly LifecycleRule[]>(
    store,
    'read the lifecycle',
    'NoSuchLifecycleConfiguration',
    [],
    async () => (await client.send(new GetBucketLifecycleConfigurationCommand(target))).Rules ?? [],
  );
  if (before === undefined) return false;
  const others = before.filter(({ ID }) => ID?.startsWith(OURS) !== true);
  return allowed(store, 'set the lifecycle', () =>
    client.send(
      new PutBucketLifecycleConfigurationCommand({
        ...target,
        LifecycleConfiguration: { Rules: [...others, ...lifecycleRules(bucket)] },
      }),
    ),
  );
}

/** Exported for tests. */
export function lifecycleRules({ coldStorage, keepNoncurrent }: Bucket): LifecycleRule[] {
  const everything = { Status: 'Enabled' as const, Filter: { Prefix: '' } };
  return [
    {
      ...everything,
      ID: `${OURS}Versions`,
      NoncurrentVersionExpiration: { NoncurrentDays: keepNoncurrent.toSeconds() / DAY },
      Expiration: { ExpiredObjectDeleteMarker: true },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
    ...(coldStorage === undefined
      ? []
      : [
          {
            ...everything,
            ID: `${OURS}ColdStorage`,
            Transitions: [
              {
                Days: coldStorage.after.toSeconds() / DAY,
                StorageClass: coldStorage.storageClass ?? ('GLACIER_IR' as const),
              },
            ],
          },
        ]),
  ];
}

/** False where the store knows no such block. */
export function blockPublicAccess(store: S3Store): Promise<boolean> {
  const { client, target } = store;
  return allowed(store, 'block public access', () =>
    client.send(
      new PutPublicAccessBlockCommand({
        ...target,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      }),
    ),
  );
}

/**
 * A policy by which no key destroys the bucket or a version, whatever else it may do: a cluster that is deprovisioned, or
 * the wrong environment that is destroyed, cannot take it along. Who may change the policy can lift it, on purpose.
 * False where the store has no policies.
 */
export async function denyDestruction(store: S3Store): Promise<boolean> {
  const { bucket, client, target } = store;
  const before = await read<BucketPolicy>(
    store,
    'read the policy',
    'NoSuchBucketPolicy',
    { Version: '2012-10-17', Statement: [] },
    async () => {
      const { Policy } = await client.send(new GetBucketPolicyCommand(target));
      return JSON.parse(Policy ?? '{"Statement":[]}') as BucketPolicy;
    },
  );
  if (before === undefined) return false;
  const others = before.Statement.filter(({ Sid }) => !String(Sid ?? '').startsWith(OURS));
  const policy = { ...before, Statement: [...others, ...denials(bucket)] };
  if (JSON.stringify(policy) === JSON.stringify(before)) return true;
  return allowed(store, 'set the policy', () =>
    client.send(new PutBucketPolicyCommand({ ...target, Policy: JSON.stringify(policy) })),
  );
}

function denials(bucket: string): Statement[] {
  const arn = `arn:aws:s3:::${bucket}`;
  return [
    { Sid: `${OURS}KeepBucket`, Effect: 'Deny', Principal: '*', Action: 's3:DeleteBucket', Resource: arn },
    {
      Sid: `${OURS}KeepVersions`,
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObjectVersion',
      Resource: `${arn}/*`,
    },
  ];
}

/** What there is; `none` where nothing is set; undefined where the store has no such thing. */
async function read<T>(
  store: S3Store,
  doing: string,
  absent: string,
  none: T,
  request: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    const codes = codesOf(error);
    if (codes.includes(absent)) return none;
    if (isUnknown(codes)) return undefined;
    throw store.explain(error, `${doing} of the bucket ${store.bucket}`);
  }
}

async function allowed(store: S3Store, doing: string, request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    if (isUnknown(codesOf(error))) return false;
    throw store.explain(error, `${doing} of the bucket ${store.bucket}`);
  }
}

function isUnknown(codes: readonly string[]): boolean {
  return codes.some((code) => /^(NotImplemented|MethodNotAllowed|UnsupportedOperation|501|405)$/.test(code));
}
