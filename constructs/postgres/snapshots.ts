import type { Alerting } from '../alerts';
import { addWarning, Construct, Duration, type Finding, SecretRef } from '../core';
import type { Asset } from '../recovery';
import { SnapshotSchedule, type SnapshotScheduleProps } from '../snapshots';
import { type Container, RESTRICTED_CONTAINER, type Volume } from '../workloads';
import { configVolume, type DatabaseContext, identity, MOUNTS, temporary } from './context';
import type { PostgresDatabaseProps } from './database';
import { claimOf } from './existing-volume';
import { PATHS, POSTGRES_PORT } from './paths';
import { DEFAULT_MAJOR, type Repository } from './pgbackrest';

/**
 * Snapshots of the database's volume, which holds its data and its WAL: atomic, so that a volume made of one is as after a
 * power cut. After a loss `npm run deploy` makes the volume from the newest that fits, and the server replays from the
 * archive what was committed since: the rows of a restore, in a time that does not depend on the size. The records of
 * them lie in the first repository's vault, under its keys.
 */
export interface DatabaseSnapshotsProps
  extends Pick<SnapshotScheduleProps, 'class' | 'schedule' | 'spread' | 'readyWithin' | 'pushgateway'> {
  /** Which are kept. Older than the oldest backup they are of no use for this: the WAL that follows them is gone. */
  readonly keep: SnapshotScheduleProps['keep'];
  /** Password of the role `snapshots`, which may make a checkpoint, and nothing else. */
  readonly checkpointPassword: SecretRef;
}

/** Role by which the checkpoint before a snapshot is made. */
export const CHECKPOINT_ROLE = 'snapshots';

/** The first that lets anybody but a superuser make one. */
const CHECKPOINT_MAJOR = 15;

/** Label of the pods that take snapshots of a database: they are clients of the server. */
export function snapshotLabels({ name }: Pick<DatabaseContext, 'name'>): Record<string, string> {
  return { 'cdktf-disaster-recovery/snapshots-of': name };
}

/** Config map of the deploy, which tells the pod that its volume was made from a snapshot; there is none elsewhere. */
export function toldSnapshotName(database: string): string {
  return `${database}-snapshot`;
}

export interface SnapshotsProps extends DatabaseSnapshotsProps {
  readonly context: DatabaseContext;
  readonly host: string;
  readonly alerting: Alerting | undefined;
  readonly asset: Asset;
  /** Entry of a Secret with the role's password. */
  readonly password: { readonly name: string; readonly key: string };
  /** In whose vault the records are. */
  readonly repository: Repository | undefined;
  readonly backups: PostgresDatabaseProps['backups'];
}

/** The schedule, and the checkpoint right before each snapshot. */
export class DatabaseSnapshots extends Construct {
  constructor(scope: Construct, id: string, props: SnapshotsProps) {
    super(scope, id);
    const { alerting, asset, context, repository } = props;
    // A fault of its own.
    if (repository === undefined) return;
    const { class: snapshotClass, keep, pushgateway, readyWithin, schedule, spread } = props;
    addWarning(this, () => warnOfRetention(props, repository));
    const { container, volumes } = checkpoint(props);
    new SnapshotSchedule(this, 'schedule', {
      name: context.name,
      namespace: context.namespace,
      image: context.image,
      imagePullPolicy: context.imagePullPolicy as 'IfNotPresent',
      uid: context.layout.uid,
      claims: [claimOf(context.name)],
      class: snapshotClass,
      schedule,
      keep,
      vault: repository.vault,
      accessKey: repository.accessKey,
      secretKey: repository.secretKey,
      before: [container],
      volumes,
      podLabels: snapshotLabels(context),
      asset,
      ...(spread === undefined ? {} : { spread }),
      ...(readyWithin === undefined ? {} : { readyWithin }),
      ...(pushgateway === undefined ? {} : { pushgateway }),
      ...(alerting === undefined ? {} : { alerting }),
    });
  }
}

