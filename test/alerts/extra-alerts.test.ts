import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Alerting, type AlertingProps, type ExtraAlert, ExtraAlerts } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import { Duration, type EnvironmentStack } from '../../constructs/core';
import { MonitoringAlerts } from '../../constructs/monitoring-alerts';
import { Template } from '../helpers/template';
import { describeWithPromtool, promtool } from './promtool';

const BASE = 'https://git.example.com/runbooks';
const URL = 'https://wiki.example.com/queue';
const STUCK: ExtraAlert = {
  alert: 'QueueStuck',
  expr: 'max by (queue) (queue_age_seconds{namespace="shop"}) > 300',
  for: Duration.minutes(5),
  severity: 'critical',
  summary: 'Messages are not taken',
  description: 'The oldest message of {{ $labels.queue }} is {{ $value | humanizeDuration }} old.',
  runbook: URL,
};

let folder: string;
let runbook: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'extra-'));
  runbook = join(folder, 'queue-stuck.md');
  writeFileSync(runbook, '# The queue\n\nRestart the worker, {{ it }} is not rendered.\n');
  writeFileSync(join(folder, 'empty.md'), '\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function declare(stack: EnvironmentStack, alerts: readonly ExtraAlert[], props: Partial<AlertingProps> = {}) {
  return new ExtraAlerts(stack, 'extra', {
    alerting: new Alerting({ runbookBaseUrl: BASE, responsible: 'shop', ...props }),
    name: 'queue',
    namespace: 'shop',
    alerts,
  });
}

function filesOf(alerts: readonly ExtraAlert[], props: Partial<AlertingProps> = {}) {
  let files: Record<string, string> = {};
  Template.of((stack) => {
    declare(stack, alerts, props);
    files = alertFiles(declaredGroups(stack));
  });
  return files;
}

const faults = (different: Partial<ExtraAlert>) =>
  Template.faults((stack) => void declare(stack, [{ ...STUCK, ...different }])).map(
    ({ rule, message }) => `${rule}: ${message}`,
  );

test('are delivered with the labels and annotations that every rule has', () => {
  const alert = { ...STUCK, labels: { team: 'queue' }, annotations: { dashboard: 'https://d.example.com' } };
  const template = Template.of((stack) => void declare(stack, [alert], { objectLabels: { release: 'p' } }));
  expect([...template.resources('kubernetes_manifest').values()][0]?.['manifest']).toEqual({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'queue-extra', namespace: 'shop', labels: { release: 'p' } },
    spec: {
      groups: [
        {
          name: 'extra/shop/queue',
          rules: [
            {
              alert: 'QueueStuck',
              expr: STUCK.expr,
              for: '5m',
              labels: {
                team: 'queue',
                severity: 'critical',
                category: 'availability',
                priority: 'P1',
                responsible: 'shop',
                namespace: 'shop',
              },
              annotations: {
                dashboard: 'https://d.example.com',
                summary: STUCK.summary,
                description: STUCK.description,
                runbook_url: URL,
              },
            },
          ],
        },
      ],
    },
  });
});

test('a runbook that is a file is put among those of the environment, as it stands', () => {
  const files = filesOf([{ ...STUCK, runbook }]);
  expect(files['runbooks/extra-shop-queue-queue-stuck.md']).toContain('{{ it }} is not rendered');
  expect(files['runbooks/README.md']).toContain('extra-shop-queue-queue-stuck.md');
  const [rule] = parse(files['rules.yaml'] ?? '').groups[0].rules;
  expect(rule.annotations.runbook_url).toBe(`${BASE}/extra-shop-queue-queue-stuck.md`);
});

test('mapRule has the last word on them, too', () => {
  expect(filesOf([STUCK], { mapRule: () => undefined })['rules.yaml']).not.toContain('QueueStuck');
});

describeWithPromtool('by promtool', () => {
  test('they are valid', async () => {
    const file = join(folder, 'rules.yaml');
    const keeps = { ...STUCK, alert: 'Other', keepFiringFor: Duration.minutes(5) };
    writeFileSync(file, filesOf([STUCK, keeps])['rules.yaml'] ?? '');
    expect(await promtool('check', 'rules', file)).toBe('');
  });
});

describe('faults', () => {
  test.each<[Partial<ExtraAlert> | (() => Partial<ExtraAlert>), string]>([
    [{ expr: 'sum by queue' }, 'alerts/promql: the expression of QueueStuck'],
    [{ expr: ' ' }, 'alerts/promql'],
    [{ runbook: '' }, 'alerts/runbook: runbook of QueueStuck is ""'],
    [{ runbook: '/nowhere/queue.md' }, 'there is no such file'],
    [() => ({ runbook: join(folder, 'empty.md') }), 'the file is empty'],
    [{ runbook: 'https://' }, 'it is no URL'],
    [{ labels: { severity: 'info' } }, 'labels of QueueStuck has "severity"'],
    [{ labels: { 'a-b': 'c' } }, 'that is no name of a label'],
    [{ labels: { age: '{{ $value }}' } }, 'its value changes with each evaluation'],
    [{ annotations: { runbook_url: URL } }, 'annotations of QueueStuck has "runbook_url"'],
    [{ alert: 'queue stuck' }, 'alert of queue stuck has'],
  ])('%j', (different, message) => {
    const found = faults(typeof different === 'function' ? different() : different);
    expect(found).toEqual([expect.stringContaining(message)]);
  });

  test('a name that is there already', () => {
    const found = Template.faults((stack) => {
      const alerting = new Alerting({ runbookBaseUrl: BASE });
      new MonitoringAlerts(stack, 'monitoring', { alerting });
      declare(stack, [STUCK, STUCK, { ...STUCK, alert: 'Watchdog' }]);
    });
    expect(found.map(({ message }) => message)).toEqual([
      'QueueStuck is there already',
      'Watchdog is there already, in a catalogue',
    ]);
  });
});

test('a `for` under two scrapes is warned of', () => {
  const warnings = (seconds: number) =>
    Template.warnings((stack) => void declare(stack, [{ ...STUCK, for: Duration.seconds(seconds) }]));
  expect(warnings(59)).toEqual([expect.objectContaining({ rule: 'alerts/short-for' })]);
  expect(warnings(0)).toHaveLength(1);
  expect(warnings(60)).toEqual([]);
});
