import type { Finding } from '../../core';
import type { Asset } from '../../recovery';
import type { BackupPlan } from '../backup';
import type { EbsSnapshotPolicy } from '../ebs';
import type { ProtectedFileSystem } from '../efs';
import type { BackupAlarmsProps } from './backup-alarms';
import type { RunbookName } from './runbooks';

interface AlarmBase {
  readonly name: string;
  readonly summary: string;
  readonly runbook: RunbookName;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly assets: readonly Asset[];
}

/** An event of EventBridge that is told as it comes. */
export interface EventAlarm extends AlarmBase {
  readonly pattern: Readonly<Record<string, unknown>>;
  /** Names in the message → where they are in the event. */
  readonly paths: Readonly<Record<string, string>>;
  /** `<name>` stands for a path. */
  readonly message: string;
}

/** A metric of CloudWatch that is compared. */
export interface MetricAlarm extends AlarmBase {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum';
  readonly comparison: 'LessThanThreshold' | 'GreaterThanThreshold';
  readonly threshold: number;
  readonly periodSeconds: number;
  /** All of them have to breach. */
  readonly periods: number;
}

export type Alarm = EventAlarm | MetricAlarm;

const HOUR = 3600;
/** CloudWatch looks back a week at most (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html). */
const MOST_HOURS = 7 * 24;

export function alarmsOf(props: BackupAlarmsProps): Alarm[] {
  const { fileSystems = [], plans = [], restoreTests = [], snapshotPolicies = [] } = props;
  return [
    ...plans.flatMap((plan) => planAlarms(plan, props)),
    ...(restoreTests.length === 0 ? [] : [restoreAlarm(props)]),
    ...snapshotPolicies.flatMap((policy) => policyAlarms(policy, props)),
    ...fileSystems.flatMap((one) => lagAlarm(one, props)),
  ];
}

/** Types and fields of events: docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html */
function planAlarms(plan: BackupPlan, { name, region }: BackupAlarmsProps): Alarm[] {
  const { assets, vault } = plan;
  const copies = [
    ...new Map(plan.rules.flatMap(({ copies: of = [] }) => of.map(({ to }) => [to.arn, to]))).values(),
  ];
  const variables = {
    plan: plan.name,
    vault: vault.name,
    region,
    copies: copies.map((copy) => `\`${copy.name}\` (${copy.region}, ${copy.account})`).join(' and '),
  };
  const about = { variables, assets };
  const hours = absenceHours(plan);
  return [
    {
      ...about,
      name: `${name}-${plan.name}-backup-failed`,
      summary: `A backup job of ${plan.name} did not complete.`,
      runbook: 'AwsBackupJobFailed',
      pattern: {
        source: ['aws.backup'],
        'detail-type': ['Backup Job State Change'],
        detail: { state: ['FAILED', 'EXPIRED', 'ABORTED', 'PARTIAL'], backupVaultArn: [vault.arn] },
      },
      paths: { resource: '$.detail.resourceArn', state: '$.detail.state', why: '$.detail.statusMessage' },
      message: `Backup <state>: <resource>. <why>`,
    },
    ...(copies.length === 0
      ? []
      : [
          {
            ...about,
            name: `${name}-${plan.name}-copy-failed`,
            summary: `A copy of a backup of ${plan.name} did not complete.`,
            runbook: 'AwsBackupCopyFailed',
            pattern: {
              source: ['aws.backup'],
              'detail-type': ['Copy Job State Change'],
              detail: {
                state: ['FAILED', 'PARTIAL'],
                destinationBackupVaultArn: copies.map(({ arn }) => arn),
              },
            },
            paths: {
              resource: '$.detail.resourceArn',
              vault: '$.detail.destinationBackupVaultArn',
              why: '$.detail.statusMessage',
            },
            message: `Copy of a backup failed: <resource> to <vault>. <why>`,
          } as const,
        ]),
    ...(hours === undefined || hours > MOST_HOURS
      ? []
      : [
          {
            ...about,
            variables: { ...variables, hours },
            name: `${name}-${plan.name}-backup-missing`,
            summary: `No backup was completed in vault ${vault.name} for ${hours} hours.`,
            runbook: 'AwsBackupMissing',
            namespace: 'AWS/Backup',
            metric: 'NumberOfBackupJobsCompleted',
            dimensions: { BackupVaultName: vault.name },
            statistic: 'Sum',
            comparison: 'LessThanThreshold',
            threshold: 1,
            periodSeconds: HOUR,
            periods: hours,
          } as const,
        ]),
  ];
}