function checkpoint({ context, host, password }: SnapshotsProps): {
  readonly container: Container;
  readonly volumes: readonly Volume[];
} {
  const scripts = { ...MOUNTS.scripts, name: 'database-scripts' };
  const tmp = temporary('checkpoint');
  return {
    container: {
      name: 'checkpoint',
      image: context.image,
      imagePullPolicy: context.imagePullPolicy,
      command: [`${PATHS.scripts}/checkpoint.sh`],
      env: [
        ...identity(context),
        { name: 'ROLES_DIR', value: PATHS.roles },
        { name: 'CHECKPOINT_ROLE', value: CHECKPOINT_ROLE },
        { name: 'PG_HOST', value: host },
        { name: 'PG_PORT', value: String(POSTGRES_PORT) },
      ],
      volumeMount: [scripts, MOUNTS.roles, tmp.mount],
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
      securityContext: RESTRICTED_CONTAINER,
      terminationMessagePolicy: 'FallbackToLogsOnError',
    },
    volumes: [
      configVolume(scripts.name, context.configMaps.scripts, '0555'),
      {
        name: MOUNTS.roles.name,
        projected: [
          {
            defaultMode: '0400',
            sources: [
              { secret: [{ name: password.name, items: [{ key: password.key, path: CHECKPOINT_ROLE }] }] },
            ],
          },
        ],
      },
      tmp.volume,
    ],
  };
}

const DAYS = { hourly: 1 / 24, daily: 1, weekly: 7, monthly: 31, yearly: 366 } as const;

/** How old the oldest kept snapshot gets, when all runs succeed. */
function reach({ keep, schedule }: Pick<DatabaseSnapshotsProps, 'keep' | 'schedule'>): Duration {
  const gap = schedule.longestGap();
  const ages = Object.entries(DAYS).map(([tier, days]) => days * (keep[tier as keyof typeof DAYS] ?? 0));
  return Duration.seconds(
    Math.ceil(Math.max(86_400 * Math.max(...ages), gap.toSeconds() * (keep.atLeast ?? 3))),
  );
}

/** Snapshots older than the WAL that follows them cost money, and bring no database back. */
export function warnOfRetention(
  props: Pick<SnapshotsProps, 'keep' | 'schedule' | 'backups'>,
  { retention }: Pick<Repository, 'retention'>,
): Finding[] {
  const { backups, schedule } = props;
  if (schedule.faults().length > 0 || backups.full.faults().length > 0) return [];
  const snapshots = reach(props).toSeconds();
  const wal = backups.full.longestGap().toSeconds() * retention.full;
  if (snapshots <= wal) return [];
  const days = (seconds: number): number => Math.round(seconds / 8640) / 10;
  return [
    {
      rule: 'postgres/snapshots',
      message: `snapshots.keep keeps snapshots for ${days(snapshots)} days, and the ${retention.full} full backups with their WAL go back ${days(wal)} days at most: what is older restores no database`,
      fix: 'keep fewer snapshots, or more full backups',
    },
  ];
}

/** What is wrong with the snapshots of a database. */
export function checkSnapshots(
  props: Pick<PostgresDatabaseProps, 'application' | 'postgresMajor' | 'replicas' | 'snapshots'>,
): Finding[] {
  const { application, postgresMajor = DEFAULT_MAJOR, replicas = 0, snapshots } = props;
  if (snapshots === undefined) return [];
  const findings: Finding[] = [
    ...SecretRef.faults(snapshots.checkpointPassword, 'snapshots.checkpointPassword'),
  ];
  const wrong = (message: string, fix: string): void => {
    findings.push({ rule: 'postgres/snapshots', message, fix });
  };
  if (replicas > 0)
    wrong(
      `snapshots is given, and replicas is ${replicas}: which volume is the primary's changes, and one of a standby may not be restored from`,
      'leave snapshots out; a replica takes over, and restores come from the repository',
    );
  if (postgresMajor < CHECKPOINT_MAJOR)
    wrong(
      `snapshots is given, and postgresMajor is ${postgresMajor}: before ${CHECKPOINT_MAJOR} nobody but a superuser may make a checkpoint`,
      'upgrade, or leave snapshots out',
    );
  if (application?.role === CHECKPOINT_ROLE)
    wrong(
      `application.role is "${CHECKPOINT_ROLE}", the role by which the checkpoint before a snapshot is made`,
      'give the application a role of another name',
    );
  return findings;
}
