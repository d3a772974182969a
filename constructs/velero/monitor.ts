import type { PodMonitor as Model } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { type Alerting, prometheusDuration } from '../alerts';
import type { Construct } from '../core';
import { CustomResource } from '../workloads';

/** Has the Prometheus scrape the server under the job that the rules know, whoever installed it. */
export function declareMonitor(scope: Construct, alerting: Alerting, namespace: string): void {
  if (alerting.delivery === 'files') return;
  new CustomResource(alerting.scopeFor(scope), 'pods', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'velero', namespace, labels: alerting.objectLabels },
    spec: {
      // Its pods have one of these: those of the chart the first, those of Velero's installer the second.
      selector: { matchExpressions: [{ key: 'name', operator: 'NotIn', values: ['node-agent'] }] },
      podMetricsEndpoints: [
        {
          targetPort: 8085,
          interval: prometheusDuration(alerting.scrapeInterval),
          honorLabels: false,
          relabelings: [
            // Only the server knows of backups; jobs that maintain repositories are pods of this namespace, too.
            {
              sourceLabels: ['__meta_kubernetes_pod_container_name'],
              regex: 'velero',
              action: 'keep',
            },
            { targetLabel: 'job', replacement: 'velero' },
          ],
        },
      ],
    },
    validate,
  });
}

/** Its model is loaded when something is validated: it takes longer than all the rest. */
function validate(object: object): void {
  const { PodMonitor } =
    require('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor') as {
      PodMonitor: typeof Model;
    };
  new PodMonitor(object as ConstructorParameters<typeof Model>[0]).validate();
}
