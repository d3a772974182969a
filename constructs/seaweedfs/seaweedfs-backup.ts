import type { Alerting } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import {
  addCheck,
  Construct,
  Duration,
  deterministicDelay,
  dnsName,
  literals,
  Schedule,
  type SecretRef,
  type Size,
} from '../core';
import type { Vault } from '../object-storage';
import type { PushTarget } from '../pushgateway';
import { type Asset, type AssetProps, Recovery } from '../recovery';
import { type EnvironmentVariable, jobOnDemand, type Resources, Secrets, scheduledJob } from '../workloads';
import { checkBackup, DEFAULTS } from './backup-faults';
import { type PodProps, seaweedFsPod, secretEntries, storeFiles } from './pods';
import { seaweedFsScripts } from './scripts';

export interface SeaweedFsBackupProps extends Pick<AssetProps, 'objectives' | 'expectedSize'> {
  /** Of the SeaweedFS: names the objects (`<name>-backup`), the asset, and the place in the vault. */
  readonly name: string;
  /** Of the jobs. `grpcTls` and existing Secrets are looked for there. */
  readonly namespace: string;
  /** Image with bash, curl, jq, openssl and coreutils: that of images/postgres has them. */
  readonly image: string;
  /** Image of SeaweedFS, of the version that runs: the jobs take its program from it. */
  readonly weedImage: string;
  /** The program in `weedImage`. @default '/usr/bin/weed' */
  readonly weedPath?: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User and group of the pods. @default 999, as in images/postgres */
  readonly uid?: number;
  /** The filer: `seaweedfs-filer-client.storage:8888`; with `.<port>` behind it where gRPC is not at the port and 10000. */
  readonly filer: string;
  /** The filer by HTTP. @default - `http://` and `filer` */
  readonly filerUrl?: string;
  /** The masters: `seaweedfs-master.storage:9333`. */
  readonly masters: readonly string[];
  /** PEM of the authority that signed the certificate of `filerUrl`. @default - those that the image trusts */
  readonly caPem?: string;
  /** `jwt.filer_signing.read.key` of its security.toml, where it has one. @default - requests carry no token */
  readonly readKey?: SecretRef;
  /** `jwt.filer_signing.key`, where it has one; the restore alone is given it. @default - requests carry no token */
  readonly writeKey?: SecretRef;
  /**
   * Secrets of `namespace` with `tls.crt` (and `tls.key`), where SeaweedFS speaks gRPC with mutual TLS: that of a client, and
   * that of the authority. Its chart makes them as `<release>-client-cert` and `<release>-ca-cert`.
   * @default - gRPC without TLS
   */
  readonly grpcTls?: { readonly client: string; readonly authority: string };
  /** What is kept: a path of the filer. @default '/' - everything, buckets (`/buckets/…`), settings and S3 identities */
  readonly root?: string;
  /** Where the sets go. It must survive the cluster, and the SeaweedFS. */
  readonly vault: Vault;
  /** A key that may list, read, write and delete below `path`. */
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
  /** Path inside the vault's bucket. @default - `/<environment>`: sets are in `seaweedfs/<name>` below it */
  readonly path?: string;
  /**
   * Encrypts all that is kept, names too (AES-256-CBC, the key by PBKDF2).
   * @default - it is kept as it is: whoever may read the vault reads every file, and the keys of S3 identities
   */
  readonly passphrase?: SecretRef;
  /** @default - Sundays at 1:00 UTC, up to an hour later */
  readonly schedule?: Schedule;
  /** How long a set is kept, in whole seconds. @default Duration.days(35) */
  readonly keep?: Duration;
  /** So many of the newest sets stay, however old they are. @default 3 */
  readonly keepAtLeast?: number;
  /**
   * Of the files of the last set, the share that may be gone. Above it no set is made and none is removed: then it is
   * SeaweedFS that has lost them.
   * @default 0.5
   */
  readonly maximumLoss?: number;
  /** What one run may take, backup or restore; then it is ended, and the next one goes on. @default Duration.hours(24) */
  readonly limit?: Duration;
  /**
   * Room for metadata and for what is on its way, on the node: some 1 KiB a file, and 512 MiB.
   * @default - as much as the node has: a pod that takes too much is evicted by the node
   */
  readonly scratch?: Size;
  /** @default 100m CPU, 256Mi, without a limit */
  readonly resources?: Resources;
  /** @default 'moderate' */
  readonly criticality?: AssetProps['criticality'];
  /** What users notice while it is missing. @default - that of logs and archives, which are read later */
  readonly degradedMode?: AssetProps['degradedMode'];
  /**
   * Where the result of each backup is pushed: a `Pushgateway`, or the URL of one that Prometheus scrapes with `honorLabels`.
   * @default - nowhere: `alerting` then watches the CronJob, and not what it has kept
   */
  readonly pushgateway?: PushTarget;
  /** How the backup is watched; the SeaweedFS itself is by `SeaweedFsAlerts`. @default - not at all: nobody is told when it fails or stops */
  readonly alerting?: Alerting;
}

const SPREAD = Duration.hours(1);

/** The platform works without it, but for what is kept there. */
const DEGRADED: NonNullable<AssetProps['degradedMode']> = {
  impact: 'logs and archives that are kept there cannot be read, and new ones cannot be written',
  workaround:
    'go on without them: archives are in version control as well, logs in the pods; once an empty SeaweedFS runs, new writes succeed and old files come back one by one, the newest first',
};

/**
 * What is in a SeaweedFS, kept in the vault on a schedule, and brought back. Two CronJobs: `<name>-backup` keeps a set,
 * `<name>-restore` never runs by itself: it is the template of the Job that restores one.
 */
