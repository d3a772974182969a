import type { PodMonitor as Model } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { type Alerting, prometheusDuration } from '../alerts';
import { Construct } from '../core';
import { CustomResource } from '../workloads';
import type { DatabaseContext } from './context';

export interface MonitorProps {
  readonly context: DatabaseContext;
  readonly alerting: Alerting;
  readonly job: 'postgres' | 'pgbackrest';
  /** Labels of the pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** Names of their ports, and what they say of every metric that does not say it itself. */
  readonly ports: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
}

/** Has the Prometheus scrape an exporter under the labels that the rules know: `job`, `database`, and its namespace. */
export class Monitor extends Construct {
  constructor(scope: Construct, id: string, { alerting, context, job, labels, ports }: MonitorProps) {
    super(scope, id);
    const { name, namespace } = context;
    if (alerting.delivery === 'files') return;
    new CustomResource(alerting.scopeFor(this), 'pods', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name: `${name}-${job}`, namespace, labels: alerting.objectLabels },
      spec: {
        selector: { matchLabels: { ...labels } },
        podMetricsEndpoints: ports.map((port) => ({
          port: port.name,
          interval: prometheusDuration(alerting.scrapeInterval),
          honorLabels: false,
          relabelings: [
            { targetLabel: 'job', replacement: job },
            { targetLabel: 'database', replacement: name },
          ],
          ...(port.labels === undefined ? {} : { metricRelabelings: missing(job, port.labels) }),
        })),
      },
      validate,
    });
  }
}

/** Gives a label to the exporter's metrics that lack it, and leaves those of its process alone. */
function missing(prefix: string, labels: Readonly<Record<string, string>>) {
  return Object.entries(labels).map(([label, value]) => ({
    sourceLabels: ['__name__', label],
    separator: ';',
    regex: `${prefix}_[a-z_]+;`,
    targetLabel: label,
    replacement: value,
  }));
}

/** Its model is loaded when something is validated: it takes longer than all the rest. */
function validate(object: object): void {
  const { PodMonitor } =
    require('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor') as {
      PodMonitor: typeof Model;
    };
  new PodMonitor(object as ConstructorParameters<typeof Model>[0]).validate();
}
