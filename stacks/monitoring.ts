import type { Alerting } from '../constructs/alerts';
import { AlertRouting } from '../constructs/alerts/routing';
import { type App, addWarning, EnvironmentStack, type Finding } from '../constructs/core';
import { Dashboards } from '../constructs/dashboards';
import { MonitoringAlerts } from '../constructs/monitoring-alerts';
import type { Environment } from '../environments/environment';
import type { PlatformStack } from './platform';
import { kubernetesProvider } from './providers';
import { keepState } from './state';

/**
 * What watches the platform: rules, monitors, routes, dashboards. A stack of its own, applied last: Terraform cannot even
 * plan an object whose definition the cluster does not have, and what holds state must not wait for the Prometheus operator.
 * It is there in environments that are not watched, too, and takes away what was.
 */
export class MonitoringStack extends EnvironmentStack {
  /** Handed to whatever is watched; what that declares for it lands here. */
  readonly alerting: Alerting | undefined;

  constructor(
    app: App,
    private readonly declared: Environment,
  ) {
    super(app, { environment: declared.name, layer: 'monitoring' });
    keepState(this, declared);
    kubernetesProvider(this, declared);
    addWarning(this, () => runbooksNowhere(declared));
    this.alerting = declared.alerting?.with({ stack: this });
  }

  /** What is about the platform as a whole, once it is declared. */
  watch({ databases }: PlatformStack): void {
    const { alerting } = this;
    const { monitoring, namespace } = this.declared;
    if (alerting === undefined) return;
    new Dashboards(this, 'dashboards', {
      namespace,
      databases,
      delivery: alerting.delivery === 'files' ? 'files' : 'sidecar',
    });
    if (monitoring === undefined) return;
    new MonitoringAlerts(this, 'monitoring-alerts', { alerting, namespace: monitoring.namespace });
    if (monitoring.routing !== undefined)
      new AlertRouting(this, 'routing', {
        alerting,
        namespace: monitoring.namespace,
        ...monitoring.routing,
      });
  }
}

/** The reference environments synthesise bare, with an address that nobody has. */
function runbooksNowhere({ alerting }: Environment): Finding[] {
  const url = alerting?.props.runbookBaseUrl ?? '';
  if (!URL.canParse(url) || !/(^|\.)example\.com$/.test(new URL(url).hostname)) return [];
  return [
    {
      rule: 'environment/runbooks',
      message: `alerts lead to runbooks at ${url}, where there are none`,
      fix: 'set RUNBOOK_BASE_URL to where the folder runbooks/ is published, off the platform',
    },
  ];
}
