import { type AwsPlace, globally, inPlace, keyFaults, placeFaults } from '../../aws/place';
import {
  bucketArn,
  bucketReplicationPolicy,
  parseArn,
  partitionOf,
  policyJson,
  roleArn,
  serviceTrust,
} from '../../aws/policies';
import { aws } from '../../bindings/aws';
import { type Construct, Duration, dnsName, type Finding } from '../../core';
import type { ObjectLock } from '../vault';
import type { GuardedBucket } from './guarded-bucket';

/** A bucket as replication needs to know it; an `AwsBucket` is one. */
export interface ReplicaBucket extends Pick<AwsPlace, 'region' | 'account'> {
  readonly bucketName: string;
  /** Key by which the replicas are encrypted, in the replica's region. */
  readonly kmsKeyArn?: string | undefined;
  /** Whether what arrives is locked, where that is known. */
  readonly objectLock?: ObjectLock | undefined;
  /** Roles of other accounts that its policy lets in, where that is known. */
  readonly replicasFrom?: readonly string[];
}

export interface BucketReplication {
  /**
   * Where it is copied to: a versioned bucket that owns what others write into it, in another region and better in another
   * account, whose policy lets this bucket's role in (`replicasFrom`). Where this one has object lock, that one needs it, too.
   */
  readonly to: ReplicaBucket;
  /**
   * Whether what is deleted here is deleted there. The version stays in both until it expires there.
   * @default true: the copy shows what the original does; false, and it keeps for ever what was deleted
   */
  readonly deletions?: boolean;
  /**
   * Replication Time Control: Amazon promises 15 minutes for 99.9 % of objects, tells the lag, and charges for it.
   * @default true: without it nobody promises anything, and the copy has no RPO
   */
  readonly timeControl?: boolean;
  /**
   * Topic of SNS in the bucket's region, which lets S3 publish (that of `BackupAlarms` does): told of each object that is
   * not copied, or not within 15 minutes.
   * @default - none: the lag and failures are metrics in CloudWatch, which nobody watches
   */
  readonly failuresTo?: string;
  /** @default 'STANDARD'; GLACIER_IR is cheaper to keep, and dearer to read */
  readonly storageClass?: 'STANDARD' | 'STANDARD_IA' | 'GLACIER_IR';
}

/** What Amazon promises with Replication Time Control; it takes no other value. */
export const REPLICATION_LAG = Duration.minutes(15);

/** Name of the rule: in the dimensions of its metrics. */
export const REPLICATION_RULE = 'everything';

/** Of the role; the policy of a replica in another account names it. */
export function replicationRoleName(bucket: string): string {
  return dnsName([bucket, 'replication']);
}

export interface ReplicationProps extends BucketReplication {
  readonly from: AwsPlace & { readonly name: string; readonly kmsKeyArn?: string | undefined };
  readonly guarded: GuardedBucket;
}

