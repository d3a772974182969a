import { Alerting, type ResolvedRule } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { Duration, Schedule, Size } from '../../constructs/core';
import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { databaseProps, secret } from '../helpers/database';
import { get, Template } from '../helpers/template';

const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });

function declare(different: Partial<PostgresDatabaseProps>) {
  let rules: ResolvedRule[] = [];
  const template = Template.of((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps({ alerting, ...different }));
    const group = declaredGroups(stack).find(({ name }) => name === 'workload/shop/orders');
    rules = [...(group?.rules ?? [])];
  });
  return { template, of: (id: string) => rules.filter((rule) => rule.id === id) };
}

const dumps = { schedule: Schedule.daily({ hour: 4 }), keep: Duration.days(14) };
const incremental = {
  ...databaseProps().backups,
  incremental: Schedule.cron('30 * * * *'),
};

test('every CronJob of a database that runs by itself is watched, and no other', () => {
  const { of, template } = declare({ dumps, backups: incremental });
  const running = [...template.resources('kubernetes_cron_job_v1').values()]
    .filter((cronJob) => get(cronJob, 'spec.suspend') !== true)
    .map((cronJob) => get(cronJob, 'metadata.name'));
  expect(running).toHaveLength(5);
  for (const id of ['CronJobLastRunFailed', 'CronJobStale', 'CronJobNotScheduled', 'CronJobSuspended'])
    expect(of(id).map(({ labels }) => labels['cronjob'])).toEqual(expect.arrayContaining(running));
  expect(of('CronJobStale')).toHaveLength(5);
});

test('a backup is stale after the longest gap of its own schedule, and its delay', () => {
  const { of } = declare({ backups: incremental });
  const seconds = Object.fromEntries(
    of('CronJobStale').map(({ labels, variables }) => [labels['cronjob'], Number(variables['threshold'])]),
  );
  const within = (name: string, gap: number) => {
    expect(seconds[name]).toBeGreaterThanOrEqual(gap + 3600);
    expect(seconds[name]).toBeLessThan(gap + 3600 + 600);
  };
  within('orders-backup-full', 7 * 86_400);
  within('orders-backup-diff', 2 * 86_400);
  within('orders-backup-incr', 3600);
  expect(seconds['orders-tls-renewal']).toBe(86_400 + 3600);
});

test('its pods and claims are those of its StatefulSet', () => {
  const { of, template } = declare({ replicas: 2, replicationPassword: secret('replication_password') });
  const server = template.named('kubernetes_stateful_set_v1', 'orders');
  expect(get(server, 'spec.replicas')).toBe('3');
  expect(get(server, 'spec.volume_claim_template.0.metadata.name')).toBe('data');
  expect(of('PodsMissing')[0]?.fact).toMatchObject({ labels: { set: 'orders' }, value: 3 });
  expect(of('PvcUsageHigh').map(({ labels }) => labels['persistentvolumeclaim'])).toEqual([
    'data-orders-0',
    'data-orders-1',
    'data-orders-2',
  ]);
});

test('a pod that restores may take as long as that does', () => {
  const pending = (different: Partial<PostgresDatabaseProps>) =>
    declare(different).of('PodNotReady')[0]?.rule.for;
  expect(pending({})).toBe('15m');
  expect(pending({ objectives: { rto: Duration.hours(2) } })).toBe('2h');
  // 1 TiB at 100 MiB/s, and 75 s.
  expect(pending({ storage: Size.gibibytes(1024) })).toBe('177m');
});

test('what has no limit of CPU cannot be throttled', () => {
  const throttling = (different: Partial<PostgresDatabaseProps>) =>
    declare(different).of('CpuThrottlingHigh').length;
  expect(throttling({})).toBe(0);
  expect(throttling({ resources: { requests: { cpu: '1' }, limits: { memory: '2Gi' } } })).toBe(0);
  expect(throttling({ resources: { limits: { cpu: '2' } } })).toBe(1);
});

test('without alerting nothing watches it', () => {
  const template = Template.of((stack) => void new PostgresDatabase(stack, 'orders', databaseProps()));
  expect(template.resources('kubernetes_manifest').size).toBe(0);
});