function absenceHours(plan: BackupPlan): number | undefined {
  const gap = plan.longestGap();
  return gap === undefined ? undefined : Math.ceil(gap.toSeconds() / HOUR);
}

export function absenceWarnings({ plans = [] }: BackupAlarmsProps): Finding[] {
  return plans.flatMap((plan) => {
    const hours = absenceHours(plan);
    if (hours === undefined || hours <= MOST_HOURS) return [];
    return [
      {
        rule: 'aws-alarms/absence',
        message: `plan ${plan.name} may leave ${hours} hours between two backups, and CloudWatch looks back ${MOST_HOURS}: that none is made is not told, only that one failed`,
        fix: 'back up every five days at least, or shorten startWindow and completionWindow',
      },
    ];
  });
}

function restoreAlarm({ name, region, restoreTests = [] }: BackupAlarmsProps): EventAlarm {
  return {
    name: `${name}-restore-failed`,
    summary: 'A restore job of AWS Backup failed.',
    runbook: 'AwsRestoreTestFailed',
    variables: { region, tests: restoreTests.map((one) => one.name).join(', ') },
    assets: [...new Set(restoreTests.flatMap(({ assets }) => assets))],
    pattern: {
      source: ['aws.backup'],
      'detail-type': ['Restore Job State Change'],
      // Of restore jobs it is the status, of all others the state.
      detail: { status: ['FAILED', 'ABORTED'] },
    },
    paths: { type: '$.detail.resourceType', status: '$.detail.status', why: '$.detail.statusMessage' },
    message: 'Restore <status>: <type>. <why>',
  };
}

/** docs.aws.amazon.com/ebs/latest/userguide/monitor-cloudwatch-events.html and ebs-cloud-watch-events.html */
function policyAlarms(policy: EbsSnapshotPolicy, { name, region }: BackupAlarmsProps): EventAlarm[] {
  const about = {
    runbook: 'AwsSnapshotPolicyFailed',
    variables: { policy: policy.name, region, targetTags: policy.targetTags },
    assets: policy.assets,
  } as const;
  return [
    {
      ...about,
      name: `${name}-${policy.name}-policy-error`,
      summary: `Policy ${policy.name} of Data Lifecycle Manager is in error.`,
      pattern: {
        source: ['aws.dlm'],
        'detail-type': ['DLM Policy State Change'],
        resources: [policy.arn],
        detail: { state: ['ERROR'] },
      },
      paths: { why: '$.detail.cause' },
      message: `Snapshots by ${policy.name} have stopped: <why>.`,
    },
    {
      ...about,
      name: `${name}-${policy.name}-snapshot-failed`,
      summary: 'A snapshot of a volume, or its copy, failed.',
      pattern: {
        source: ['aws.ec2'],
        'detail-type': ['EBS Snapshot Notification'],
        detail: { event: ['createSnapshot', 'copySnapshot'], result: ['failed'] },
      },
      paths: { event: '$.detail.event', volume: '$.detail.source', why: '$.detail.cause' },
      message: '<event> failed: <volume>. <why>',
    },
  ];
}

/** Metric and its two dimensions: docs.aws.amazon.com/efs/latest/ug/efs-metrics.html */
function lagAlarm(fileSystem: ProtectedFileSystem, { name, region }: BackupAlarmsProps): MetricAlarm[] {
  const { asset, fileSystemId, replica } = fileSystem;
  if (replica?.assumedLag === undefined) return [];
  const seconds = replica.assumedLag.wholeSeconds();
  return [
    {
      name: `${name}-${fileSystem.name}-replica-lags`,
      summary: `The replica of ${fileSystem.name} in ${replica.region} is too far behind.`,
      runbook: 'AwsReplicationLag',
      variables: {
        fileSystem: fileSystem.name,
        region,
        replicaRegion: replica.region,
        minutes: Math.round((seconds / 60) * 10) / 10,
      },
      assets: [asset],
      namespace: 'AWS/EFS',
      metric: 'TimeSinceLastSync',
      dimensions: { FileSystemId: fileSystemId, DestinationFileSystemId: replica.fileSystemId },
      statistic: 'Maximum',
      comparison: 'GreaterThanThreshold',
      threshold: seconds,
      periodSeconds: 300,
      periods: 3,
    },
  ];
}
