import { kubernetes } from '../bindings/kubernetes';
import { addCheck, Construct, Duration, deterministicDelay, dnsName, environmentOf, literals } from '../core';
import { storeOptions } from '../object-storage';
import { pushFragment } from '../pushgateway';
import { type Asset, Recovery } from '../recovery';
import {
  type Container,
  type EnvironmentVariable,
  jobPod,
  RESTRICTED_CONTAINER,
  type Resources,
  Secrets,
  scheduledJob,
  type Volume,
  type VolumeMount,
} from '../workloads';
import { SnapshotAccount } from './account';
import { watchSnapshots } from './alerting';
import { retentionInWords, retentionRule } from './retention';
import { checkSchedule } from './schedule-faults';
import type { SnapshotScheduleProps } from './schedule-props';
import { snapshotScripts } from './scripts';

const READY_WITHIN = Duration.hours(1);
/** Of a run beside waiting for snapshots: records, removals. */
const REST_OF_A_RUN = Duration.minutes(15);
const SPREAD = Duration.minutes(10);
const RESOURCES: Resources = { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '128Mi' } };

const MOUNTS = {
  scripts: { name: 'scripts', mountPath: '/scripts', readOnly: true },
  store: { name: 'store', mountPath: '/etc/store', readOnly: true },
  token: {
    name: 'api-token',
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    readOnly: true,
  },
  tmp: { name: 'snapshot-tmp', mountPath: '/tmp' },
} satisfies Record<string, VolumeMount>;

/**
 * Snapshots of claims on a schedule: the CronJob `<name>-snapshots` takes a VolumeSnapshot of each, waits until it is ready
 * to use, leaves a record in the vault by which it can be found without a cluster, and removes those that its retention
 * lets go. It needs the snapshot controller and a CSI driver with snapshots; it is made of core kinds alone, so that a
 * cluster that lacks them gets all the same what is deployed beside it.
 */
