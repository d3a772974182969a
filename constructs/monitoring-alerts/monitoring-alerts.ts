import { type Alerting, AlertRules } from '../alerts';
import { addCheck, Construct, type Finding } from '../core';
import { MONITORING_ALERTS } from './catalogue';

export interface MonitoringAlertsProps {
  readonly alerting: Alerting;
  /** Where Prometheus and Alertmanager run. @default 'monitoring' */
  readonly namespace?: string;
  /**
   * Values of the label `job` of targets without which alerts are blind, beside those of the monitoring itself.
   * @default kubelet and kube-state-metrics, which the alerts on workloads read
   */
  readonly jobs?: readonly string[];
  /** Label `job` of Prometheus' own targets. @default 'prometheus' */
  readonly prometheus?: string;
  /** Of Alertmanager's. @default 'alertmanager' */
  readonly alertmanager?: string;
  /** Of the operator's. @default 'prometheus-operator', none where alerting is delivered as files */
  readonly operator?: string;
}

/**
 * Alerts on the monitoring itself, once for each Prometheus. Route its watchdog to a dead man's switch outside of the
 * cluster: of a cluster that is gone nothing else tells.
 */
export class MonitoringAlerts extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringAlertsProps) {
    super(scope, id);
    const { alerting, alertmanager = 'alertmanager', jobs, prometheus = 'prometheus' } = props;
    const operator =
      props.operator ?? (alerting.delivery === 'prometheus-operator' ? 'prometheus-operator' : undefined);
    const own = [prometheus, alertmanager, ...(operator === undefined ? [] : [operator])];
    const needed = jobs ?? ['kubelet', 'kube-state-metrics'];
    addCheck(this, () => [...own, ...needed].flatMap(invalidJob));
    new AlertRules(this, 'rules', {
      alerting,
      catalogue: MONITORING_ALERTS,
      subject: {
        namespace: props.namespace ?? 'monitoring',
        name: 'monitoring',
        jobs: [...new Set([...own, ...needed])],
        prometheus,
        alertmanager,
        operator,
      },
    });
  }
}

function invalidJob(job: string): Finding[] {
  if (/^[^"\\\n]+$/.test(job)) return [];
  return [
    {
      rule: 'alerts/job',
      message: `${JSON.stringify(job)} is no value of the label job`,
      fix: "as Prometheus' page of targets shows it",
    },
  ];
}
