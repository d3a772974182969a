import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { ObjectLock } from '../vault';
import { codesOf, StoreProblem } from './problem';
import type { S3Store, StorePlace } from './store';

/** What a bucket is made by. */
export interface BucketPlace extends StorePlace {
  readonly objectLock: ObjectLock | undefined;
}

/** Makes the bucket unless it is there. True when it was made. */
export async function ensureBucket(
  store: S3Store,
  { store: { region, kind }, objectLock }: BucketPlace,
): Promise<boolean> {
  const { client, bucket } = store;
  try {
    await client.send(new HeadBucketCommand(store.target));
    return false;
  } catch (error) {
    if (!codesOf(error).includes('404')) throw store.explain(error, `look for the bucket ${bucket}`);
  }
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ...(objectLock === undefined ? {} : { ObjectLockEnabledForBucket: true }),
        // us-east-1 is the one region that must not be named.
        ...(kind === 'aws' && region !== 'us-east-1'
          ? { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } }
          : {}),
      }),
    );
    return true;
  } catch (error) {
    // Somebody with the same key was faster.
    if (codesOf(error).includes('BucketAlreadyOwnedByYou')) return false;
    throw store.explain(error, `create the bucket ${bucket}`);
  }
}

/** Five minutes is far less than the store tolerates, and far more than a machine with NTP is off. */
export function refuseSkew(milliseconds: number): void {
  const minutes = Math.round(Math.abs(milliseconds) / 60_000);
  if (minutes < 5) return;
  throw new StoreProblem(
    `the clocks of this machine and of the store are ${minutes} minutes apart`,
    'synchronise both clocks (NTP); at 15 minutes every request, backups and restores too, is refused',
  );
}

export async function ensureVersioning(store: S3Store): Promise<void> {
  const { client, target, bucket } = store;
  const doing = `switch on versioning of the bucket ${bucket}`;
  const status = await store.attempt(doing, () => client.send(new GetBucketVersioningCommand(target)));
  if (status.Status === 'Enabled') return;
  await store.attempt(doing, () =>
    client.send(
      new PutBucketVersioningCommand({ ...target, VersioningConfiguration: { Status: 'Enabled' } }),
    ),
  );
  const after = await store.attempt(doing, () => client.send(new GetBucketVersioningCommand(target)));
  if (after.Status !== 'Enabled')
    throw new StoreProblem(
      `the bucket ${bucket} keeps no versions: the store took the order and did not carry it out`,
      'switch on versioning in the store (versitygw: --versioning-dir), or use a store that has it',
    );
}

export async function ensureLock(store: S3Store, wanted: ObjectLock | undefined): Promise<boolean> {
  if (wanted === undefined) return false;
  const { client, target, bucket } = store;
  const read = async () => {
    try {
      const answer = await client.send(new GetObjectLockConfigurationCommand(target));
      return answer.ObjectLockConfiguration;
    } catch (error) {
      if (codesOf(error).includes('ObjectLockConfigurationNotFoundError')) return undefined;
      throw store.explain(error, `read the object lock of the bucket ${bucket}`);
    }
  };
  const days = wanted.retention.toSeconds() / 86_400;
  const mode = wanted.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
  const found = await read();
  if (found?.ObjectLockEnabled !== 'Enabled')
    throw new StoreProblem(
      `the bucket ${bucket} was made without object lock, and it can be given to new buckets only`,
      'choose a name for a new bucket, or drop objectLock of the vault',
    );
  const rule = found.Rule?.DefaultRetention;
  if (rule?.Mode === mode && rule.Days === days) return true;
  if (rule?.Mode === 'COMPLIANCE' && (mode !== 'COMPLIANCE' || (rule.Days ?? 0) > days))
    throw new StoreProblem(
      `the bucket ${bucket} locks for ${rule.Days} days in compliance mode, more than the ${days} days (${wanted.mode}) asked for`,
      'ask for at least as much, or weaken it by hand if that is what you want',
    );
  await store.attempt(`set the object lock of the bucket ${bucket}`, () =>
    client.send(
      new PutObjectLockConfigurationCommand({
        ...target,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: mode, Days: days } },
        },
      }),
    ),
  );
  return true;
}
