import type { Alerting } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import {
  addCheck,
  Construct,
  Duration,
  deterministicDelay,
  dnsName,
  environmentOf,
  type Finding,
  literal,
  literals,
  Schedule,
  SecretRef,
} from '../core';
import { storeOptions, type Vault } from '../object-storage';
import { type Asset, type AssetProps, Recovery } from '../recovery';
import {
  type Container,
  type EnvironmentVariable,
  jobOnDemand,
  jobPod,
  RESTRICTED_CONTAINER,
  Secrets,
  scheduledJob,
  type Volume,
} from '../workloads';
import { dashboardScripts } from './scripts';

export interface DashboardBackupProps extends Pick<AssetProps, 'objectives' | 'degradedMode'> {
  /** Of the Grafana: names the objects (`<name>-dashboards`), the asset, and the place in the vault. */
  readonly name: string;
  readonly namespace: string;
  /** Image with bash, curl and jq 1.7: that of images/postgres has them. */
  readonly image: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** User and group of the pods. @default 999, as in images/postgres */
  readonly uid?: number;
  /** Where Grafana is, with its sub path if it has one: `http://grafana.monitoring.svc`. */
  readonly url: string;
  /** PEM of the authority that signed its certificate. @default - those that the image trusts */
  readonly caPem?: string;
  /** Token of a service account with the role Viewer; Admin where folders are closed to viewers. It changes nothing. */
  readonly token: SecretRef;
  /**
   * Token of a service account that may write: Editor, or Admin where folders are closed to editors.
   * @default - `token`, which then needs that role: whoever reads it could write
   */
  readonly restoreToken?: SecretRef;
  /** Where the sets go. It must survive the cluster, and the Grafana. */
  readonly vault: Vault;
  /** A key that may list, read, write and delete below `path`. */
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
  /** Path inside the vault's bucket. @default - `/<environment>`: sets are in `dashboards/<name>` below it */
  readonly path?: string;
  /** @default - every night at 3:15 UTC, up to ten minutes later */
  readonly schedule?: Schedule;
  /** How long a set is kept, in whole seconds. @default Duration.days(30) */
  readonly keep?: Duration;
  /** So many of the newest sets stay, however old they are. @default 3 */
  readonly keepAtLeast?: number;
  /**
   * Of the dashboards that people made, the share that may be gone since the last set. Above it no set is made and none
   * is removed: then it is Grafana that has lost them.
   * @default 0.5
   */
  readonly maximumLoss?: number;
  /** @default 'low' */
  readonly criticality?: AssetProps['criticality'];
  /** How the export is watched. @default - not at all: nobody is told when it fails or stops */
  readonly alerting?: Alerting;
}

const LIMIT = Duration.hours(6);
const SPREAD = Duration.minutes(10);
const MOUNTS = {
  scripts: { name: 'scripts', mountPath: '/scripts', readOnly: true },
  store: { name: 'store', mountPath: '/etc/store', readOnly: true },
  grafana: { name: 'grafana', mountPath: '/run/secrets/grafana', readOnly: true },
  tmp: { name: 'tmp', mountPath: '/tmp' },
};

/**
 * The dashboards that people made by hand in a Grafana, exported on a schedule into the vault, and brought back. Two
 * CronJobs: `<name>-dashboards` exports, `<name>-dashboards-restore` never runs by itself: it is the template of the Job
 * that restores a set.
 */
