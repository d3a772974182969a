import { type AwsPlace, checkReach, inPlace, keyFaults, placeFaults } from '../../aws/place';
import { administratorFaults, type BucketArea, bucketArn, roleArn } from '../../aws/policies';
import { addCheck, Construct, Duration, type Finding } from '../../core';
import { type Asset, type AssetProps, type Location, Recovery } from '../../recovery';
import { BUCKET_NAME_FIX, isBucketName } from '../address-faults';
import { Bucket } from '../bucket';
import { declareBucketAsset, type PrimaryBucketProps, type PrimaryData } from '../primary-bucket';
import type { ObjectLock } from '../vault';
import { lockFaults } from '../vault-faults';
import { guardedBucket } from './guarded-bucket';
import { type ColdStorage, coldStorageFaults, keepDeletedFaults } from './lifecycle';
import {
  type BucketReplication,
  REPLICATION_LAG,
  type ReplicaBucket,
  replicate,
  replicationFaults,
  replicationRoleName,
} from './replication';
import { replicationRunbook } from './runbook';

/** Of a bucket that holds something which is nowhere else. */
export interface PrimaryDataProps
  extends Pick<AssetProps, 'criticality' | 'expectedSize' | 'objectives' | 'degradedMode'> {
  /** Unique in its environment. @default - the bucket's name */
  readonly id?: string;
  /** @default 'mirror': a copy of it, by replication or by a scheduled mirror */
  readonly recoveredBy?: NonNullable<PrimaryBucketProps['recoveredBy']>;
}

export interface AwsBucketProps extends AwsPlace {
  /** Unique in all of Amazon. */
  readonly name: string;
  /**
   * Patterns of the ARNs of roles and users who alone may change the bucket's settings and destroy versions: the role that
   * applies this stack among them. `*` and `?` stand for what a path or a name ends with.
   */
  readonly administrators: readonly string[];
  /**
   * Roles of the environment that uses the bucket: its pods', its pipeline's. None may be an administrator.
   * @default none: it is not checked
   */
  readonly environmentRoles?: readonly string[];
  /**
   * How long what was deleted or overwritten can still be had back.
   * @default Duration.days(35): a deletion, wanted or not, is noticed within a month or not at all
   */
  readonly keepDeletedFor?: Duration;
  /**
   * For how long a version cannot be destroyed by anybody (`compliance`), or by administrators alone (`governance`).
   * Set when the bucket is made; a later change makes another bucket, which is refused.
   * @default - none: administrators may destroy versions
   */
  readonly objectLock?: ObjectLock;
  /**
   * Moves objects to a cheaper class from which they are read at once, so that a restore needs no thawing first.
   * @default - they stay in the standard class
   */
  readonly coldStorage?: ColdStorage;
  /**
   * KMS key in the bucket's region, for encryption at rest; objects under another key are refused. It must outlive what
   * it encrypts.
   * @default - Amazon's own keys for S3, which cannot be lost
   */
  readonly kmsKeyArn?: string;
  /** @default - not replicated: what is lost with the region is lost, unless a mirror copies it */
  readonly replication?: BucketReplication;
  /**
   * ARNs of the replication roles of buckets in other accounts, which may write their replicas here.
   * @default none
   */
  readonly replicasFrom?: readonly string[];
  /** @default - none: what is in it is a copy, or can be made again */
  readonly primaryData?: PrimaryDataProps;
  /** @default none */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * A bucket at Amazon that outlives mistakes: versioned, private, encrypted, reached by TLS only. The environment that uses
 * it can write and delete, never destroy: not the bucket, not a version, not the settings by which those are kept. Nor can
 * `terraform destroy`; a bucket that is to go is emptied and released by an administrator, by hand.
 *
 * It belongs in a stack that an administrator's role applies: the vault's, or one of its own.
 */
export class AwsBucket extends Construct {
  /** The reference to it, as for a bucket at any other store. */
  readonly bucket: Bucket;
  readonly bucketName: string;
  readonly bucketArn: string;
  readonly region: string;
  readonly account: string;
  readonly kmsKeyArn: string | undefined;
  readonly objectLock: ObjectLock | undefined;
  /** Roles of other accounts that may write their replicas here. */
  readonly replicasFrom: readonly string[];
  /** Role by which it is replicated, for `replicasFrom` of a bucket in another account; `undefined` when it is not. */
  readonly replicationRoleArn: string | undefined;
  /** Where it is replicated to. */
  readonly replica: BucketReplication['to'] | undefined;
  /** Of its primary data, if it has any. */
  readonly asset: Asset | undefined;

