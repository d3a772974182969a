import { Alerting } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import { Duration, type EnvironmentStack, Schedule } from '../../constructs/core';
import { PodSet, WorkloadAlerts, type WorkloadFacts } from '../../constructs/workload-alerts';
import { Template } from '../helpers/template';

const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
const declare = (stack: EnvironmentStack, facts: Partial<WorkloadFacts>) =>
  new WorkloadAlerts(stack, 'alerts', { alerting, namespace: 'shop', name: 'backend', ...facts });

function groupsOf(facts: Partial<WorkloadFacts>) {
  let groups: ReturnType<typeof declaredGroups> = [];
  Template.of((stack) => {
    declare(stack, facts);
    groups = declaredGroups(stack);
  });
  return groups;
}

const rulesOf = (facts: Partial<WorkloadFacts>) => groupsOf(facts).flatMap(({ rules }) => rules);
const ids = (facts: Partial<WorkloadFacts>) => [...new Set(rulesOf(facts).map(({ id }) => id))];

test('what a workload does not have, has no rules', () => {
  expect(ids({ claims: ['data'] })).toEqual([
    'PvcUsageHigh',
    'PvcUsageCritical',
    'PvcFullIn4Days',
    'PvcUnwatched',
  ]);
  expect(ids({ license: 'backend' })).toEqual(['LicenseExpires', 'LicenseExpiresSoon', 'LicenseUnwatched']);
  expect(
    ids({ service: { labels: { job: 'backend' }, errors: { counter: 'http_requests_total' } } }),
  ).toEqual(['ServiceErrorsHigh', 'ServiceUnwatched']);
});

test('every CronJob has its own rules: the longest gap of its schedule, its delay, what a run takes', () => {
  const rules = rulesOf({
    cronJobs: [
      // Nothing runs on Sundays: 48 h between two ticks.
      { name: 'report', schedule: Schedule.cron('0 2 * * 1-6'), delay: Duration.minutes(10) },
      { name: 'ping', schedule: Schedule.hourly(), takes: Duration.minutes(1) },
    ],
  }).filter(({ id }) => id === 'CronJobStale');
  expect(rules.map(({ labels }) => labels['cronjob'])).toEqual(['report', 'ping']);
  expect(rules.map(({ variables }) => variables['threshold'])).toEqual([48 * 3600 + 600 + 3600, 3600 + 60]);
  expect(rules.map(({ fact }) => fact?.value)).toEqual(rules.map(({ variables }) => variables['threshold']));
  // Prometheus evaluates it once for both.
  expect(new Set(rules.map(({ rule }) => rule.expr)).size).toBe(1);
});

test('a pod may take as long as it is said to', () => {
  const rules = rulesOf({ pods: PodSet.deployment('backend', 3), readyWithin: Duration.hours(2) });
  expect(rules.find(({ id }) => id === 'PodNotReady')?.rule.for).toBe('2h');
  expect(rules.find(({ id }) => id === 'PodsMissing')?.fact?.value).toBe(3);
});

test.each([
  [PodSet.statefulSet('a.b', 2), 'a.b-1', ['axb-1', 'a.b-1-x', 'a.b-backup-x', 'my-a.b-1']],
  [PodSet.deployment('api', 2), 'api-7c9f8d6b5-x2x4z', ['api-0', 'api-report-29384000-x2x4zz']],
  [PodSet.daemonSet('agent', 1), 'agent-x2x4z', ['agent-0', 'agent-7c9f8d6b5-x2x4z']],
])('pods are known by their names: $names', (set, name, others) => {
  const whole = new RegExp(`^(?:${set.names})$`);
  expect(set.faults()).toEqual([]);
  expect(name).toMatch(whole);
  for (const other of others) expect(other).not.toMatch(whole);
});

test('runbooks have the names of this workload in their commands', () => {
  const files = alertFiles(
    groupsOf({
      pods: PodSet.statefulSet('backend', 2),
      claims: ['data-backend-0'],
      cronJobs: [{ name: 'backend-report', schedule: Schedule.daily({ hour: 2 }) }],
    }),
  );
  expect(files['runbooks/workload-shop-backend-CronJob.md']).toContain(
    'kubectl -n shop create job backend-report-by-hand --from=cronjob/backend-report',
  );
  expect(files['runbooks/workload-shop-backend-PodNotReady.md']).toContain(
    "grep -E '^(NAME|backend-[0-9]+) '",
  );
  const check = { license: 'backend-2026', cronJob: 'backend-2026-license-check', namespace: 'shop' };
  const license = { ...check, gap: Duration.hours(7), pushes: true };
  expect(alertFiles(groupsOf({ license }))['runbooks/workload-shop-backend-LicenseExpires.md']).toContain(
    'kubectl get cronjob --namespace shop backend-2026-license-check\n',
  );
  expect(
    alertFiles(groupsOf({ license: 'backend-2026' }))['runbooks/workload-shop-backend-LicenseExpires.md'],
  ).toContain('kubectl -n shop get pods,cronjobs\n');
  for (const [name, text] of Object.entries(files))
    if (name.startsWith('runbooks/')) expect(text).not.toMatch(/undefined|\[object|NaN/);
});

describe('faults', () => {
  const service = { labels: { job: 'backend' }, errors: { counter: 'http_requests_total' } };
  const daily = Schedule.daily({ hour: 2 });
  test.each<[Partial<WorkloadFacts>, string]>([
    [{}, 'nothing that could be watched'],
    [{ pods: PodSet.statefulSet('backend', 0) }, 'pods has no pods'],
    [{ pods: PodSet.matching('api-.*', ['app-1']) }, 'does not match its example "app-1"'],
    [{ pods: PodSet.matching('api-(', ['api-1']) }, 'which is no regular expression'],
    [{ cronJobs: [{ name: 'a', schedule: Schedule.cron('61 * * * *') }] }, 'cronJobs[0].schedule'],
    [
      {
        cronJobs: [
          { name: 'a', schedule: daily },
          { name: 'a', schedule: daily },
        ],
      },
      'cronJobs names a twice',
    ],
    [{ service: { labels: { job: 'backend' } } }, 'nothing to judge it by'],
    [{ service: { ...service, labels: {} } }, 'service.labels is {}'],
    [{ service: { ...service, errors: { counter: 'http requests' } } }, 'that is no name of a metric'],
    [{ service: { ...service, errors: { counter: 'x', ratio: 2 } } }, 'service.errors.ratio is 2'],
    [{ service: { ...service, latency: { histogram: 'x_bucket' } } }, '_bucket is added to it'],
    [
      { service: { ...service, latency: { histogram: 'x', quantile: 95 } } },
      'service.latency.quantile is 95',
    ],
    [{ service: { ...service, minimumRate: 0 } }, 'service.minimumRate is 0'],
  ])('%j', (facts, message) => {
    const found = Template.faults((stack) => void declare(stack, facts));
    expect(found.map((fault) => fault.message)).toEqual([expect.stringContaining(message)]);
  });
});