export class DashboardBackup extends Construct {
  readonly asset: Asset;
  private readonly schedule: Schedule;
  private readonly delay: Duration;
  private readonly labels: Record<string, string>;
  private readonly configMaps: { readonly scripts: string; readonly store: string };
  private readonly secrets: Secrets;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DashboardBackupProps,
  ) {
    super(scope, id);
    const { alerting, keep, keepAtLeast, name, namespace, vault } = props;
    this.schedule = props.schedule ?? Schedule.daily({ hour: 3, minute: 15 });
    this.delay = deterministicDelay(`${namespace}/${name}/dashboards`, SPREAD);
    this.labels = { 'app.kubernetes.io/name': 'dashboard-backup', 'app.kubernetes.io/instance': name };
    addCheck(this, () => checkBackup(props, this.schedule));
    this.secrets = new Secrets(this, 'secrets', {
      name: `${name}-dashboards`,
      namespace,
      labels: this.labels,
      entries: {
        PGBACKREST_REPO1_S3_KEY: props.accessKey,
        PGBACKREST_REPO1_S3_KEY_SECRET: props.secretKey,
        token: props.token,
        ...(props.restoreToken === undefined ? {} : { 'restore-token': props.restoreToken }),
      },
    });
    this.configMaps = {
      scripts: this.configMap('scripts', dashboardScripts()),
      store: this.configMap('store', this.storeFiles()),
    };
    this.declareRestore();
    this.declareExport();
    this.asset = Recovery.of(this).asset({
      id: `${name}-dashboards`,
      kind: 'dashboards',
      criticality: props.criticality ?? 'low',
      recoveredBy: 'dump',
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
    });
    Recovery.of(this).protects(this.asset, {
      kind: 'dump',
      schedule: this.schedule,
      delay: this.delay,
      retention: `${keepDays(keep)} days, never fewer than the newest ${keepAtLeast ?? DEFAULTS.keepAtLeast}`,
      location: vault.location,
    });
    if (alerting === undefined) return;
    // Whoever watches nothing does not load what does.
    const { WorkloadAlerts } = require('../workload-alerts') as typeof import('../workload-alerts');
    new WorkloadAlerts(this, 'alerts', {
      alerting,
      name: `${name}-dashboards`,
      namespace,
      asset: this.asset,
      cronJobs: [{ name: this.jobName(), schedule: this.schedule, delay: this.delay }],
    });
  }

  private declareExport(): void {
    // A fault of its own.
    if (this.schedule.faults().length > 0) return;
    const { keep, keepAtLeast, maximumLoss, namespace } = this.props;
    const { schedule: shifted, sleep } = this.schedule.delayedBy(this.delay);
    new kubernetes.CronJobV1(this, 'export', {
      metadata: { name: this.jobName(), namespace, labels: this.labels },
      spec: scheduledJob(shifted, {
        labels: this.labels,
        backoffLimit: 2,
        limit: LIMIT,
        template: this.pod('export.sh', 'token', [
          { name: 'KEEP_SECONDS', value: String((keep ?? DEFAULTS.keep).toSeconds()) },
          { name: 'KEEP_AT_LEAST', value: String(keepAtLeast ?? DEFAULTS.keepAtLeast) },
          { name: 'MAXIMUM_LOSS', value: String(maximumLoss ?? DEFAULTS.maximumLoss) },
          { name: 'STALE_SECONDS', value: String(2 * LIMIT.wholeSeconds()) },
          { name: 'DELAY_SECONDS', value: String(sleep.wholeSeconds()) },
        ]),
      }),
    });
  }

  private declareRestore(): void {
    const { namespace, restoreToken } = this.props;
    new kubernetes.CronJobV1(this, 'restore', {
      metadata: { name: this.jobName('restore'), namespace, labels: this.labels },
      spec: jobOnDemand({
        labels: this.labels,
        backoffLimit: 0,
        limit: LIMIT,
        template: this.pod('restore.sh', restoreToken === undefined ? 'token' : 'restore-token', []),
      }),
    });
  }

  /** Kubernetes appends the run's time. */
  private jobName(...suffix: readonly string[]): string {
    return dnsName([this.props.name, 'dashboards', ...suffix], { maxLength: 52 });
  }

  private pod(script: string, token: string, env: readonly EnvironmentVariable[]) {
    const { caPem, image, imagePullPolicy, name, uid = 999, url } = this.props;
    const key = (entry: string): EnvironmentVariable => ({
      name: entry,
      valueFrom: { secretKeyRef: this.secrets.selector(entry) },
    });
    const container: Container = {
      name: 'dashboards',
      image,
      imagePullPolicy: imagePullPolicy ?? 'IfNotPresent',
      command: [`${MOUNTS.scripts.mountPath}/${script}`],
      env: [
        { name: 'GRAFANA_NAME', value: name },
        { name: 'GRAFANA_URL', value: literal(url) },
        ...(caPem === undefined
          ? []
          : [{ name: 'GRAFANA_CA_FILE', value: `${MOUNTS.store.mountPath}/grafana.crt` }]),
        ...env,
        key('PGBACKREST_REPO1_S3_KEY'),
        key('PGBACKREST_REPO1_S3_KEY_SECRET'),
      ],
      volumeMount: Object.values(MOUNTS),
      resources: { requests: { cpu: '20m', memory: '64Mi' } },
      securityContext: RESTRICTED_CONTAINER,
      terminationMessagePolicy: 'FallbackToLogsOnError',
    };
    const selector = this.secrets.selector(token);
    const volume: Volume[] = [
      { name: MOUNTS.scripts.name, configMap: { name: this.configMaps.scripts, defaultMode: '0555' } },
      { name: MOUNTS.store.name, configMap: { name: this.configMaps.store, defaultMode: '0444' } },
      {
        name: MOUNTS.grafana.name,
        secret: {
          secretName: selector.name,
          defaultMode: '0400',
          items: [{ key: selector.key, path: 'token' }],
        },
      },
      { name: MOUNTS.tmp.name, emptyDir: {} },
    ];
    return {
      metadata: { labels: this.labels },
      spec: {
        ...jobPod(uid),
        container: [container],
        volume,
      },
    };
  }

  private storeFiles(): Record<string, string> {
    const { caPem, path = `/${environmentOf(this)}`, vault } = this.props;
    const options = storeOptions(vault, { number: 1, path, caFile: `${MOUNTS.store.mountPath}/store.crt` });
    return {
      'store.conf': options.map(([option, value]) => `${option}=${value}\n`).join(''),
      ...(vault.store.caPem === undefined ? {} : { 'store.crt': vault.store.caPem }),
      ...(caPem === undefined ? {} : { 'grafana.crt': caPem }),
    };
  }

  private configMap(suffix: string, data: Readonly<Record<string, string>>): string {
    const name = dnsName([this.props.name, 'dashboards', suffix]);
    new kubernetes.ConfigMapV1(this, suffix, {
      metadata: { name, namespace: this.props.namespace, labels: this.labels },
      data: literals(data),
    });
    return name;
  }
}