  constructor(scope: Construct, id: string, props: AwsBucketProps) {
    super(scope, id);
    const { keepDeletedFor = Duration.days(35), name, replication } = props;
    this.bucket = Bucket.aws({
      name,
      region: props.region,
      account: props.account,
      keepNoncurrent: keepDeletedFor,
      ...(props.objectLock === undefined ? {} : { objectLock: props.objectLock }),
      ...(props.coldStorage === undefined ? {} : { coldStorage: props.coldStorage }),
    });
    this.bucketName = name;
    this.bucketArn = bucketArn(name, props.region);
    this.region = props.region;
    this.account = props.account;
    this.kmsKeyArn = props.kmsKeyArn;
    this.objectLock = props.objectLock;
    this.replicasFrom = [...(props.replicasFrom ?? [])];
    this.replica = replication?.to;
    this.replicationRoleArn =
      replication === undefined ? undefined : roleArn(replicationRoleName(name), props.account, props.region);
    addCheck(this, () => faults({ ...props, keepDeletedFor }));
    const guarded = guardedBucket(this, {
      name,
      objectLock: props.objectLock,
      keepDeletedFor,
      coldStorage: props.coldStorage,
      administrators: props.administrators,
      takenOver: false,
      place: inPlace(props),
      ...(props.kmsKeyArn === undefined ? {} : { kmsKeyArn: props.kmsKeyArn }),
      ...(props.replicasFrom === undefined ? {} : { replicasFrom: props.replicasFrom }),
      ...(props.tags === undefined ? {} : { tags: props.tags }),
    });
    if (replication !== undefined)
      replicate(new Construct(this, 'replication'), { ...replication, from: props, guarded });
    this.asset = this.declareAsset(props);
  }

  /**
   * For a mirror of it: `new BucketMirror(stack, 'mirror', { of: uploads.primary, … })`.
   * @throws TypeError when no `primaryData` was declared: there would be no asset to protect
   */
  get primary(): PrimaryData {
    if (this.asset === undefined)
      throw new TypeError(
        `${this.node.path}: bucket ${this.bucketName} has no primaryData; declare it to mirror it.`,
      );
    return { bucket: this.bucket, asset: this.asset };
  }

  /** What policies of identities are made for: `bucketWriterPolicy(bucket.area('uploads'))`. */
  area(prefix?: string): BucketArea {
    return {
      bucketArn: this.bucketArn,
      ...(prefix === undefined ? {} : { prefix }),
      ...(this.kmsKeyArn === undefined ? {} : { kmsKeyArn: this.kmsKeyArn }),
    };
  }

  private declareAsset({ name, primaryData, replication, ...place }: AwsBucketProps): Asset | undefined {
    if (primaryData === undefined) return undefined;
    const recovery = Recovery.of(this);
    const { id, ...props } = primaryData;
    const asset = declareBucketAsset(this, {
      ...props,
      bucket: this.bucket,
      ...(id === undefined ? {} : { assetId: id }),
    });
    if (replication !== undefined)
      recovery.protects(asset, {
        kind: 'mirror',
        ...((replication.timeControl ?? true) ? { maximumLag: REPLICATION_LAG } : {}),
        retention: 'as the original; deleted and overwritten objects as long as the replica keeps them',
        location: replicaLocation(replication.to),
      });
    if (replication?.failuresTo !== undefined) {
      const alert = `${name}-replication`;
      recovery.watches(asset, { alert, runbook: `runbooks/${alert}.md` });
      recovery.writes(() => ({
        [`runbooks/${alert}.md`]: replicationRunbook({ bucket: name, ...place, replica: replication.to }),
      }));
    }
    checkReach(this, asset, place);
    return asset;
  }
}

function replicaLocation({ account, bucketName, region }: ReplicaBucket): Location {
  return Bucket.aws({ name: bucketName, region, account }).location;
}

function faults(props: AwsBucketProps & { readonly keepDeletedFor: Duration }): Finding[] {
  return [
    ...placeFaults(props),
    ...nameFaults(props.name),
    ...keyFaults('kmsKeyArn', props.kmsKeyArn, props),
    ...administratorFaults(props.administrators, props.environmentRoles),
    ...coldStorageFaults(props.coldStorage),
    ...keepDeletedFaults(props.keepDeletedFor),
    ...lockFaults(props.objectLock, 'objectLock'),
    ...(props.replication === undefined ? [] : replicationFaults(props, props.replication)),
  ];
}

function nameFaults(name: string): Finding[] {
  if (isBucketName(name)) return [];
  return [
    {
      rule: 'bucket/name',
      message: `name is "${name}", which S3 does not allow`,
      fix: BUCKET_NAME_FIX,
    },
  ];
}
