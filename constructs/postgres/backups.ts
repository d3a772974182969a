import { kubernetes } from '../bindings/kubernetes';
import { Construct, Duration, deterministicDelay, type Schedule, specHash } from '../core';
import { type Container, jobPod, RESTRICTED_CONTAINER, type Resources, scheduledJob } from '../workloads';
import {
  backupLabels,
  configVolume,
  type DatabaseContext,
  identity,
  MOUNTS,
  repositoryConfig,
  temporary,
  tlsVolume,
} from './context';
import { PATHS } from './paths';

/** When which kind of backup is made. */
export interface BackupSchedules {
  readonly full: Schedule;
  /** @default - none: between two full backups only WAL bridges the time, and a restore replays all of it */
  readonly differential?: Schedule;
  /** @default - none */
  readonly incremental?: Schedule;
}

export const BACKUP_KINDS = ['full', 'differential', 'incremental'] as const;
export type BackupKind = (typeof BACKUP_KINDS)[number];

/** pgBackRest's words for them. */
export const BACKUP_TYPES = {
  full: 'full',
  differential: 'diff',
  incremental: 'incr',
} as const satisfies Record<BackupKind, string>;

export interface BackupsProps {
  readonly context: DatabaseContext;
  readonly schedules: BackupSchedules;
  /** Of the server's pods. */
  readonly serverHosts: readonly string[];
  /** Their numbers. */
  readonly repositories: readonly number[];
  readonly resources: Resources;
  /** Backups start within this time after the schedule's tick, each database at a moment of its own. */
  readonly spread: Duration;
}

/**
 * Backup jobs. Each expires old backups itself, right after its own and under
 * the same lock: an expire that ran elsewhere could delete a running backup.
 */
export class Backups extends Construct {
  /** How long after its tick each kind of backup starts. */
  readonly delays: Readonly<Record<BackupKind, Duration>>;

  constructor(scope: Construct, id: string, props: BackupsProps) {
    super(scope, id);
    const { context, schedules, spread } = props;
    const labels = backupLabels(context);
    const delay = (kind: BackupKind) =>
      deterministicDelay(`${context.namespace}/${context.name}/${kind}`, spread);
    this.delays = {
      full: delay('full'),
      differential: delay('differential'),
      incremental: delay('incremental'),
    };

    const first = podTemplate(props, labels, ['first-backup.sh'], 0);
    const hash = specHash({ first, config: context.configHash });
    new kubernetes.JobV1(this, 'first', {
      metadata: { name: `${context.name}-first-${hash}`, namespace: context.namespace, labels },
      spec: { backoffLimit: 10, template: first },
      waitForCompletion: false,
    });
    for (const kind of BACKUP_KINDS) {
      const schedule = schedules[kind];
      if (schedule === undefined || schedule.faults().length > 0) continue;
      const { schedule: shifted, sleep } = schedule.delayedBy(this.delays[kind]);
      new kubernetes.CronJobV1(this, kind, {
        metadata: {
          name: `${context.name}-backup-${BACKUP_TYPES[kind]}`,
          namespace: context.namespace,
          labels,
        },
        spec: scheduledJob(shifted, {
          labels,
          backoffLimit: 2,
          // With `Forbid`, one that hangs would end all that follow.
          limit: Duration.days(1),
          template: podTemplate(props, labels, ['backup.sh', BACKUP_TYPES[kind]], sleep.wholeSeconds()),
        }),
      });
    }
  }
}

function podTemplate(
  props: BackupsProps,
  labels: Record<string, string>,
  [script, ...args]: readonly [string, ...string[]],
  delaySeconds: number,
) {
  const { context } = props;
  const config = repositoryConfig(context.configMaps.jobRepository);
  const tmp = temporary('backup');
  const vaultCa = context.configMaps.vaultCa;
  const container: Container = {
    name: 'backup',
    image: context.image,
    imagePullPolicy: context.imagePullPolicy,
    command: [`${PATHS.scripts}/${script}`, ...args],
    env: [
      ...identity(context),
      { name: 'PG_HOST', value: props.serverHosts.join(' ') },
      { name: 'REPOS', value: props.repositories.join(' ') },
      { name: 'DELAY_SECONDS', value: String(delaySeconds) },
      ...context.repositoryEnvironment,
    ],
    volumeMount: [
      MOUNTS.scripts,
      MOUNTS.tls,
      config.mount,
      ...(vaultCa === undefined ? [] : [MOUNTS.vaultCa]),
      tmp.mount,
    ],
    resources: props.resources,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  return {
    metadata: { labels },
    spec: {
      ...jobPod(context.layout.uid),
      container: [container],
      volume: [
        configVolume(MOUNTS.scripts.name, context.configMaps.scripts, '0555'),
        tlsVolume(context, 'client'),
        config.volume,
        ...(vaultCa === undefined ? [] : [configVolume(MOUNTS.vaultCa.name, vaultCa)]),
        tmp.volume,
      ],
    },
  };
}
