import { addCheck, Construct } from '../core';
import { type Asset, type AssetProps, Recovery } from '../recovery';
import type { Bucket } from './bucket';
import { unmirrored } from './bucket-rules';

export interface PrimaryBucketProps
  extends Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  /** Where it is, and what it is to be. */
  readonly bucket: Bucket;
  /** Of the asset, unique in its environment. @default - the bucket's name */
  readonly assetId?: string;
  /**
   * What brings its data back after a complete loss: a `mirror`; or a deploy that makes it anew (`redeploy`), or
   * somebody who knows where it comes from (`people`).
   * @default 'mirror': a critical or moderate bucket then has to have one
   */
  readonly recoveredBy?: 'mirror' | 'redeploy' | 'people';
}

/** A bucket that holds primary data, as whoever copies it is handed it. */
export interface PrimaryData {
  readonly bucket: Bucket;
  readonly asset: Asset;
}

/**
 * Says that a bucket holds data that is nowhere else: it is an asset, its versions protect it from slips, and it needs a
 * mirror elsewhere. It makes nothing in the cluster; the bucket is made as `Bucket` says.
 */
export class PrimaryBucket extends Construct implements PrimaryData {
  readonly bucket: Bucket;
  readonly asset: Asset;

  constructor(scope: Construct, id: string, props: PrimaryBucketProps) {
    super(scope, id);
    this.bucket = props.bucket;
    addCheck(this, () => props.bucket.faults('bucket'));
    this.asset = declareBucketAsset(this, props);
  }
}

/** The facts of a bucket with primary data, for a construct that makes the bucket itself. */
export function declareBucketAsset(
  scope: Construct,
  { assetId, bucket, criticality, recoveredBy = 'mirror', ...props }: PrimaryBucketProps,
): Asset {
  const asset = Recovery.of(scope).asset({
    id: assetId ?? bucket.name,
    kind: 'bucket',
    criticality,
    recoveredBy,
    ...(props.expectedSize === undefined ? {} : { expectedSize: props.expectedSize }),
    ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
    ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
  });
  if (bucket.versioning)
    Recovery.of(scope).protects(asset, {
      kind: 'versioning',
      retention: `${bucket.keepNoncurrent.human()} after it was deleted or overwritten`,
      location: bucket.location,
    });
  addCheck(scope, () => unmirrored(asset, bucket));
  return asset;
}
