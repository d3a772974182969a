import { Alerting } from '../constructs/alerts';
import { setting } from './environment';

/**
 * How an environment is watched, by environment variables: `MONITORING` is `prometheus-operator`, whose CRDs must then be
 * in the cluster, `files` or `none`; `RUNBOOK_BASE_URL` is where `runbooks/` is published, off the platform;
 * `PROMETHEUS_SELECTOR` names the labels by which the Prometheus finds rules: `release=kube-prometheus-stack,…`.
 */
export function alertingFromSettings(fallback: 'none' | 'prometheus-operator'): {
  readonly alerting?: Alerting;
} {
  const delivery = setting('MONITORING', fallback);
  if (delivery === 'none') return {};
  return {
    alerting: new Alerting({
      delivery: delivery as Alerting['delivery'],
      runbookBaseUrl: setting('RUNBOOK_BASE_URL', 'https://git.example.com/platform/runbooks'),
      objectLabels: labels(setting('PROMETHEUS_SELECTOR', '')),
    }),
  };
}

function labels(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => [pair.split('=')[0]?.trim() ?? '', pair.split('=')[1]?.trim() ?? '']),
  );
}
