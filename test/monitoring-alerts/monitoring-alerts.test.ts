import { Alerting, type AlertingProps } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import { MonitoringAlerts, type MonitoringAlertsProps } from '../../constructs/monitoring-alerts';
import { Template } from '../helpers/template';

const alerting = (props: Partial<AlertingProps> = {}) =>
  new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', ...props });

function declared(props: Partial<MonitoringAlertsProps> = {}) {
  let groups: ReturnType<typeof declaredGroups> = [];
  Template.of((stack) => {
    new MonitoringAlerts(stack, 'monitoring', { alerting: alerting(), ...props });
    groups = declaredGroups(stack);
  });
  return groups;
}

const rules = (props: Partial<MonitoringAlertsProps> = {}) => declared(props).flatMap((group) => group.rules);

test('each job that alerts need is missed by itself', () => {
  const missed = (props: Partial<MonitoringAlertsProps>) =>
    rules(props)
      .filter(({ id }) => id === 'ScrapeJobMissing')
      .map(({ rule }) => rule.labels['missing_job']);
  expect(missed({})).toEqual([
    'prometheus',
    'alertmanager',
    'prometheus-operator',
    'kubelet',
    'kube-state-metrics',
  ]);
  expect(missed({ jobs: ['postgres', 'alertmanager'], alertmanager: 'am' })).toEqual([
    'prometheus',
    'am',
    'prometheus-operator',
    'postgres',
    'alertmanager',
  ]);
});

test('where no operator is, nothing is asked of it', () => {
  const files = rules({ alerting: alerting({ delivery: 'files' }) });
  expect(files.map(({ id }) => id)).not.toContain('MonitoringConfigurationRejected');
  expect(files.map(({ rule }) => rule.expr).join()).not.toContain('prometheus-operator');
});

test('its object keeps $1 of an expression from Terraform and Prometheus alike', () => {
  const template = Template.of(
    (stack) => void new MonitoringAlerts(stack, 'monitoring', { alerting: alerting() }),
  );
  expect(JSON.stringify([...template.resources('kubernetes_manifest').values()])).toContain(
    '\\"target_namespace\\", \\"$1\\"',
  );
});

test('runbooks name the places of this environment', () => {
  const files = alertFiles(declared({ namespace: 'observability' }));
  expect(files['runbooks/monitoring-observability-monitoring-Watchdog.md']).toContain(
    '/api/v1/namespaces/observability/services/prometheus-operated:web/proxy',
  );
});

test('a job that no label can have is a fault', () => {
  const faults = Template.faults(
    (stack) => void new MonitoringAlerts(stack, 'm', { alerting: alerting(), jobs: ['a"}'] }),
  );
  expect(faults.map(({ rule }) => rule)).toEqual(['alerts/job']);
});
