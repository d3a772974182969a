import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryDefinition } from '../local/binaries/catalogue';
import { run, tryRun } from '../local/processes/run';
import { findPromtool } from './promtool';

const promtool = findPromtool();

(promtool === undefined ? describe.skip : describe)('promtool', () => {
  const program = promtool ?? '';
  let folder: string;
  const file = (name: string, content: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is of the release that the cluster runs', async () => {
    expect(await run(program, ['--version'])).toContain(`version ${binaryDefinition('prometheus').version} `);
  });

  // Labels of a group and keep_firing_for are what an older one does not know.
  const rules = (threshold: number) => ({
    groups: [
      {
        name: 'queue',
        labels: { team: 'shop' },
        rules: [{ alert: 'QueueLong', expr: `queue_length > ${threshold}`, keep_firing_for: '5m' }],
      },
    ],
  });
  const unit = (ruleFile: string) => ({
    rule_files: [ruleFile],
    tests: [
      {
        interval: '1m',
        input_series: [{ series: 'queue_length', values: '9 10 11 1' }],
        alert_rule_test: [
          { eval_time: '1m', alertname: 'QueueLong', exp_alerts: [] },
          { eval_time: '3m', alertname: 'QueueLong', exp_alerts: [{ exp_labels: { team: 'shop' } }] },
        ],
      },
    ],
  });

  test('passes a rule that does what its test says', async () => {
    const result = await tryRun(program, [
      'test',
      'rules',
      file('test.json', unit(file('rules.json', rules(10)))),
    ]);
    expect(result).toMatchObject({ exitCode: 0 });
  });

  test('fails one that does not', async () => {
    const result = await tryRun(program, [
      'test',
      'rules',
      file('test.json', unit(file('rules.json', rules(8)))),
    ]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('QueueLong');
  });
});