const DEFAULTS = { keep: Duration.days(30), keepAtLeast: 3, maximumLoss: 0.5 };

function keepDays(keep: Duration = DEFAULTS.keep): number {
  return Math.round((keep.toSeconds() / 86_400) * 10) / 10;
}

function checkBackup(props: DashboardBackupProps, schedule: Schedule): Finding[] {
  const {
    keep = DEFAULTS.keep,
    keepAtLeast = DEFAULTS.keepAtLeast,
    maximumLoss = DEFAULTS.maximumLoss,
  } = props;
  const found: Finding[] = [...schedule.faults(), ...props.vault.faults('vault')];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    found.push({
      rule: 'dashboards/backup',
      message: `${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  if (!/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(props.name))
    wrong(
      'name',
      props.name,
      'it must be up to 40 lower case letters, digits and hyphens',
      'for example grafana',
    );
  const url = URL.canParse(props.url) ? new URL(props.url) : undefined;
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.search !== '' ||
    url.username !== ''
  )
    wrong(
      'url',
      props.url,
      'it must be where Grafana is, without a query and without a password',
      'for example http://grafana.monitoring.svc',
    );
  if (props.path !== undefined && !/^\/[A-Za-z0-9._/-]*[A-Za-z0-9]$/.test(props.path))
    wrong(
      'path',
      props.path,
      'it must begin with / and hold letters, digits, . _ - /',
      'for example /production',
    );
  const seconds = keep.toSeconds();
  if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 315_360_000)
    wrong(
      'keep',
      `${seconds} s`,
      'it must be whole seconds, from an hour to ten years',
      'for example Duration.days(30)',
    );
  else if (schedule.faults().length === 0 && seconds <= schedule.longestGap().toSeconds())
    wrong(
      'keep',
      `${seconds} s`,
      'but more than that can pass between two sets',
      'keep them longer, or export more often',
    );
  if (!(Number.isInteger(keepAtLeast) && keepAtLeast >= 1 && keepAtLeast <= 9999))
    wrong('keepAtLeast', keepAtLeast, 'it must be a whole number from 1', 'leave it out for 3');
  if (!(maximumLoss >= 0 && maximumLoss < 1))
    wrong('maximumLoss', maximumLoss, 'it must be from 0 to below 1', 'leave it out for 0.5');
  const secrets = {
    token: props.token,
    accessKey: props.accessKey,
    secretKey: props.secretKey,
    ...(props.restoreToken === undefined ? {} : { restoreToken: props.restoreToken }),
  };
  for (const [property, reference] of Object.entries(secrets))
    found.push(...SecretRef.faults(reference, property));
  return found;
}
