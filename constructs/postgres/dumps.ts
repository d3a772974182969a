import { kubernetes } from '../bindings/kubernetes';
import { Construct, Duration, deterministicDelay, type Finding, type Schedule, type Size } from '../core';
import { type Asset, Recovery } from '../recovery';
import {
  type Container,
  type EnvironmentVariable,
  jobOnDemand,
  jobPod,
  RESTRICTED_CONTAINER,
  type Resources,
  scheduledJob,
  type Volume,
  type VolumeMount,
} from '../workloads';
import {
  configVolume,
  type DatabaseContext,
  dumpLabels,
  identity,
  MOUNTS,
  repositoryConfig,
  temporary,
} from './context';
import { PATHS, POSTGRES_PORT } from './paths';
import type { Repository } from './pgbackrest';
import { encryptionFact } from './repository';

/**
 * Logical dumps, beside the backups: what another major version, another server or a single database can be
 * restored from. They lie in the first repository, under its keys and its passphrase.
 */
export interface DumpsProps {
  readonly schedule: Schedule;
  /** How long a dump is kept, in whole seconds; more than the longest gap of the schedule. */
  readonly keep: Duration;
  /**
   * So many of the newest complete dumps stay, however old they are.
   * @default 3 - when dumps have failed for longer than `keep`, the last three are still there
   */
  readonly keepAtLeast?: number;
  /** Names of the databases to dump. @default - every one that accepts connections and is no template */
  readonly databases?: readonly string[];
  /** Databases dumped at once; the dump of one is one stream. @default 2 */
  readonly parallel?: number;
  /**
   * Whether the verifiers of the roles' passwords are in the dump, too.
   * @default false - declared roles get theirs from Secrets; those of others have to be set after a restore elsewhere
   */
  readonly rolePasswords?: boolean;
}

export const DEFAULT_KEEP_AT_LEAST = 3;

export interface LogicalDumpsProps extends DumpsProps {
  readonly context: DatabaseContext;
  /** Where the server is reached. */
  readonly host: string;
  /** Entry of a Secret with the superuser's password. */
  readonly password: { readonly name: string; readonly key: string };
  /** Dumps start within this time after the schedule's tick. */
  readonly spread: Duration;
  /** Size and class of the volume onto which a restore copies the file of one database. */
  readonly storage: Size;
  readonly storageClass: string | undefined;
  /** The dump's. */
  readonly repository: Repository | undefined;
}

const RESOURCES: Resources = { requests: { cpu: '100m', memory: '128Mi' } };

/** Nothing takes longer; dump.sh leaves what is incomplete alone until twice that has passed. */
const LIMIT = Duration.days(1);

/**
 * Two CronJobs: `<name>-dump` makes dumps by its schedule, `<name>-dump-load` never runs by itself: it is the
 * template of the Jobs that restore one, made by `npm run dump` or by kubectl.
 */
export class LogicalDumps extends Construct {
  private readonly delay: Duration;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: LogicalDumpsProps,
  ) {
    super(scope, id);
    const { context, schedule } = props;
    this.delay = deterministicDelay(`${context.namespace}/${context.name}/dump`, props.spread);
    this.declareTemplate();
    // A fault of its own.
    if (schedule.faults().length > 0) return;
    const { schedule: shifted, sleep } = schedule.delayedBy(this.delay);
    const labels = dumpLabels(context);
    new kubernetes.CronJobV1(this, 'dump', {
      metadata: { name: `${context.name}-dump`, namespace: context.namespace, labels },
      spec: scheduledJob(shifted, {
        labels,
        backoffLimit: 2,
        limit: LIMIT,
        template: {
          metadata: { labels },
          spec: podSpec(props, 'dump', 'dump.sh', {
            env: dumpEnvironment(props, sleep),
          }),
        },
      }),
    });
  }

  /** Reports the dumps as what protects the asset. */
  protect(asset: Asset): void {
    const { context, keep, keepAtLeast = DEFAULT_KEEP_AT_LEAST, repository, schedule } = this.props;
    if (repository === undefined) return;
    Recovery.of(this).protects(asset, {
      kind: 'dump',
      schedule,
      delay: this.delay,
      retention: `${keep.toSeconds() / 86_400} days, never fewer than the newest ${keepAtLeast}`,
      location: repository.vault.location,
      ...encryptionFact(repository, context.namespace),
    });
  }

  private declareTemplate(): void {
    const { context, storage, storageClass } = this.props;
    const labels = dumpLabels(context);
    const work = { name: 'work', mountPath: '/work' };
    const spec = podSpec(this.props, 'load', 'restore-dump.sh', {
      env: [{ name: 'WORK_DIR', value: work.mountPath }],
      mounts: [work],
    });
    new kubernetes.CronJobV1(this, 'load', {
      metadata: { name: `${context.name}-dump-load`, namespace: context.namespace, labels },
      spec: jobOnDemand({
        labels,
        // What was made halfway is dropped; whoever wants another attempt asks for it.
        backoffLimit: 0,
        limit: LIMIT,
        template: {
          metadata: { labels },
          spec: {
            ...spec,
            volume: [
              ...spec.volume,
              {
                name: work.name,
                ephemeral: {
                  volumeClaimTemplate: {
                    metadata: { labels },
                    spec: {
                      accessModes: ['ReadWriteOnce'],
                      resources: { requests: { storage: storage.kubernetes() } },
                      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
                    },
                  },
                },
              },
            ],
          },
        },
      }),
    });
  }
}

