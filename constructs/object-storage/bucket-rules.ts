import type { Finding } from '../core';
import type { Asset, Location } from '../recovery';
import type { Bucket } from './bucket';

/**
 * Versioning is not a backup: versions go with the bucket, its account, its store. A bucket that matters has a copy
 * elsewhere. Whoever can do without says so by what the asset is: of low or no criticality, or made anew by others.
 */
export function unmirrored(asset: Asset, bucket: Bucket): Finding[] {
  const { criticality, id, recoveredBy } = asset.props;
  if (criticality === 'low' || criticality === 'none') return [];
  if (recoveredBy === 'redeploy' || recoveredBy === 'people') return [];
  const mirrors = asset.protections.filter(({ kind }) => kind === 'mirror');
  if (mirrors.some(({ location }) => !isSamePlace(location, bucket.location))) return [];
  const [near] = mirrors;
  return [
    {
      rule: 'bucket/no-mirror',
      message:
        near === undefined
          ? `the ${criticality} bucket ${id} has no copy elsewhere: its versions are lost with the bucket`
          : `the ${criticality} bucket ${id} is mirrored to ${near.location.endpoint ?? near.location.vault} alone, where it is itself: both are lost at once`,
      fix: 'declare a BucketMirror of it into a vault at another store, region or account; if it can be done without, set criticality to low, or recoveredBy to redeploy or people',
    },
  ];
}

/** Whether one accident takes both: the same store, and no region or account that sets them apart. */
export function isSamePlace(one: Location, other: Location): boolean {
  return (
    (one.endpoint ?? one.vault) === (other.endpoint ?? other.vault) &&
    one.region === other.region &&
    one.account === other.account
  );
}
