import { Duration, deterministicDelay } from '../core';
import { type Asset, computeObjectives } from '../recovery';
import { PodSet, type ScheduledCronJob, type WorkloadFacts } from '../workload-alerts';
import { BACKUP_KINDS, BACKUP_TYPES } from './backups';
import type { PostgresDatabaseProps } from './database';
import { OWN_LAYOUT } from './paths';
import { DEFAULT_SPREAD, type PgBackRest, type PgBackRestOptions } from './pgbackrest';
import { TLS_RENEWAL, tlsRenewalName } from './tls-pair';

/**
 * A database as a workload: its pods, their claims, and the CronJobs that run by themselves. Those of clones and of
 * dumps to be restored are templates, suspended for good.
 */
export function watchedWorkload(
  props: PostgresDatabaseProps,
  asset: Asset,
  backup: PgBackRest,
  replicas: number,
): WorkloadFacts {
  const { name, namespace, resources } = props;
  const count = 1 + replicas;
  return {
    name,
    namespace,
    pods: PodSet.statefulSet(name, count),
    // A pod that restores is not ready meanwhile.
    readyWithin: longer(restoreTime(props, asset), Duration.minutes(15)),
    cpuLimit: resources?.limits?.['cpu'] !== undefined,
    claims: Array.from({ length: count }, (_, index) => `${OWN_LAYOUT.dataVolume.name}-${name}-${index}`),
    cronJobs: watchedCronJobs(props, asset, backup),
  };
}

/** CronJobs that run by themselves, whoever runs the server. */
export function watchedCronJobs(
  props: PgBackRestOptions & Pick<PostgresDatabaseProps, 'dumps' | 'objectives'>,
  asset: Asset,
  backup: PgBackRest,
): ScheduledCronJob[] {
  const takes = longer(restoreTime(props, asset), Duration.hours(1));
  return cronJobs(props, backup).map((cronJob) => ({ ...cronJob, takes }));
}

/** A backup reads as much as a restore writes. */
function restoreTime({ objectives }: Pick<PostgresDatabaseProps, 'objectives'>, asset: Asset): Duration {
  return longer(computeObjectives(asset).rto, objectives?.rto ?? Duration.ZERO);
}

function cronJobs(
  {
    backups,
    backupSpread = DEFAULT_SPREAD,
    dumps,
    name,
    namespace,
    tls,
  }: PgBackRestOptions & Pick<PostgresDatabaseProps, 'dumps'>,
  backup: PgBackRest,
): ScheduledCronJob[] {
  const delays = new Map(backup.watchedSchedules().map(({ delay, type }) => [type, delay]));
  const made = BACKUP_KINDS.flatMap((kind) => {
    const schedule = backups[kind];
    const type = BACKUP_TYPES[kind];
    const delay = delays.get(type);
    // Without a delay it has a fault, and no CronJob.
    return schedule === undefined || delay === undefined
      ? []
      : [{ name: `${name}-backup-${type}`, schedule, delay }];
  });
  return [
    ...made,
    ...(dumps === undefined || dumps.schedule.faults().length > 0
      ? []
      : [
          {
            name: `${name}-dump`,
            schedule: dumps.schedule,
            delay: deterministicDelay(`${namespace}/${name}/dump`, backupSpread),
          },
        ]),
    ...(tls === undefined ? [{ name: tlsRenewalName({ name }), schedule: TLS_RENEWAL }] : []),
  ];
}

function longer(one: Duration, other: Duration): Duration {
  return one.toSeconds() >= other.toSeconds() ? one : other;
}
