import type { Statement } from './document';

/** Use of keys by a service that makes, copies and restores what they encrypt. */
export function copyingKeys(kmsKeyArns: readonly string[]): Statement[] {
  if (kmsKeyArns.length === 0) return [];
  return [
    {
      Sid: 'UseKeys',
      Effect: 'Allow',
      Action: [
        'kms:DescribeKey',
        'kms:Decrypt',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      Resource: [...kmsKeyArns],
    },
    {
      // For the services alone that hold the copies: EC2, RDS, EFS.
      Sid: 'LendKeys',
      Effect: 'Allow',
      Action: ['kms:CreateGrant'],
      Resource: [...kmsKeyArns],
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ];
}
