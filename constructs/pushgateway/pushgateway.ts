import { type Alerting, AlertRules, prometheusDuration } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import { addCheck, Construct, Duration, type Finding } from '../core';
import {
  CustomResource,
  type PodPeers,
  podPeer,
  RESTRICTED_CONTAINER,
  type Resources,
  restrictedPod,
} from '../workloads';
import { PUSHGATEWAY_ALERTS } from './alerts/catalogue';
import { PUSHES_METRICS } from './push-target';

const PORT = 9091;
const DATA = '/data';

export interface PushgatewayProps {
  readonly name: string;
  readonly namespace: string;
  /** Has `prometheus-pushgateway` on its path: images/pushgateway, or `prom/pushgateway` with `command`. */
  readonly image: string;
  /** @default 'IfNotPresent' */
  readonly imagePullPolicy?: string;
  /** @default ['prometheus-pushgateway'] */
  readonly command?: readonly string[];
  /**
   * Pods that may push: whoever may, may also overwrite and delete what others have pushed, for there is no login.
   * @default - those of this library's jobs, in any namespace, known by their label
   */
  readonly senders?: readonly PodPeers[];
  /**
   * Pods that may scrape.
   * @default - those with the label `app.kubernetes.io/name: prometheus`, in any namespace, as the operator labels them
   */
  readonly scrapers?: PodPeers;
  /** Has it scraped, and watched. @default - neither: somebody else has to scrape it, with `honorLabels` */
  readonly alerting?: Alerting;
  /** What nobody has pushed anew for so long is told of as left over. @default Duration.days(8) - longer than a week's job */
  readonly leftOverAfter?: Duration;
  /** @default - requests of 10m and 32Mi, a limit of 64Mi */
  readonly resources?: Resources;
}

/**
 * Keeps the last metrics of jobs that end before anybody could scrape them. It never forgets: how old a result is, is for
 * the job to say and for its alert to judge. What it holds outlives its container, not its pod: jobs push again.
 */
export class Pushgateway extends Construct {
  /** Where jobs push: `http://pushgateway.monitoring.svc:9091`. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: PushgatewayProps) {
    super(scope, id);
    const { alerting, leftOverAfter = Duration.days(8), name, namespace } = props;
    this.url = `http://${name}.${namespace}.svc:${PORT}`;
    const labels = { 'app.kubernetes.io/name': 'pushgateway', 'app.kubernetes.io/instance': name };
    const metadata = { name, namespace, labels };
    addCheck(this, () => faults(leftOverAfter));
    new kubernetes.DeploymentV1(this, 'deployment', {
      metadata,
      waitForRollout: false,
      spec: {
        // Two would have a part of the results each.
        replicas: '1',
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(props) },
      },
    });
    new kubernetes.ServiceV1(this, 'service', {
      metadata,
      spec: {
        selector: labels,
        port: [{ name: 'metrics', port: PORT, targetPort: 'metrics', protocol: 'TCP' }],
      },
    });
    const { scrapers = { pods: { 'app.kubernetes.io/name': 'prometheus' } } } = props;
    const { senders = [{ pods: PUSHES_METRICS }] } = props;
    new kubernetes.NetworkPolicyV1(this, 'network-policy', {
      metadata,
      spec: {
        podSelector: { matchLabels: labels },
        // It asks nobody anything.
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [scrapers, ...senders].map(podPeer),
            ports: [{ port: String(PORT), protocol: 'TCP' }],
          },
        ],
      },
    });
    if (alerting === undefined) return;
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: PUSHGATEWAY_ALERTS,
      subject: { name, namespace, leftOverAfter },
    });
    if (alerting.delivery === 'files') return;
    new CustomResource(alerting.scopeFor(this), 'pods', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name, namespace, labels: alerting.objectLabels },
      spec: {
        selector: { matchLabels: labels },
        podMetricsEndpoints: [
          {
            port: 'metrics',
            interval: prometheusDuration(alerting.scrapeInterval),
            // Job and namespace are those of who pushed.
            honorLabels: true,
            relabelings: [
              { targetLabel: 'job', replacement: 'pushgateway' },
              { targetLabel: 'pushgateway', replacement: `${namespace}/${name}` },
            ],
          },
        ],
      },
      validate,
    });
  }
}

function podSpec({ command, image, imagePullPolicy, resources }: PushgatewayProps) {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: restrictedPod(65_534),
    container: [
      {
        name: 'pushgateway',
        image,
        imagePullPolicy: imagePullPolicy ?? 'IfNotPresent',
        command: [...(command ?? ['prometheus-pushgateway'])],
        args: [
          `--web.listen-address=:${PORT}`,
          `--persistence.file=${DATA}/metrics`,
          '--persistence.interval=1m',
        ],
        port: [{ name: 'metrics', containerPort: PORT, protocol: 'TCP' }],
        volumeMount: [{ name: 'data', mountPath: DATA }],
        readinessProbe: { httpGet: { path: '/-/ready', port: 'metrics' }, periodSeconds: 5 },
        resources: resources ?? { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
        securityContext: RESTRICTED_CONTAINER,
        terminationMessagePolicy: 'FallbackToLogsOnError',
      },
    ],
    volume: [{ name: 'data', emptyDir: { sizeLimit: '64Mi' } }],
  };
}

/** Its model is loaded when something is validated: it takes longer than all the rest. */
function validate(object: object): void {
  const { PodMonitor } =
    require('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor') as typeof import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor');
  new PodMonitor(object as ConstructorParameters<typeof PodMonitor>[0]).validate();
}

function faults(leftOverAfter: Duration): Finding[] {
  if (leftOverAfter.toSeconds() >= 3600) return [];
  return [
    {
      rule: 'pushgateway/left-over',
      message: `leftOverAfter is ${leftOverAfter.human()}; it must be an hour or more`,
      fix: 'longer than the longest gap between two runs of any job that pushes; leave it out for 8 days',
    },
  ];
}