export class SeaweedFsBackup extends Construct {
  readonly asset: Asset;
  private readonly schedule: Schedule;
  private readonly delay: Duration;
  private readonly labels: Record<string, string>;
  private readonly limit: Duration;
  private readonly pod: Omit<PodProps, 'script' | 'env'>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SeaweedFsBackupProps,
  ) {
    super(scope, id);
    const { name, namespace, vault } = props;
    this.schedule = props.schedule ?? Schedule.weekly({ on: 'sunday', hour: 1 });
    this.delay = deterministicDelay(`${namespace}/${name}/seaweedfs`, SPREAD);
    this.labels = { 'app.kubernetes.io/name': 'seaweedfs-backup', 'app.kubernetes.io/instance': name };
    this.limit = props.limit ?? DEFAULTS.limit;
    addCheck(this, () => checkBackup(props, this.schedule));
    this.pod = {
      labels: this.labels,
      secrets: new Secrets(this, 'secrets', {
        name: `${name}-backup`,
        namespace,
        labels: this.labels,
        entries: secretEntries(props),
      }),
      configMaps: {
        scripts: this.configMap('scripts', seaweedFsScripts()),
        store: this.configMap('store', storeFiles(this, props)),
      },
    };
    this.declareRestore();
    this.declareBackup();
    this.asset = Recovery.of(this).asset({
      id: name,
      kind: 'seaweedfs',
      criticality: props.criticality ?? 'moderate',
      recoveredBy: 'dump',
      degradedMode: props.degradedMode ?? DEGRADED,
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.expectedSize === undefined ? {} : { expectedSize: props.expectedSize }),
    });
    Recovery.of(this).protects(this.asset, {
      kind: 'dump',
      schedule: this.schedule,
      delay: this.delay,
      retention: `${days(props.keep ?? DEFAULTS.keep)} days, never fewer than the newest ${props.keepAtLeast ?? DEFAULTS.keepAtLeast}`,
      location: vault.location,
      ...(props.passphrase === undefined ? {} : { encryptedBy: { reference: props.passphrase, namespace } }),
    });
    this.declareAlerts();
  }

  /** Whoever watches nothing does not load what does. */
  private declareAlerts(): void {
    const { alerting, name, namespace, pushgateway } = this.props;
    if (alerting === undefined || this.schedule.faults().length > 0) return;
    const { WorkloadAlerts } = require('../workload-alerts') as typeof import('../workload-alerts');
    const cronJob = { name: this.jobName('backup'), schedule: this.schedule, delay: this.delay };
    new WorkloadAlerts(this, 'alerts', {
      alerting,
      name: `${name}-backup`,
      namespace,
      asset: this.asset,
      cronJobs: [{ ...cronJob, takes: this.limit }],
    });
    if (pushgateway === undefined) return;
    const { declareBackupAlerts } = require('./alerts/backup') as typeof import('./alerts/backup');
    declareBackupAlerts(this, {
      alerting,
      asset: this.asset,
      subject: {
        namespace,
        name,
        cronJob: cronJob.name,
        restore: this.jobName('restore'),
        limit: this.schedule.longestGap().plus(this.delay).plus(this.limit),
      },
    });
  }

  private declareBackup(): void {
    // A fault of its own.
    if (this.schedule.faults().length > 0) return;
    const { keep, keepAtLeast, maximumLoss, namespace } = this.props;
    const { schedule: shifted, sleep } = this.schedule.delayedBy(this.delay);
    new kubernetes.CronJobV1(this, 'backup', {
      metadata: { name: this.jobName('backup'), namespace, labels: this.labels },
      spec: scheduledJob(shifted, {
        labels: this.labels,
        backoffLimit: 2,
        limit: this.limit,
        template: seaweedFsPod(this.props, {
          ...this.pod,
          script: 'backup.sh',
          env: [
            variable('KEEP_SECONDS', (keep ?? DEFAULTS.keep).toSeconds()),
            variable('KEEP_AT_LEAST', keepAtLeast ?? DEFAULTS.keepAtLeast),
            variable('MAXIMUM_LOSS', maximumLoss ?? DEFAULTS.maximumLoss),
            variable('STALE_SECONDS', 2 * this.limit.wholeSeconds()),
            variable('DELAY_SECONDS', sleep.wholeSeconds()),
          ],
        }),
      }),
    });
  }

  private declareRestore(): void {
    new kubernetes.CronJobV1(this, 'restore', {
      metadata: { name: this.jobName('restore'), namespace: this.props.namespace, labels: this.labels },
      spec: jobOnDemand({
        labels: this.labels,
        backoffLimit: 2,
        limit: this.limit,
        template: seaweedFsPod(this.props, { ...this.pod, script: 'restore.sh', env: [] }),
      }),
    });
  }

  /** Kubernetes appends the run's time. */
  private jobName(suffix: string): string {
    return dnsName([this.props.name, suffix], { maxLength: 52 });
  }

  private configMap(suffix: string, data: Readonly<Record<string, string>>): string {
    const name = dnsName([this.props.name, 'backup', suffix]);
    new kubernetes.ConfigMapV1(this, suffix, {
      metadata: { name, namespace: this.props.namespace, labels: this.labels },
      data: literals(data),
    });
    return name;
  }
}

function variable(name: string, value: number): EnvironmentVariable {
  return { name, value: String(value) };
}

function days(keep: Duration): number {
  return Math.round((keep.toSeconds() / 86_400) * 10) / 10;
}
