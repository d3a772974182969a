/*
 * The platform as QALITA's older documents have it. The same declaration, with three differences:
 *
 *   // An S3 bucket in SeaweedFS's place: versioned, and copied to where the platform cannot delete it.
 *   new BucketMirror(this, 'archives', {
 *     from: { endpoint: 'https://s3.example.com', bucket: 'qalita-archives', keys },
 *     to: vault, schedule: Schedule.daily({ hour: 3 }), criticality: 'moderate',
 *   });
 *   // Redis may be backed up with its claim: low rather than none.
 *   new VolumeAsset(this, 'redis', { claim: redisClaim, criticality: 'low', recoveredBy: velero });
 *   // The backup of claims is the cluster administrator's: the platform asks the cluster whether it is so.
 *   new CoverageCheck(this, 'coverage', {
 *     namespaces: ['qalita'], schedule: Schedule.daily({ hour: 6 }), maximumAge: Duration.days(8),
 *   });
 */
describe('QALITA, older documents', () => {
  test.todo("O1 S3 takes SeaweedFS's place: versioned, and mirrored into the vault");
  test.todo('O2 Redis is backed up with its claim where that is asked for');
  test.todo('O3 a check finds every claim that nothing covers');
});
