import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { Alerting, declaredGroups } from '../../constructs/alerts';
import { type PromtoolTest, ruleTests } from '../../constructs/alerts/rule-tests';
import { App, withoutCreationStacks } from '../../constructs/core';
import { synthesise } from '../../constructs/recovery/synthesise';
import { binary } from '../../local/binaries/build';
import { declareEnvironment } from '../../stacks';
import type { Figure } from '../figure';
import { withScratch } from '../program';
import { platformOf } from '../synth/platform';

const DATABASES = 300;
const EVALUATIONS = 3;
const INTERVAL_SECONDS = 20;

/** Of metrics whose first test begins with what is wrong. */
const WELL: Readonly<Record<string, number>> = {
  pg_exporter_last_scrape_error: 0,
  pg_scrape_collector_success: 1,
  pg_stat_activity_count: 1,
};

interface RulesFile {
  readonly groups: readonly { readonly rules: readonly unknown[] }[];
}
/**
 * Processor time that one evaluation of all rules of 300 databases costs a Prometheus with one core, every series that
 * their tests name being there, nothing being wrong: with the rules, less the same without.
 */
export async function measureRules(): Promise<readonly Figure[]> {
  const prometheus = await binary('prometheus', console.log);
  return withScratch(async (directory) => {
    const { rules, series } = declare(directory);
    const start = Date.now();
    const exporter = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      const elapsed = (Date.now() - start) / 1000;
      response.end(series.map((line) => `${line(elapsed)}\n`).join(''));
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = exporter.address() as AddressInfo;
      const without = await processorTime(prometheus, join(directory, 'without'), port, []);
      const withRules = await processorTime(prometheus, join(directory, 'with'), port, [
        join(directory, 'recovery/bench/rules.yaml'),
      ]);
      return [
        {
          name: `evaluation of the rules of ${DATABASES} databases, one core`,
          value: (withRules - without) / EVALUATIONS,
          unit: 's',
          budget: 1,
          detail: `${rules} rules, ${series.length} series; ${withRules.toFixed(1)} s less ${without.toFixed(1)} s in ${EVALUATIONS} rounds`,
        },
      ];
    } finally {
      exporter.close();
    }
  });
}

function declare(directory: string): { rules: number; series: readonly Series[] } {
  const app = new App({ outdir: directory });
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', delivery: 'files' });
  withoutCreationStacks(() => declareEnvironment(app, { ...platformOf(DATABASES), alerting }));
  synthesise(app);
  // The file has tests of what differs alone.
  const tests = app.node.children
    .flatMap((stack) => declaredGroups(stack))
    .filter(({ name }) => /\/orders-1$|^monitoring/.test(name))
    .flatMap(ruleTests);
  const file = readFileSync(join(directory, 'recovery/bench/rules.yaml'), 'utf8');
  const { groups } = parse(file, { maxAliasCount: -1 }) as RulesFile;
  return {
    rules: groups.reduce((sum, { rules }) => sum + rules.length, 0),
    series: firstValues(tests),
  };
}

/** A series, and its value so many seconds after the start. */
type Series = (elapsed: number) => string;

/**
 * Every series that the tests of the first database name, with the value that it begins with, before anything is wrong:
 * for each of the databases. Those of the monitoring are there once.
 */
function firstValues(tests: readonly PromtoolTest[]): Series[] {
  const start = Date.now() / 1000;
  const values = new Map<string, Series>();
  for (const { input_series } of tests) {
    for (const { series, values: text } of input_series) {
      const [first] = /^-?[0-9.e]+/.exec(text) ?? [];
      // Without labels it would be everybody's.
      if (first === undefined || !series.includes('{')) continue;
      // Some tests have a second server, of which the others tell nothing.
      if (/pod="orders-1-[1-9]"/.test(series)) continue;
      const [metric = ''] = series.split('{');
      const value = WELL[metric] ?? Number(first);
      const at = (elapsed: number): number => {
        // Tests begin at the epoch.
        if (/_(time|created|timestamp|timestamp_seconds)$/.test(metric)) return start + value;
        return /_since_.*_seconds$/.test(metric) ? value + elapsed : value;
      };
      for (let number = 1; number <= DATABASES; number += 1) {
        const own = series.replaceAll(/orders-1\b/g, `orders-${number}`);
        if (!values.has(own)) values.set(own, (elapsed) => `${own} ${at(elapsed)}`);
      }
    }
  }
  return [...values.values()];
}

/** Seconds of processor time in so many evaluations, once all series are there. */
async function processorTime(
  prometheus: string,
  data: string,
  exporter: number,
  rules: readonly string[],
): Promise<number> {
  mkdirSync(data);
  const configuration = {
    global: { scrape_interval: '15s', evaluation_interval: `${INTERVAL_SECONDS}s` },
    rule_files: rules,
    scrape_configs: [
      { job_name: 'bench', honor_labels: true, static_configs: [{ targets: [`127.0.0.1:${exporter}`] }] },
    ],
  };
  writeFileSync(join(data, 'prometheus.yml'), JSON.stringify(configuration));
  const port = await freePort();
  const child = spawn(
    prometheus,
    [
      `--config.file=${join(data, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(data, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { env: { ...process.env, GOMAXPROCS: '1' }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  try {
    // The first evaluation finds no series yet, the second makes the series of its alerts.
    await sleep(2.5 * INTERVAL_SECONDS * 1000);
    const before = await used(port);
    await sleep(EVALUATIONS * INTERVAL_SECONDS * 1000);
    return (await used(port)) - before;
  } finally {
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

/** Seconds of processor time since its start. */
async function used(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const [, seconds] = /^process_cpu_seconds_total (\S+)$/m.exec(metrics) ?? [];
  if (seconds === undefined) throw new Error('Prometheus does not tell its processor time');
  return Number(seconds);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