/** New versions are copied as they are written; what was there before is not (S3 Batch Replication does that, once). */
export function replicate(scope: Construct, { from, guarded, to, ...options }: ReplicationProps): void {
  const timed = options.timeControl ?? true;
  const role = new aws.IamRole(scope, 'role', {
    ...globally(from),
    name: replicationRoleName(from.name),
    description: `Replicates ${from.name} to ${to.bucketName}`,
    assumeRolePolicy: policyJson(serviceTrust('s3.amazonaws.com')),
  });
  const area = ({
    kmsKeyArn,
    name,
    region,
  }: {
    name: string;
    region: string;
    kmsKeyArn?: string | undefined;
  }) => ({
    bucketArn: bucketArn(name, region),
    ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }),
  });
  const permissions = new aws.IamRolePolicy(scope, 'permissions', {
    ...globally(from),
    name: 'replication',
    role: role.name,
    policy: policyJson(
      bucketReplicationPolicy({ from: area(from), to: area({ ...to, name: to.bucketName }) }),
    ),
  });
  new aws.S3BucketReplicationConfigurationA(scope, 'configuration', {
    ...inPlace(from),
    bucket: guarded.bucket.id,
    role: role.arn,
    rule: [
      {
        id: REPLICATION_RULE,
        priority: 0,
        status: 'Enabled',
        filter: { prefix: '' },
        deleteMarkerReplication: { status: (options.deletions ?? true) ? 'Enabled' : 'Disabled' },
        ...(from.kmsKeyArn === undefined
          ? {}
          : { sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } } }),
        destination: {
          bucket: bucketArn(to.bucketName, to.region),
          account: to.account,
          storageClass: options.storageClass ?? 'STANDARD',
          ...(to.kmsKeyArn === undefined
            ? {}
            : { encryptionConfiguration: { replicaKmsKeyId: to.kmsKeyArn } }),
          ...(timed
            ? {
                replicationTime: { status: 'Enabled', time: { minutes: 15 } },
                metrics: { status: 'Enabled', eventThreshold: { minutes: 15 } },
              }
            : { metrics: { status: 'Enabled' } }),
        },
      },
    ],
    dependsOn: [guarded.versioning, permissions],
  });
  if (options.failuresTo !== undefined)
    new aws.S3BucketNotification(scope, 'failures', {
      ...inPlace(from),
      bucket: guarded.bucket.id,
      topic: [
        {
          topicArn: options.failuresTo,
          // What is late, and arrives after all, is told too, for whoever was woken by the first.
          events: [
            's3:Replication:OperationFailedReplication',
            ...(timed
              ? [
                  's3:Replication:OperationMissedThreshold',
                  's3:Replication:OperationReplicatedAfterThreshold',
                ]
              : []),
          ],
        },
      ],
    });
}

type ReplicatedBucket = Pick<AwsPlace, 'region' | 'account'> & {
  readonly name: string;
  readonly kmsKeyArn?: string | undefined;
  readonly objectLock?: ObjectLock | undefined;
};

export function replicationFaults(from: ReplicatedBucket, { failuresTo, to }: BucketReplication): Finding[] {
  const wrong = (message: string, fix: string): Finding => ({ rule: 'bucket/replication', message, fix });
  const found = [
    ...placeFaults(to, 'replication.to'),
    ...keyFaults('replication.to.kmsKeyArn', to.kmsKeyArn, to),
  ];
  if (to.bucketName === from.name)
    found.push(
      wrong(
        `replication.to is "${to.bucketName}", the bucket itself`,
        'name another bucket, in another region',
      ),
    );
  if (partitionOf(to.region) !== partitionOf(from.region))
    found.push(
      wrong(
        `replication.to is in ${to.region}, and S3 copies nothing there from ${from.region}`,
        'name a region of the same partition, or mirror the bucket by rclone',
      ),
    );
  if (from.kmsKeyArn !== undefined && to.kmsKeyArn === undefined)
    found.push(
      wrong(
        'replication.to has no kmsKeyArn, and objects that a key encrypts here are not copied without one there',
        `give a key in ${to.region} that this bucket's replication role may use`,
      ),
    );
  if (from.objectLock !== undefined && 'objectLock' in to && to.objectLock === undefined)
    found.push(
      wrong(
        `replication.to "${to.bucketName}" has no object lock, and S3 copies locked objects into a bucket with one only`,
        'give that bucket objectLock as well; it is set when a bucket is made',
      ),
    );
  const topic = failuresTo === undefined ? undefined : parseArn(failuresTo);
  if (topic !== undefined && (topic.service !== 'sns' || topic.region !== from.region))
    found.push(
      wrong(
        `replication.failuresTo is "${failuresTo}", and S3 publishes to a topic of SNS in ${from.region} alone`,
        'name a topic in the region of the bucket',
      ),
    );
  const role = roleArn(replicationRoleName(from.name), from.account, from.region);
  if (to.account !== from.account && to.replicasFrom !== undefined && !to.replicasFrom.includes(role))
    found.push(
      wrong(
        `replication.to "${to.bucketName}" is in another account, and its policy does not let this bucket's role in`,
        `add ${role} to replicasFrom of that bucket`,
      ),
    );
  return found;
}
