import { kubernetes } from '../../bindings/kubernetes';
import {
  addCheck,
  Construct,
  type Duration,
  deterministicDelay,
  dnsName,
  literals,
  Schedule,
} from '../../core';
import { pushUrl } from '../../pushgateway';
import { type Asset, Recovery } from '../../recovery';
import { type EnvironmentVariable, jobOnDemand, Secrets, scheduledJob } from '../../workloads';
import { mirrorFaults } from './mirror-faults';
import { type BucketMirrorProps, DEFAULTS } from './mirror-props';
import { authorities, mirrorPath, mirrorPod, type PodProps } from './pod';
import { keyEntries } from './remotes';
import { mirrorScripts } from './scripts';

export type { BucketMirrorProps, StoreKeyRefs } from './mirror-props';

/**
 * A bucket, or a part of it, copied by rclone into the vault on a schedule, checked, and brought back as of any moment
 * within `keep`. Two CronJobs: `<name>-mirror` copies, `<name>-mirror-restore` never runs by itself: it is the template of
 * the Job that restores.
 */
export class BucketMirror extends Construct {
  readonly asset: Asset;
  /** Where the copy is: `s3://vault.example.com:443/vault/production/mirrors/uploads`. */
  readonly place: string;
  private readonly schedule: Schedule;
  private readonly delay: Duration;
  private readonly labels: Record<string, string>;
  private readonly configMaps: PodProps['configMaps'];
  private readonly secrets: Secrets;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BucketMirrorProps,
  ) {
    super(scope, id);
    const { keep = DEFAULTS.keep, name, namespace, of, vault } = props;
    this.asset = of.asset;
    this.place = vault.locate(mirrorPath(this, props));
    this.schedule = props.schedule ?? Schedule.daily({ hour: 2, minute: 30 });
    this.delay = deterministicDelay(`${namespace}/${name}/mirror`, DEFAULTS.spread);
    this.labels = { 'app.kubernetes.io/name': 'bucket-mirror', 'app.kubernetes.io/instance': name };
    addCheck(this, () => [...mirrorFaults(props, this.schedule, this.rpoSeconds()), ...this.sharedPlace()]);
    this.secrets = this.declareSecrets();
    this.configMaps = {
      scripts: this.configMap('scripts', mirrorScripts()),
      authorities: this.configMap('authorities', authorities(props)),
    };
    this.declareNetworkPolicy();
    this.declareRestore();
    this.declareRuns();
    Recovery.of(this).protects(of.asset, {
      kind: 'mirror',
      schedule: this.schedule,
      delay: this.delay,
      retention: `every moment of the last ${keep.human()}`,
      location: vault.location,
    });
    this.watch();
  }

  private declareSecrets(): Secrets {
    const { name, namespace, sourceKeys, restoreKeys = sourceKeys, vaultKeys } = this.props;
    const pairs = { SOURCE: sourceKeys, TARGET: restoreKeys, VAULT: vaultKeys } as const;
    return new Secrets(this, 'secrets', {
      name: `${name}-mirror`,
      namespace,
      labels: this.labels,
      entries: Object.fromEntries(
        (['SOURCE', 'TARGET', 'VAULT'] as const).flatMap((remote) => {
          const [access, secret] = keyEntries(remote);
          return [
            [access, pairs[remote].accessKey],
            [secret, pairs[remote].secretKey],
          ];
        }),
      ),
    });
  }

  private declareRuns(): void {
    // A fault of its own.
    if (this.schedule.faults().length > 0) return;
    const { keep, maximumLoss, namespace, readBackRuns, runLimit = DEFAULTS.runLimit } = this.props;
    const { schedule: shifted, sleep } = this.schedule.delayedBy(this.delay);
    new kubernetes.CronJobV1(this, 'run', {
      metadata: { name: this.jobName(), namespace, labels: this.labels },
      spec: scheduledJob(shifted, {
        labels: this.labels,
        // One that was killed goes on in the next attempt.
        backoffLimit: 2,
        limit: runLimit,
        template: this.pod('mirror.sh', [
          { name: 'KEEP_SECONDS', value: String((keep ?? DEFAULTS.keep).toSeconds()) },
          { name: 'MAXIMUM_LOSS', value: String(maximumLoss ?? DEFAULTS.maximumLoss) },
          { name: 'READ_BACK_RUNS', value: String(readBackRuns ?? DEFAULTS.readBackRuns) },
          { name: 'DELAY_SECONDS', value: String(sleep.wholeSeconds()) },
        ]),
      }),
    });
  }

  private declareRestore(): void {
    const { namespace, runLimit = DEFAULTS.runLimit } = this.props;
    new kubernetes.CronJobV1(this, 'restore', {
      metadata: { name: this.jobName('restore'), namespace, labels: this.labels },
      spec: jobOnDemand({
        labels: this.labels,
        backoffLimit: 0,
        limit: runLimit,
        template: this.pod('restore.sh', []),
      }),
    });
  }

  private pod(script: PodProps['script'], env: readonly EnvironmentVariable[]) {
    const { configMaps, labels, props, secrets } = this;
    return mirrorPod(this, { props, script, env, secrets, labels, configMaps });
  }

  /** Names and stores, the Pushgateway, nothing else; and nobody asks it anything. */
  private declareNetworkPolicy(): void {
    const { namespace, of, pushgateway, vault } = this.props;
    const push = pushgateway === undefined ? undefined : pushUrl(pushgateway);
    const gateway = push === undefined || !URL.canParse(push) ? [] : [Number(new URL(push).port || 80)];
    const ports = [...new Set([of.bucket.store.port, vault.store.port, ...gateway])];
    new kubernetes.NetworkPolicyV1(this, 'network-policy', {
      metadata: { name: this.jobName(), namespace, labels: this.labels },
      spec: {
        podSelector: { matchLabels: this.labels },
        policyTypes: ['Ingress', 'Egress'],
        egress: [
          {
            ports: [
              { port: '53', protocol: 'UDP' },
              { port: '53', protocol: 'TCP' },
              ...ports.map((port) => ({ port: String(port), protocol: 'TCP' })),
            ],
          },
        ],
      },
    });
  }

  private watch(): void {
    const { alerting, name, namespace, runLimit = DEFAULTS.runLimit } = this.props;
    if (alerting === undefined || this.schedule.faults().length > 0) return;
    // Whoever watches nothing does not load what does.
    const { declareMirrorAlerts } = require('./alerts') as typeof import('./alerts');
    declareMirrorAlerts(this, {
      alerting,
      asset: this.asset,
      cronJob: this.jobName(),
      restore: this.jobName('restore'),
      delay: this.delay,
      name,
      namespace,
      runLimit,
      schedule: this.schedule,
    });
  }

  private rpoSeconds(): number | undefined {
    if (this.schedule.faults().length > 0) return undefined;
    return this.schedule.longestGap().toSeconds() + this.delay.toSeconds();
  }

  /** Two in one place would undo each other. */
  private sharedPlace() {
    const other = this.node.root.node
      .findAll()
      .find((one) => one instanceof BucketMirror && one !== this && one.place === this.place);
    if (other === undefined) return [];
    return [
      {
        rule: 'mirror/shared-place',
        message: `${this.place} is the place of ${other.node.path} as well: each would take the other's objects for ones that are gone`,
        fix: 'give each a name of its own',
      },
    ];
  }

  /** Kubernetes appends the run's time. */
  private jobName(...suffix: readonly string[]): string {
    return dnsName([this.props.name, 'mirror', ...suffix], { maxLength: 52 });
  }

  private configMap(suffix: string, data: Readonly<Record<string, string>>): string {
    const name = dnsName([this.props.name, 'mirror', suffix]);
    new kubernetes.ConfigMapV1(this, suffix, {
      metadata: { name, namespace: this.props.namespace, labels: this.labels },
      data: literals(data),
    });
    return name;
  }
}
