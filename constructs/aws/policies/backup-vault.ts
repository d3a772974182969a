import { type PolicyDocument, policyDocument } from './document';

export interface BackupVaultPolicyProps {
  /** Patterns of the ARNs of roles and users who may delete recovery points and change the vault. */
  readonly administrators: readonly string[];
  /**
   * Accounts that may copy their recovery points into the vault; twelve digits each.
   * @default none: only the vault's own account
   */
  readonly copiesFrom?: readonly string[];
  /** @default 'aws' */
  readonly partition?: string;
}

/**
 * What may not be done to a vault of AWS Backup, whatever an identity's own policy allows. Recovery points end by their
 * lifecycle all the same: that is the service, by its own role. No wildcards in actions, which these policies do not know
 * (docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html); `*` as resource and principal is
 * what Config's rule backup-recovery-point-manual-deletion-disabled looks for.
 *
 * Snapshots of EBS and RDS can be deleted by the APIs of these services, too, where no vault policy is asked: what keeps
 * them from a role is that role's policy, and what keeps them from a whole account is a copy in another one.
 */
export function backupVaultPolicy({
  administrators,
  copiesFrom = [],
  partition = 'aws',
}: BackupVaultPolicyProps): PolicyDocument {
  const deny = { Effect: 'Deny', Principal: '*', Resource: ['*'] } as const;
  return policyDocument(
    { Sid: 'KeepVault', ...deny, Action: ['backup:DeleteBackupVault'] },
    {
      Sid: 'KeepRecoveryPoints',
      ...deny,
      Action: [
        'backup:DeleteRecoveryPoint',
        'backup:DisassociateRecoveryPoint',
        'backup:UpdateRecoveryPointLifecycle',
        'backup:PutBackupVaultAccessPolicy',
        'backup:DeleteBackupVaultAccessPolicy',
        'backup:PutBackupVaultLockConfiguration',
        'backup:DeleteBackupVaultLockConfiguration',
      ],
      Condition: { ArnNotLike: { 'aws:PrincipalArn': [...administrators] } },
    },
    copiesFrom.length === 0
      ? undefined
      : {
          Sid: 'TakeCopies',
          Effect: 'Allow',
          Principal: { AWS: copiesFrom.map((account) => `arn:${partition}:iam::${account}:root`) },
          Action: ['backup:CopyIntoBackupVault'],
          Resource: ['*'],
        },
  );
}
