/**
 * What nobody may do to a bucket of the vault, its own administrators included, until they change
 * this policy on purpose: speak to it without TLS, or destroy it or a version of what it holds.
 * Lifecycle rules are not subject to it; they remain the one way in which versions end.
 */
export function bucketPolicy(arn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      { Sid: 'KeepBucket', Effect: 'Deny', Principal: '*', Action: 's3:DeleteBucket', Resource: arn },
      {
        Sid: 'KeepVersions',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:DeleteObjectVersion',
        Resource: `${arn}/*`,
      },
    ],
  });
}
