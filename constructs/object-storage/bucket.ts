import { Duration, type Finding } from '../core';
import type { Location } from '../recovery';
import type { ColdStorage } from './aws/lifecycle';
import { bucketFaults } from './bucket-faults';
import {
  awsAddress,
  locationOf,
  type S3CompatibleAddress,
  type StoreAddress,
  s3CompatibleAddress,
} from './store-address';
import type { ObjectLock } from './vault';

/** What a bucket is to be, at whatever store. */
export interface BucketSettings {
  /** The bucket's name in its store. */
  readonly name: string;
  /**
   * Whether what is deleted or overwritten stays as a version.
   * @default true. Without, a slip is final, and the bucket's mirror is the only way back
   */
  readonly versioning?: boolean;
  /**
   * For how long no version can be destroyed: by anybody (`compliance`), or without a special permission
   * (`governance`). Stores give it to new buckets only; it needs versioning.
   * @default - none: who may delete versions can destroy them
   */
  readonly objectLock?: ObjectLock;
  /**
   * How long versions stay that are no longer the newest, in whole days.
   * @default Duration.days(35): a deletion, wanted or not, is noticed within a month or not at all
   */
  readonly keepNoncurrent?: Duration;
  /**
   * Moves what has aged to a cheaper class, from which it is read at once: it stays restorable without thawing.
   * @default - everything stays in the class that it was written in
   */
  readonly coldStorage?: ColdStorage;
  /**
   * Whether nobody can read it without a key, whatever a policy or an access list says.
   * @default true
   */
  readonly publicAccessBlocked?: boolean;
}

/** A bucket at any store that speaks S3. */
export interface S3CompatibleBucketProps extends BucketSettings, S3CompatibleAddress {
  /** `https://host[:port]`; `http://` only for one inside the cluster, where data travels on its network alone. */
  readonly endpoint: string;
}

/** A bucket at Amazon. */
export interface AwsBucketProps extends BucketSettings {
  readonly region: string;
  /** Twelve digits: the account that owns it. */
  readonly account: string;
}

/**
 * A bucket with data of the platform: a reference that says where it is and what it is to be. It makes nothing:
 * at Amazon a construct of `object-storage/aws` does, elsewhere `npm run vault -- <environment>`.
 */
export class Bucket {
  static s3Compatible(props: S3CompatibleBucketProps): Bucket {
    return new Bucket(props, s3CompatibleAddress(props), props);
  }

  static aws(props: AwsBucketProps): Bucket {
    return new Bucket(props, awsAddress(props.region), props);
  }

  readonly name: string;
  readonly versioning: boolean;
  /** Undefined: versions may be destroyed by whoever may delete versions. */
  readonly objectLock: ObjectLock | undefined;
  readonly keepNoncurrent: Duration;
  readonly coldStorage: ColdStorage | undefined;
  readonly publicAccessBlocked: boolean;

  private constructor(
    settings: BucketSettings,
    readonly store: StoreAddress,
    /** As declared: the region of a store that has none says nothing about where it is. */
    private readonly place: { readonly region?: string | undefined; readonly account?: string },
  ) {
    this.name = settings.name;
    this.versioning = settings.versioning ?? true;
    this.objectLock = settings.objectLock;
    this.keepNoncurrent = settings.keepNoncurrent ?? Duration.days(35);
    this.coldStorage = settings.coldStorage;
    this.publicAccessBlocked = settings.publicAccessBlocked ?? true;
  }

  /** Amazon's account; undefined for another store. */
  get account(): string | undefined {
    return this.place.account;
  }

  /** Where its data is: a copy at the same place dies with it. */
  get location(): Location {
    return locationOf(this.name, this.store, this.place);
  }

  /** Everything that is wrong with the reference, for the property that holds it. */
  faults(property = 'bucket'): Finding[] {
    return bucketFaults(this, property);
  }
}
