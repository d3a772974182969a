import type { Finding } from '../../core';

/** Which copy a database is made from. */
export type BackupSource =
  /** Automated backups of this region that outlived the instance: `aws_db_instance.arn`'s, or those replicated here. */
  | { readonly automatedBackupsArn: string }
  /** A snapshot: a final one, or a recovery point of AWS Backup. It has one instant only. */
  | { readonly snapshot: string };

/** An instance is made from backups in place of an empty one. */
export interface DatabaseRecovery {
  /** Of the incident: in the tag `recovered`. */
  readonly id: string;
  readonly from: BackupSource;
  /**
   * `latest`, or an instant as `2026-05-04T03:02:01Z`, in UTC, to the second. A snapshot has `latest` alone.
   * @default 'latest'
   */
  readonly to?: 'latest' | string;
}

const RULE = 'aws-rds/recover';

export function instantFaults(property: string, to: string | undefined): Finding[] {
  if (to === undefined || to === 'latest') return [];
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(to) && !Number.isNaN(Date.parse(to))) return [];
  return [
    {
      rule: RULE,
      message: `${property} is "${to}", which is neither latest nor an instant in UTC`,
      fix: 'write it as 2026-05-04T03:02:01Z; hours of another zone are a different instant',
    },
  ];
}

export function recoveryFaults(recover: DatabaseRecovery | undefined): Finding[] {
  if (recover === undefined) return [];
  const found = instantFaults('recover.to', recover.to);
  if ('snapshot' in recover.from && recover.to !== undefined && recover.to !== 'latest')
    found.push({
      rule: RULE,
      message: `recover.to is "${recover.to}", and a snapshot has one instant, its own`,
      fix: 'leave it out, or give automatedBackupsArn, which reach any instant of their retention',
    });
  return found;
}

/** An order that is left in the code would be followed again at the next loss. */
export function recoveryWarnings(recover: DatabaseRecovery | undefined): Finding[] {
  if (recover === undefined || (!('snapshot' in recover.from) && (recover.to ?? 'latest') === 'latest'))
    return [];
  return [
    {
      rule: RULE,
      message: `recover "${recover.id}" names one instant: after the next loss, the database would come back as it was then`,
      fix: 'take it out once the database is there; that changes nothing at the database',
    },
  ];
}

/** Arguments of an instance that is made from a backup. */
export function recoveryArguments({ from, to = 'latest' }: DatabaseRecovery) {
  if ('snapshot' in from) return { snapshotIdentifier: from.snapshot };
  return {
    restoreToPointInTime: {
      sourceDbInstanceAutomatedBackupsArn: from.automatedBackupsArn,
      ...(to === 'latest' ? { useLatestRestorableTime: true } : { restoreTime: to }),
    },
  };
}
