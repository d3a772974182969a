import { Duration, Schedule } from '../../constructs/core';
import {
  type AwsBucketProps,
  Bucket,
  isSamePlace,
  PrimaryBucket,
  type PrimaryBucketProps,
  type S3CompatibleBucketProps,
} from '../../constructs/object-storage';
import { type Asset, Recovery } from '../../constructs/recovery';
import { VAULT } from '../helpers/database';
import { Template } from '../helpers/template';

const compatible = (props: Partial<S3CompatibleBucketProps> = {}): Bucket =>
  Bucket.s3Compatible({ endpoint: 'https://objects.example.com', name: 'uploads', ...props });
const aws = (props: Partial<AwsBucketProps> = {}): Bucket =>
  Bucket.aws({ region: 'eu-west-3', account: '123456789012', name: 'uploads', ...props });

test('a bucket is versioned and private unless it is said otherwise', () => {
  const bucket = compatible();
  expect(bucket.faults()).toEqual([]);
  expect(bucket).toMatchObject({
    name: 'uploads',
    versioning: true,
    publicAccessBlocked: true,
    objectLock: undefined,
    coldStorage: undefined,
    account: undefined,
    store: { kind: 's3-compatible', endpoint: 'https://objects.example.com', port: 443, pathStyle: true },
  });
  expect(bucket.keepNoncurrent.toSeconds()).toBe(35 * 86_400);
  expect(bucket.location).toEqual({ vault: 'uploads', endpoint: 'https://objects.example.com' });
});

test('a bucket at Amazon', () => {
  const bucket = aws({ coldStorage: { after: Duration.days(90) } });
  expect(bucket.faults()).toEqual([]);
  expect(bucket.store).toMatchObject({ kind: 'aws', host: 's3.eu-west-3.amazonaws.com', pathStyle: false });
  expect(bucket.location).toEqual({
    vault: 'uploads',
    endpoint: 'https://s3.eu-west-3.amazonaws.com',
    region: 'eu-west-3',
    account: '123456789012',
  });
});

test('one inside the cluster may speak without TLS', () => {
  expect(compatible({ endpoint: 'http://seaweedfs-s3.shop.svc:8333' }).faults()).toEqual([]);
});

test.each<[string, Partial<S3CompatibleBucketProps>, string, RegExp]>([
  ['a path', { endpoint: 'https://objects.example.com/x' }, 'bucket/endpoint', /no address of a store/],
  ['plain HTTP', { endpoint: 'http://objects.example.com' }, 'bucket/plain-http', /travel readably/],
  ['a region that is none', { region: 'Paris, FR' }, 'bucket/region', /"Paris, FR"/],
  ['a file name for a CA', { caPem: '/etc/ca.crt' }, 'bucket/ca', /holds no certificate/],
  ['a name in capitals', { name: 'Uploads' }, 'bucket/name', /"Uploads"/],
  [
    'a lock without versions',
    { versioning: false, objectLock: { mode: 'governance', retention: Duration.days(1) } },
    'bucket/object-lock',
    /without versioning/,
  ],
  [
    'a lock for hours',
    { objectLock: { mode: 'governance', retention: Duration.hours(36) } },
    'bucket/object-lock',
    /1 day 12 hours/,
  ],
  ['versions for hours', { keepNoncurrent: Duration.hours(2) }, 'bucket/keep-noncurrent', /2 hours/],
  [
    'a class that takes a month',
    { coldStorage: { after: Duration.days(7), storageClass: 'STANDARD_IA' } },
    'bucket/cold-storage',
    /7 days, and STANDARD_IA takes whole days from 30/,
  ],
])('%s is a fault', (_, props, rule, message) => {
  expect(compatible(props).faults()).toEqual([
    { rule, message: expect.stringMatching(message), fix: expect.stringMatching(/.{10}/) },
  ]);
});

test('everything at once, and a key in an address is not repeated', () => {
  expect(
    aws({ region: 'x y', account: '12', name: 'B' })
      .faults()
      .map(({ rule }) => rule),
  ).toEqual(['bucket/region', 'bucket/account', 'bucket/name']);
  const leaky = compatible({ endpoint: 'https://key:hunter2@objects.example.com' });
  expect(JSON.stringify(leaky.faults())).not.toMatch(/hunter2/);
});

describe('a bucket with primary data', () => {
  const props = (different: Partial<PrimaryBucketProps> = {}): PrimaryBucketProps => ({
    bucket: compatible(),
    criticality: 'critical',
    ...different,
  });
  const faults = (
    different: Partial<PrimaryBucketProps>,
    also?: (asset: Asset, scope: PrimaryBucket) => void,
  ) =>
    Template.faults((stack) => {
      const primary = new PrimaryBucket(stack, 'uploads', props(different));
      also?.(primary.asset, primary);
    });
  const mirrored = (bucket: Bucket) => (asset: Asset, scope: PrimaryBucket) =>
    Recovery.of(scope).protects(asset, {
      kind: 'mirror',
      schedule: Schedule.daily({ hour: 3 }),
      retention: '30 days',
      location: bucket.location,
    });

  test('is an asset that its versions protect where it is itself', () => {
    let asset: Asset | undefined;
    Template.of((stack) => {
      asset = new PrimaryBucket(stack, 'uploads', props({ criticality: 'low' })).asset;
    });
    expect(asset?.props).toMatchObject({ id: 'uploads', kind: 'bucket', recoveredBy: 'mirror' });
    expect(asset?.protections).toMatchObject([
      {
        kind: 'versioning',
        retention: '35 days after it was deleted or overwritten',
        location: { vault: 'uploads' },
      },
    ]);
  });

  test.each(['critical', 'moderate'] as const)(
    'that is %s needs a mirror, and versions are none',
    (criticality) => {
      expect(faults({ criticality })).toMatchObject([
        {
          rule: 'bucket/no-mirror',
          path: 'test-platform/uploads',
          message: `the ${criticality} bucket uploads has no copy elsewhere: its versions are lost with the bucket`,
          fix: expect.stringContaining('declare a BucketMirror'),
        },
      ]);
    },
  );

  test.each<Partial<PrimaryBucketProps>>([
    { criticality: 'low' },
    { criticality: 'none' },
    { recoveredBy: 'redeploy' },
    { recoveredBy: 'people' },
  ])('needs none where it is said that it can be done without: %j', (different) => {
    expect(faults(different)).toEqual([]);
  });

  test('needs its mirror at another place', () => {
    expect(faults({}, mirrored(compatible({ name: 'other' })))).toMatchObject([
      { rule: 'bucket/no-mirror', message: expect.stringContaining('where it is itself') },
    ]);
    expect(faults({}, mirrored(compatible({ endpoint: 'https://elsewhere.example.com' })))).toEqual([]);
    const primary = { bucket: aws() };
    expect(faults(primary, mirrored(aws({ name: 'b' })))).toHaveLength(1);
    expect(faults(primary, mirrored(aws({ name: 'b', region: 'eu-west-1' })))).toEqual([]);
    expect(faults(primary, mirrored(aws({ name: 'b', account: '210987654321' })))).toEqual([]);
    expect(isSamePlace(VAULT.location, compatible().location)).toBe(false);
  });
});
