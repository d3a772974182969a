/** Terraform's resources of the AWS provider, each loaded when one is first declared. */
export const aws = {
  get BackupPlan() {
    return (
      require('@cdktf/provider-aws/lib/backup-plan') as typeof import('@cdktf/provider-aws/lib/backup-plan')
    ).BackupPlan;
  },
  get BackupRestoreTestingPlan() {
    return (
      require('@cdktf/provider-aws/lib/backup-restore-testing-plan') as typeof import('@cdktf/provider-aws/lib/backup-restore-testing-plan')
    ).BackupRestoreTestingPlan;
  },
  get BackupRestoreTestingSelection() {
    return (
      require('@cdktf/provider-aws/lib/backup-restore-testing-selection') as typeof import('@cdktf/provider-aws/lib/backup-restore-testing-selection')
    ).BackupRestoreTestingSelection;
  },
  get BackupSelection() {
    return (
      require('@cdktf/provider-aws/lib/backup-selection') as typeof import('@cdktf/provider-aws/lib/backup-selection')
    ).BackupSelection;
  },
  get BackupVault() {
    return (
      require('@cdktf/provider-aws/lib/backup-vault') as typeof import('@cdktf/provider-aws/lib/backup-vault')
    ).BackupVault;
  },
  get BackupVaultLockConfiguration() {
    return (
      require('@cdktf/provider-aws/lib/backup-vault-lock-configuration') as typeof import('@cdktf/provider-aws/lib/backup-vault-lock-configuration')
    ).BackupVaultLockConfiguration;
  },
  get BackupVaultPolicy() {
    return (
      require('@cdktf/provider-aws/lib/backup-vault-policy') as typeof import('@cdktf/provider-aws/lib/backup-vault-policy')
    ).BackupVaultPolicy;
  },
  get CloudwatchEventRule() {
    return (
      require('@cdktf/provider-aws/lib/cloudwatch-event-rule') as typeof import('@cdktf/provider-aws/lib/cloudwatch-event-rule')
    ).CloudwatchEventRule;
  },
  get CloudwatchEventTarget() {
    return (
      require('@cdktf/provider-aws/lib/cloudwatch-event-target') as typeof import('@cdktf/provider-aws/lib/cloudwatch-event-target')
    ).CloudwatchEventTarget;
  },
  get CloudwatchMetricAlarm() {
    return (
      require('@cdktf/provider-aws/lib/cloudwatch-metric-alarm') as typeof import('@cdktf/provider-aws/lib/cloudwatch-metric-alarm')
    ).CloudwatchMetricAlarm;
  },
  get DbInstance() {
    return (
      require('@cdktf/provider-aws/lib/db-instance') as typeof import('@cdktf/provider-aws/lib/db-instance')
    ).DbInstance;
  },
  get DbInstanceAutomatedBackupsReplication() {
    return (
      require('@cdktf/provider-aws/lib/db-instance-automated-backups-replication') as typeof import('@cdktf/provider-aws/lib/db-instance-automated-backups-replication')
    ).DbInstanceAutomatedBackupsReplication;
  },
  get DlmLifecyclePolicy() {
    return (
      require('@cdktf/provider-aws/lib/dlm-lifecycle-policy') as typeof import('@cdktf/provider-aws/lib/dlm-lifecycle-policy')
    ).DlmLifecyclePolicy;
  },
  get EfsBackupPolicy() {
    return (
      require('@cdktf/provider-aws/lib/efs-backup-policy') as typeof import('@cdktf/provider-aws/lib/efs-backup-policy')
    ).EfsBackupPolicy;
  },
  get EfsFileSystem() {
    return (
      require('@cdktf/provider-aws/lib/efs-file-system') as typeof import('@cdktf/provider-aws/lib/efs-file-system')
    ).EfsFileSystem;
  },
  get EfsMountTarget() {
    return (
      require('@cdktf/provider-aws/lib/efs-mount-target') as typeof import('@cdktf/provider-aws/lib/efs-mount-target')
    ).EfsMountTarget;
  },
  get EfsReplicationConfiguration() {
    return (
      require('@cdktf/provider-aws/lib/efs-replication-configuration') as typeof import('@cdktf/provider-aws/lib/efs-replication-configuration')
    ).EfsReplicationConfiguration;
  },
  get IamRole() {
    return (require('@cdktf/provider-aws/lib/iam-role') as typeof import('@cdktf/provider-aws/lib/iam-role'))
      .IamRole;
  },
  get IamRolePolicy() {
    return (
      require('@cdktf/provider-aws/lib/iam-role-policy') as typeof import('@cdktf/provider-aws/lib/iam-role-policy')
    ).IamRolePolicy;
  },
  get S3Bucket() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket') as typeof import('@cdktf/provider-aws/lib/s3-bucket')
    ).S3Bucket;
  },
  get S3BucketLifecycleConfiguration() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration') as typeof import('@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration')
    ).S3BucketLifecycleConfiguration;
  },
  get S3BucketNotification() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-notification') as typeof import('@cdktf/provider-aws/lib/s3-bucket-notification')
    ).S3BucketNotification;
  },
  get S3BucketObjectLockConfigurationA() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration') as typeof import('@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration')
    ).S3BucketObjectLockConfigurationA;
  },
  get S3BucketOwnershipControls() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-ownership-controls') as typeof import('@cdktf/provider-aws/lib/s3-bucket-ownership-controls')
    ).S3BucketOwnershipControls;
  },
  get S3BucketPolicy() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-policy') as typeof import('@cdktf/provider-aws/lib/s3-bucket-policy')
    ).S3BucketPolicy;
  },
  get S3BucketPublicAccessBlock() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-public-access-block') as typeof import('@cdktf/provider-aws/lib/s3-bucket-public-access-block')
    ).S3BucketPublicAccessBlock;
  },
  get S3BucketReplicationConfigurationA() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-replication-configuration') as typeof import('@cdktf/provider-aws/lib/s3-bucket-replication-configuration')
    ).S3BucketReplicationConfigurationA;
  },
  get S3BucketServerSideEncryptionConfigurationA() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration') as typeof import('@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration')
    ).S3BucketServerSideEncryptionConfigurationA;
  },
  get S3BucketVersioningA() {
    return (
      require('@cdktf/provider-aws/lib/s3-bucket-versioning') as typeof import('@cdktf/provider-aws/lib/s3-bucket-versioning')
    ).S3BucketVersioningA;
  },
  get SnsTopic() {
    return (
      require('@cdktf/provider-aws/lib/sns-topic') as typeof import('@cdktf/provider-aws/lib/sns-topic')
    ).SnsTopic;
  },
  get SnsTopicPolicy() {
    return (
      require('@cdktf/provider-aws/lib/sns-topic-policy') as typeof import('@cdktf/provider-aws/lib/sns-topic-policy')
    ).SnsTopicPolicy;
  },
};