function dumpEnvironment(props: LogicalDumpsProps, sleep: Duration): EnvironmentVariable[] {
  const { databases = [], keep, keepAtLeast = DEFAULT_KEEP_AT_LEAST, parallel = 2 } = props;
  return [
    { name: 'DUMP_DATABASES', value: JSON.stringify(databases) },
    { name: 'DUMP_PARALLEL', value: String(parallel) },
    { name: 'DUMP_KEEP_SECONDS', value: String(keep.toSeconds()) },
    { name: 'DUMP_KEEP_AT_LEAST', value: String(keepAtLeast) },
    { name: 'DUMP_ROLE_PASSWORDS', value: String(props.rolePasswords ?? false) },
    { name: 'DUMP_STALE_SECONDS', value: String(2 * LIMIT.wholeSeconds()) },
    { name: 'DELAY_SECONDS', value: String(sleep.wholeSeconds()) },
  ];
}

function podSpec(
  { context, host, password }: LogicalDumpsProps,
  name: string,
  script: string,
  own: { readonly env: EnvironmentVariable[]; readonly mounts?: readonly VolumeMount[] },
) {
  const repository = repositoryConfig(context.configMaps.jobRepository);
  const vaultCa = context.configMaps.vaultCa;
  const tmp = temporary(name);
  const superuser: Volume = {
    name: MOUNTS.roles.name,
    projected: [
      {
        defaultMode: '0400',
        sources: [{ secret: [{ name: password.name, items: [{ key: password.key, path: 'postgres' }] }] }],
      },
    ],
  };
  const container: Container = {
    name,
    image: context.image,
    imagePullPolicy: context.imagePullPolicy,
    command: [`${PATHS.scripts}/${script}`],
    env: [
      ...identity(context),
      { name: 'ROLES_DIR', value: PATHS.roles },
      { name: 'PG_HOST', value: host },
      { name: 'PG_PORT', value: String(POSTGRES_PORT) },
      ...own.env,
      ...context.repositoryEnvironment,
    ],
    volumeMount: [
      MOUNTS.scripts,
      MOUNTS.roles,
      repository.mount,
      ...(vaultCa === undefined ? [] : [MOUNTS.vaultCa]),
      tmp.mount,
      ...(own.mounts ?? []),
    ],
    resources: RESOURCES,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  return {
    ...jobPod(context.layout.uid),
    container: [container],
    volume: [
      configVolume(MOUNTS.scripts.name, context.configMaps.scripts, '0555'),
      superuser,
      repository.volume,
      ...(vaultCa === undefined ? [] : [configVolume(MOUNTS.vaultCa.name, vaultCa)]),
      tmp.volume,
    ],
  };
}

/** What is wrong with the dumps of a database. */
export function checkDumps(dumps: DumpsProps | undefined): Finding[] {
  if (dumps === undefined) return [];
  const { databases, keep, keepAtLeast, parallel, schedule } = dumps;
  const findings: Finding[] = [...schedule.faults('dumps.schedule')];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    findings.push({
      rule: 'postgres/dumps',
      message: `dumps.${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  const seconds = keep.toSeconds();
  const gap = findings.length > 0 ? 0 : schedule.longestGap().toSeconds();
  if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 315_360_000)
    wrong(
      'keep',
      `${seconds} s`,
      'it must be whole seconds, from an hour to ten years',
      'for example Duration.days(14)',
    );
  else if (seconds <= gap)
    wrong(
      'keep',
      `${seconds} s`,
      `but up to ${gap} s pass between two dumps: each would be gone before the next is made`,
      'keep them longer, or dump more often',
    );
  if (
    keepAtLeast !== undefined &&
    !(Number.isInteger(keepAtLeast) && keepAtLeast >= 1 && keepAtLeast <= 9999)
  )
    wrong('keepAtLeast', keepAtLeast, 'it must be a whole number from 1', 'leave it out for 3');
  if (parallel !== undefined && !(Number.isInteger(parallel) && parallel >= 1 && parallel <= 64))
    wrong('parallel', parallel, 'it must be a whole number from 1 to 64', 'leave it out for 2');
  if (databases !== undefined && databases.length === 0)
    wrong('databases', databases, 'nothing would be dumped', 'leave it out for all databases');
  for (const name of databases ?? []) {
    if (name === '' || Buffer.byteLength(name) > 63 || /[\0\r\n]/.test(name))
      wrong('databases', name, 'that cannot be the name of a database', 'give names as \\l shows them');
  }
  if (new Set(databases).size !== (databases ?? []).length)
    wrong('databases', databases, 'one is named twice', 'name each once');
  return findings;
}