export class SnapshotSchedule extends Construct {
  /** What its snapshots protect. */
  readonly asset: Asset;
  /** Name of the CronJob: `kubectl create job --from=cronjob/<name>` takes snapshots now. */
  readonly cronJob: string;
  private readonly delay: Duration;
  private readonly labels: Readonly<Record<string, string>>;
  private readonly account: SnapshotAccount;
  private readonly secrets: Secrets;
  private readonly configMaps: { readonly scripts: string; readonly store: string };

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SnapshotScheduleProps,
  ) {
    super(scope, id);
    const { name, namespace, schedule, spread = SPREAD } = props;
    // Kubernetes appends the run's time.
    this.cronJob = dnsName([name, 'snapshots'], { maxLength: 52 });
    // Whole minutes, which cron can say: a run that is started by hand does not wait for the rest of one.
    const delay = deterministicDelay(`${namespace}/${name}/snapshots`, spread);
    this.delay = Duration.minutes(Math.floor(delay.toSeconds() / 60));
    this.labels = { 'app.kubernetes.io/name': 'snapshot-schedule', 'app.kubernetes.io/instance': name };
    addCheck(this, () => checkSchedule(props));
    this.account = new SnapshotAccount(this, 'account', {
      ...props,
      labels: this.labels,
    });
    this.secrets = new Secrets(this, 'secrets', {
      name: this.cronJob,
      namespace,
      labels: this.labels,
      entries: { PGBACKREST_REPO1_S3_KEY: props.accessKey, PGBACKREST_REPO1_S3_KEY_SECRET: props.secretKey },
    });
    this.configMaps = {
      scripts: this.configMap('scripts', snapshotScripts()),
      store: this.configMap('store', this.storeFiles()),
    };
    this.asset = props.asset ?? this.ownAsset();
    this.protect();
    // A fault of its own.
    if (schedule.faults().length > 0) return;
    this.declareCronJob();
    watchSnapshots(this, {
      props,
      asset: this.asset,
      cronJob: this.cronJob,
      delay: this.delay,
      takes: (props.readyWithin ?? READY_WITHIN).plus(REST_OF_A_RUN),
    });
  }

  private ownAsset(): Asset {
    const { criticality = 'moderate', degradedMode, expectedSize, name, objectives } = this.props;
    return Recovery.of(this).asset({
      id: name,
      kind: 'volume',
      criticality,
      recoveredBy: 'snapshot',
      ...(expectedSize === undefined ? {} : { expectedSize }),
      ...(objectives === undefined ? {} : { objectives }),
      ...(degradedMode === undefined ? {} : { degradedMode }),
    });
  }

  private protect(): void {
    const { class: snapshotClass, keep, schedule } = this.props;
    Recovery.of(this).protects(this.asset, {
      kind: 'snapshot',
      schedule,
      delay: this.delay,
      retention: retentionInWords(keep),
      // The copy itself; what is in the vault tells only where it is.
      location: snapshotClass.location ?? { vault: `snapshots of ${snapshotClass.driver}` },
    });
  }

  private declareCronJob(): void {
    const { namespace, readyWithin = READY_WITHIN, schedule } = this.props;
    const { schedule: shifted, sleep } = schedule.delayedBy(this.delay);
    const push = pushFragment(this.props.pushgateway);
    new kubernetes.CronJobV1(this, 'snapshots', {
      metadata: { name: this.cronJob, namespace, labels: this.labels },
      spec: scheduledJob(shifted, {
        labels: this.labels,
        backoffLimit: 1,
        // Both attempts.
        limit: readyWithin.plus(REST_OF_A_RUN).times(2),
        template: {
          metadata: { labels: { ...this.props.podLabels, ...this.labels, ...push.labels } },
          spec: this.podSpec(sleep, push.env),
        },
      }),
    });
  }

  private podSpec(sleep: Duration, push: readonly EnvironmentVariable[]) {
    const { before = [], image, imagePullPolicy, resources, uid = 999, volumes = [] } = this.props;
    const { store, scripts, tmp, token } = MOUNTS;
    const own = { image, imagePullPolicy: imagePullPolicy ?? 'IfNotPresent' };
    const restricted = {
      resources: resources ?? RESOURCES,
      securityContext: RESTRICTED_CONTAINER,
      terminationMessagePolicy: 'FallbackToLogsOnError',
    };
    // What comes before the snapshot has to come right before it.
    const delay: Container = {
      ...own,
      ...restricted,
      name: 'delay',
      command: ['sleep', String(sleep.wholeSeconds())],
      env: [],
      volumeMount: [],
    };
    const container: Container = {
      ...own,
      ...restricted,
      name: 'snapshots',
      command: [`${scripts.mountPath}/take.sh`],
      env: [...this.environment(), ...push],
      volumeMount: [scripts, store, token, tmp],
    };
    return {
      ...jobPod(uid),
      serviceAccountName: this.account.name,
      initContainer: [...(sleep.wholeSeconds() === 0 ? [] : [delay]), ...before],
      container: [container],
      volume: [
        { name: scripts.name, configMap: { name: this.configMaps.scripts, defaultMode: '0555' } },
        { name: store.name, configMap: { name: this.configMaps.store, defaultMode: '0444' } },
        // Mounted by hand: what runs before has none.
        apiToken(token.name),
        { name: tmp.name, emptyDir: {} },
        ...volumes,
      ],
    };
  }

  private environment(): EnvironmentVariable[] {
    const { claimSelector, claims = [], keep, name, namespace, readyWithin, together } = this.props;
    const { class: snapshotClass } = this.props;
    const key = (entry: string): EnvironmentVariable => ({
      name: entry,
      valueFrom: { secretKeyRef: this.secrets.selector(entry) },
    });
    return [
      { name: 'SCHEDULE_NAME', value: name },
      { name: 'NAMESPACE', value: namespace },
      { name: 'CLAIMS', value: JSON.stringify(claims) },
      {
        name: 'CLAIM_SELECTOR',
        value: Object.entries(claimSelector ?? {})
          .map(([label, value]) => `${label}=${value}`)
          .join(','),
      },
      { name: 'SNAPSHOT_CLASS', value: snapshotClass.name },
      { name: 'GROUP_CLASS', value: together === true ? (snapshotClass.groupClass ?? '') : '' },
      { name: 'KEEP', value: JSON.stringify(retentionRule(keep)) },
      { name: 'READY_SECONDS', value: String((readyWithin ?? READY_WITHIN).wholeSeconds()) },
      key('PGBACKREST_REPO1_S3_KEY'),
      key('PGBACKREST_REPO1_S3_KEY_SECRET'),
    ];
  }

  private storeFiles(): Record<string, string> {
    const { path = `/${environmentOf(this)}`, vault } = this.props;
    const options = storeOptions(vault, { number: 1, path, caFile: `${MOUNTS.store.mountPath}/store.crt` });
    return {
      'store.conf': options.map(([option, value]) => `${option}=${value}\n`).join(''),
      ...(vault.store.caPem === undefined ? {} : { 'store.crt': vault.store.caPem }),
    };
  }

  private configMap(suffix: string, data: Readonly<Record<string, string>>): string {
    const name = dnsName([this.cronJob, suffix]);
    new kubernetes.ConfigMapV1(this, suffix, {
      metadata: { name, namespace: this.props.namespace, labels: this.labels },
      data: literals(data),
    });
    return name;
  }
}

function apiToken(name: string): Volume {
  return {
    name,
    projected: [
      {
        defaultMode: '0440',
        sources: [
          {
            configMap: [{ name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] }],
            serviceAccountToken: { path: 'token', expirationSeconds: 3607 },
          },
        ],
      },
    ],
  };
}
