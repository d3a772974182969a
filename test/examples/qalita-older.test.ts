import { PrimaryBucket } from '../../constructs/object-storage';
import { prepareBucket } from '../../constructs/object-storage/client';
import { BucketMirror } from '../../constructs/object-storage/mirror';
import type { Asset } from '../../constructs/recovery';
import { Template } from '../helpers/template';
import { describeWithRclone, MirrorPod, mirrorProps } from '../object-storage/mirror/mirror-pod';

/*
 * The platform as QALITA's older documents have it. The same declaration, with three differences:
 *
 *   // An S3 bucket in SeaweedFS's place: versioned, and copied to where the platform cannot delete it.
 *   const archives = new PrimaryBucket(this, 'archives', {
 *     bucket: Bucket.s3Compatible({ endpoint: 'https://s3.example.com', name: 'qalita-archives' }), criticality: 'moderate',
 *   });
 *   new BucketMirror(this, 'archives-mirror', { of: archives, vault, schedule: Schedule.daily({ hour: 3 }), … });
 *   // Redis may be backed up with its claim: low rather than none.
 *   new VolumeAsset(this, 'redis', { claim: redisClaim, criticality: 'low', recoveredBy: velero });
 *   // The backup of claims is the cluster administrator's: the platform asks the cluster whether it is so.
 *   new CoverageCheck(this, 'coverage', {
 *     namespaces: ['qalita'], schedule: Schedule.daily({ hour: 6 }), maximumAge: Duration.days(8),
 *   });
 */
describe('QALITA, older documents', () => {
  test.todo('O2 Redis is backed up with its claim where that is asked for');
  test.todo('O3 a check finds every claim that nothing covers');
});

describeWithRclone('QALITA, older documents, on real stores', () => {
  let pod: MirrorPod;
  beforeAll(async () => {
    pod = await MirrorPod.start();
  }, 60_000);
  afterAll(() => pod?.stop());

  test("O1 S3 takes SeaweedFS's place: versioned, and mirrored into the vault", async () => {
    let asset: Asset | undefined;
    Template.of((stack) => {
      const archives = new PrimaryBucket(stack, 'archives', { bucket: pod.bucket, criticality: 'moderate' });
      asset = new BucketMirror(stack, 'mirror', { of: archives, ...mirrorProps(pod) }).asset;
    });
    expect(asset?.protections.map(({ kind }) => kind)).toEqual(['versioning', 'mirror']);
    expect((await prepareBucket(pod.bucket, { keys: pod.administrator })).applied).toContain('versioned');
    pod.putAll({ 'logs/1.log': 'a log', 'packs/a.tar.gz': 'an archive' });
    expect(await pod.mirrored()).toMatchObject({ objects: 2, check: { differences: 0 } });
    expect(pod.mirrorKeys('current')).toEqual(['logs/1.log', 'packs/a.tar.gz']);
  });
});
