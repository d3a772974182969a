import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Alerting, type Rule } from '../../constructs/alerts';
import type { RecordingRule } from '../../constructs/alerts/fact';
import { promqlFault } from '../../constructs/alerts/promql';
import type { PromtoolTest } from '../../constructs/alerts/rule-tests';
import { App, Duration } from '../../constructs/core';
import { synthesise } from '../../constructs/recovery/synthesise';
import { ENVIRONMENTS } from '../../environments';
import { declareEnvironment } from '../../stacks';
import { byInterval, describeWithPromtool, passing, promtool } from '../alerts/promtool';
import { shellBlocks } from '../alerts/runbook-commands';

const alerting = new Alerting({
  runbookBaseUrl: 'https://git.example.com/runbooks',
  // What an environment changes must not make its tests untrue.
  responsible: 'shop',
  overrides: { PostgresDown: { for: Duration.minutes(5), labels: { team: 'orders' } } },
});

let outdir: string;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), 'alerting-'));
  const app = new App({ outdir, stackTraces: false });
  for (const environment of ENVIRONMENTS)
    declareEnvironment(app, { ...environment, alerting, monitoring: { namespace: 'monitoring' } });
  synthesise(app);
});
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const file = (environment: string, ...path: string[]) => join(outdir, 'recovery', environment, ...path);
const text = (stack: string) => readFileSync(join(outdir, 'stacks', stack, 'cdk.tf.json'), 'utf8');
const resources = (stack: string, type: string): unknown[] =>
  Object.values((JSON.parse(text(stack)) as { resource: Record<string, object> }).resource[type] ?? {});
const everyRule = (environment: string): (RecordingRule | Rule)[] =>
  (
    parse(readFileSync(file(environment, 'rules.yaml'), 'utf8')) as {
      groups: { rules: (RecordingRule | Rule)[] }[];
    }
  ).groups.flatMap(({ rules }) => rules);
const rulesOf = (environment: string) => everyRule(environment).filter((rule) => 'alert' in rule);
const factsOf = (environment: string) => everyRule(environment).filter((rule) => 'record' in rule);
/** Whether a test asks for this rule's alert, of one subject or of several. */
const isOf =
  ({ alert, labels }: Rule) =>
  ({ promql_expr_test: [first] }: PromtoolTest): boolean =>
    Object.entries({ alertname: alert, ...labels }).every(([name, value]) =>
      first?.expr.includes(`${name}=${JSON.stringify(value)}`),
    );

describe.each(ENVIRONMENTS.map(({ name }) => name))('%s, watched', (name) => {
  test('has a runbook for every alert, with names in place of variables', () => {
    const rules = rulesOf(name);
    expect(rules.length).toBeGreaterThan(0);
    const runbooks = readdirSync(file(name, 'runbooks'));
    for (const { annotations } of rules) {
      const [url = ''] = annotations['runbook_url']?.split('/').slice(-1) ?? [];
      const pattern = new RegExp(`^${url.replaceAll(/\{\{ \$labels\.\w+ \}\}/g, '[a-z0-9-]+')}$`);
      expect(runbooks).toContainEqual(expect.stringMatching(pattern));
    }
    for (const runbook of runbooks)
      expect(readFileSync(file(name, 'runbooks', runbook), 'utf8')).not.toMatch(/undefined|\[object|NaN/);
  });

  test('what its runbooks have a shell do is shell', () => {
    const folder = file(name, 'runbooks');
    const blocks = readdirSync(folder).flatMap((runbook) =>
      shellBlocks(readFileSync(join(folder, runbook), 'utf8')),
    );
    for (const block of blocks) {
      const { stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
      expect({ block, stderr }).toEqual({ block, stderr: '' });
      // What is left to fill in would be run as a redirection.
      expect(block).not.toMatch(/<[a-z][a-z -]*>/);
    }
  });

  test('its expressions are PromQL', () => {
    for (const { expr } of rulesOf(name)) expect([expr, promqlFault(expr)]).toEqual([expr, undefined]);
  });

  test('exposes what its rules read, and has it scraped', () => {
    const servers = resources(`${name}-platform`, 'kubernetes_stateful_set_v1');
    const monitors = resources(`${name}-monitoring`, 'kubernetes_manifest').filter((object) =>
      JSON.stringify(object).includes('"PodMonitor"'),
    );
    expect(monitors).toHaveLength(2 * servers.length);
    // Nothing has to be pulled but what the server needs itself.
    for (const server of servers) {
      const images = [...JSON.stringify(server).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image);
      expect(JSON.stringify(server)).toContain('/scripts/exporter.sh');
      expect(new Set(images).size).toBe(1);
    }
  });

  test('what holds state needs no definition of the operator, and nothing leads from one stack to the other', () => {
    const below = ['cluster', 'operators', 'platform'].map((layer) => text(`${name}-${layer}`));
    for (const stack of below) expect(stack).not.toMatch(/kubernetes_manifest|monitoring\.coreos\.com/);
    const above = text(`${name}-monitoring`);
    expect(above).toContain('"PrometheusRule"');
    for (const stack of [...below, above]) expect(stack).not.toContain('terraform_remote_state');
  });

  test('its report names the alerts that watch the database', () => {
    const report = JSON.parse(readFileSync(file(name, 'report.json'), 'utf8')) as {
      assets: { id: string; alerts: string[] }[];
    };
    expect(report.assets.find(({ id }) => id === 'orders')?.alerts).toContain('PostgresDown');
  });

  describeWithPromtool('by promtool', () => {
    test('its rules are valid', async () => {
      expect(await promtool('check', 'rules', file(name, 'rules.yaml'))).toBe('');
    });
    // Each with its own rule alone: promtool evaluates every rule of a file for every test in it.
    test('its rules do what their tests say', async () => {
      const { tests } = parse(readFileSync(file(name, 'rules.test.yaml'), 'utf8')) as {
        tests: PromtoolTest[];
      };
      const suites = rulesOf(name).map((rule) => ({
        id: rule.alert,
        rules: [...factsOf(name), rule],
        tests: tests.filter(isOf(rule)),
      }));
      expect(suites.reduce((sum, suite) => sum + suite.tests.length, 0)).toBe(tests.length);
      const tested = suites.filter((suite) => suite.tests.length > 0);
      expect(tested.length).toBeGreaterThan(30);
      const split = tested.flatMap(byInterval);
      const passed = new Set(await passing(split));
      const slow = split.filter((suite) => !passed.has(suite)).map((suite) => ({ ...suite, interval: '1m' }));
      const slowly = new Set(await passing(slow));
      const failed = slow.filter((suite) => !slowly.has(suite));
      expect(failed.map(({ id }) => id)).toEqual([]);
    }, 300_000);
  });
});

describeWithPromtool('the file of an environment’s tests as it is', () => {
  test('passes, all rules at once', async () => {
    expect(await promtool('test', 'rules', file('local', 'rules.test.yaml'))).toBe('');
  }, 300_000);
});
