import { Alerting } from '../constructs/alerts';
import { type RoutingPlan, Via } from '../constructs/alerts/routing';
import { type Environment, setting } from './environment';

/**
 * How an environment is watched, by environment variables: `MONITORING` is `prometheus-operator` (without its
 * definitions in the cluster all but that is deployed), `files` or `none`; `RUNBOOK_BASE_URL` is where `runbooks/` is published, off the platform;
 * `PROMETHEUS_SELECTOR` names the labels by which the Prometheus finds rules: `release=kube-prometheus-stack,…`;
 * `MONITORING_NAMESPACE` is where it runs. `ALERT_WEBHOOK_URL` is told of alerts, `DEAD_MANS_SWITCH_URL` every minute that
 * alerting is alive.
 */
export function alertingFromSettings(
  fallback: 'none' | Alerting['delivery'],
): Pick<Environment, 'alerting' | 'monitoring'> {
  const delivery = setting('MONITORING', fallback);
  if (delivery === 'none') return {};
  return {
    alerting: new Alerting({
      delivery: delivery as Alerting['delivery'],
      runbookBaseUrl: setting('RUNBOOK_BASE_URL', 'https://git.example.com/platform/runbooks'),
      objectLabels: labels(setting('PROMETHEUS_SELECTOR', '')),
    }),
    monitoring: { namespace: setting('MONITORING_NAMESPACE', 'monitoring'), ...routing() },
  };
}

function routing(): { readonly routing?: RoutingPlan } {
  const [webhook, deadMansSwitch] = [setting('ALERT_WEBHOOK_URL', ''), setting('DEAD_MANS_SWITCH_URL', '')];
  if (webhook === '') return {};
  return {
    routing: {
      receivers: [
        { name: 'webhook', via: [Via.webhook(webhook)] },
        ...(deadMansSwitch === '' ? [] : [{ name: 'switch', via: [Via.webhook(deadMansSwitch)] }]),
      ],
      routes: [],
      otherwise: 'webhook',
      ...(deadMansSwitch === '' ? {} : { deadMansSwitch: 'switch' }),
    },
  };
}

function labels(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => [pair.split('=')[0]?.trim() ?? '', pair.split('=')[1]?.trim() ?? '']),
  );
}
