import { aws } from '../../bindings/aws';
import type { Construct, Duration, Finding } from '../../core';
import { type Asset, Recovery } from '../../recovery';
import { type AwsPlace, daysFaults, daysOf, inPlace, keyFaults, locationOf, placeFaults } from '../place';

/**
 * Snapshots and transaction logs in a second region of the same account, any instant restorable there. They are copied as
 * soon as they are ready; how soon, Amazon does not promise, so they give no RPO by themselves
 * (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html).
 */
export interface AutomatedBackupsReplication {
  /** `eu-central-1` */
  readonly region: string;
  /** Key in that region. An encrypted instance needs one. */
  readonly kmsKeyArn: string;
  /** 1 to 35 days. @default - as the instance keeps them */
  readonly keepBackups?: Duration;
  /**
   * How far behind the copies are held to be, in objectives.
   * @default - unknown, which is what Amazon promises: an `objectives.rpo` then is told not to hold once the region is lost
   */
  readonly assumedLag?: Duration;
}

interface ReplicationProps extends AutomatedBackupsReplication {
  /** Of the instance. */
  readonly place: AwsPlace;
  readonly sourceArn: string;
  readonly keepBackups: Duration;
}

/** @returns ARN of the backups in the second region, known when they are made */
export function replicateAutomatedBackups(scope: Construct, asset: Asset, props: ReplicationProps): string {
  const { assumedLag, keepBackups, place, region } = props;
  const replication = new aws.DbInstanceAutomatedBackupsReplication(scope, 'replication', {
    // It is a resource of the region that has the copies.
    ...inPlace({ ...place, region }),
    sourceDbInstanceArn: props.sourceArn,
    kmsKeyId: props.kmsKeyArn,
    retentionPeriod: daysOf(keepBackups),
  });
  Recovery.of(scope).protects(asset, {
    kind: 'wal-archive',
    ...(assumedLag === undefined ? {} : { maximumLag: assumedLag }),
    retention: `any instant of ${keepBackups.human()}`,
    location: locationOf('RDS automated backups', { ...place, region }),
  });
  return replication.id;
}

export function keepBackupsFaults(property: string, keepBackups: Duration | undefined): Finding[] {
  return daysFaults('aws-rds/keep-backups', property, keepBackups, {
    least: 1,
    most: 35,
    why: 'RDS keeps automated backups for 1 to 35 days, and none at 0',
  });
}

export function replicationFaults(
  replicate: AutomatedBackupsReplication | undefined,
  { account, region }: Pick<AwsPlace, 'region' | 'account'>,
): Finding[] {
  if (replicate === undefined) return [];
  return [
    ...placeFaults({ region: replicate.region, account }, 'replicateBackups'),
    ...keyFaults('replicateBackups.kmsKeyArn', replicate.kmsKeyArn, replicate),
    ...keepBackupsFaults('replicateBackups.keepBackups', replicate.keepBackups),
    ...(replicate.region === region
      ? [
          {
            rule: 'aws-rds/replication',
            message: `replicateBackups.region is ${region}, where the instance itself is`,
            fix: 'name another region',
          },
        ]
      : []),
  ];
}
