import type { Duration, Finding } from '../core';
import type { Location } from '../recovery';
import type { KeyMint } from './key-mints';
import {
  awsAddress,
  locationOf,
  type S3CompatibleAddress,
  type StoreAddress,
  s3CompatibleAddress,
} from './store-address';
import { vaultFaults } from './vault-faults';

export interface ObjectLock {
  readonly mode: 'governance' | 'compliance';
  /** Whole days. */
  readonly retention: Duration;
}

interface VaultBaseProps {
  /** The bucket of the repositories, the records and the kit. */
  readonly bucket: string;
  /**
   * Further buckets that belong to this vault, made and guarded alike.
   * @default - none: everything shares `bucket`, under prefixes
   */
  readonly otherBuckets?: readonly string[];
  /**
   * For how long a version of an object cannot be destroyed by anybody (`compliance`), or only with a
   * special permission (`governance`). Most stores grant it to new buckets only.
   * @default - none: versions outlive a deletion, but a key that may delete versions can destroy them
   */
  readonly objectLock?: ObjectLock;
  /**
   * What people call it, in the report and in messages.
   * @default - the bucket's name
   */
  readonly name?: string;
}

/** Any store that speaks S3: versitygw, MinIO, Ceph, Spaces. */
export interface S3CompatibleVaultProps extends VaultBaseProps, S3CompatibleAddress {
  /** `https://host[:port]`, the same from inside the cluster and from an operator's machine. */
  readonly endpoint: string;
  /**
   * How the store makes keys. `npm run deploy` then gives every incarnation a pair of its own and ends those of
   * earlier ones. `versitygw`: by its admin API at the same endpoint, with an administrator's key in
   * AWS_ACCESS_KEY_ID.
   * @default - not at all: an operator makes keys by hand, new ones for each incarnation
   */
  readonly mints?: KeyMint;
}

/** Amazon S3. The vault has a region, better an account too, of its own. */
export interface AwsVaultProps extends VaultBaseProps {
  readonly region: string;
  /** Twelve digits: the account that owns the buckets; requests to a bucket of another owner fail. */
  readonly account: string;
}

/**
 * Where copies survive: a reference to buckets that outlive every cluster. It makes nothing; the
 * buckets are made beforehand, by `npm run vault` or by `VaultBuckets`.
 */
export class Vault {
  static s3Compatible(props: S3CompatibleVaultProps): Vault {
    return new Vault(props, s3CompatibleAddress(props), props);
  }

  static aws(props: AwsVaultProps): Vault {
    return new Vault(props, awsAddress(props.region), props);
  }

  readonly name: string;
  readonly bucket: string;
  /** Every bucket of the vault, the main one first. */
  readonly buckets: readonly string[];
  /** Undefined: objects may be destroyed by whoever may delete versions. */
  readonly objectLock: ObjectLock | undefined;

  private constructor(
    props: VaultBaseProps,
    readonly store: StoreAddress,
    /** As declared: the region of a store that has none says nothing about where it is. */
    private readonly place: { readonly region?: string | undefined; readonly account?: string },
  ) {
    this.name = props.name ?? props.bucket;
    this.bucket = props.bucket;
    this.objectLock = props.objectLock;
    this.buckets = [props.bucket, ...(props.otherBuckets ?? [])];
  }

  /** Amazon's account; undefined for another store. */
  get account(): string | undefined {
    return this.place.account;
  }

  /** The fact that rules compare: a copy must not die with what it protects. */
  get location(): Location {
    return locationOf(this.name, this.store, this.place);
  }

  /** One text for one place, so that two users of the same place are seen. */
  locate(...path: readonly string[]): string {
    const parts = path.flatMap((part) => part.split('/')).filter((part) => part !== '');
    return [`s3://${this.store.host}:${this.store.port}`, this.bucket, ...parts].join('/');
  }

  /** Everything that is wrong with the reference, for the property that holds it. */
  faults(property = 'vault'): Finding[] {
    return vaultFaults(this, property);
  }
}
