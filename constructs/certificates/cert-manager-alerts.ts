import { type Alerting, AlertRules } from '../alerts';
import { Construct } from '../core';
import { CERT_MANAGER_ALERTS } from './alerts/cert-manager/catalogue';

export interface CertManagerAlertsProps {
  /** Where it runs. @default 'cert-manager' */
  readonly namespace?: string;
  /** Whether an issuer speaks ACME. */
  readonly acme: boolean;
  readonly alerting: Alerting;
}

/**
 * Alerts on cert-manager itself, once in an environment. Its metrics come with its chart: `prometheus.servicemonitor.enabled`
 * (or `podmonitor`), job `cert-manager`.
 */
export class CertManagerAlerts extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { acme, alerting, namespace = 'cert-manager' }: CertManagerAlertsProps,
  ) {
    super(scope, id);
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: CERT_MANAGER_ALERTS,
      subject: { namespace, name: 'cert-manager', acme },
    });
  }
}
