import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { Alerting } from '../../constructs/alerts';
import { App, withoutCreationStacks } from '../../constructs/core';
import { synthesise } from '../../constructs/recovery/synthesise';
import { binary } from '../../local/binaries/build';
import { declareEnvironment } from '../../stacks';
import type { Figure } from '../figure';
import { withScratch } from '../program';
import { listed, median } from '../statistics';
import { platformOf } from '../synth/platform';

const DATABASES = 300;
const ROUNDS = 3;
const INTERVAL_SECONDS = 15;

interface RulesFile {
  readonly groups: readonly { readonly rules: readonly unknown[] }[];
}
interface TestsFile {
  readonly tests: readonly { readonly input_series: readonly { readonly series: string }[] }[];
}

/** How long a Prometheus with one core takes for all rules of 300 databases, every series of their tests being there. */
export async function measureRules(): Promise<readonly Figure[]> {
  const prometheus = await binary('prometheus', console.log);
  return withScratch(async (directory) => {
    const { rules, series } = declare(directory);
    const exporter = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(series.map((name) => `${name} 1\n`).join(''));
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    try {
      const port = (exporter.address() as AddressInfo).port;
      const rounds = await evaluate(prometheus, directory, port);
      return [
        {
          name: `evaluation of the rules of ${DATABASES} databases, one core`,
          value: median(rounds),
          unit: 's',
          budget: 1,
          detail: `${listed(rounds)}; ${rules} rules, ${series.length} series`,
        },
      ];
    } finally {
      exporter.close();
    }
  });
}

function declare(directory: string): { rules: number; series: string[] } {
  const app = new App({ outdir: directory });
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', delivery: 'files' });
  withoutCreationStacks(() => declareEnvironment(app, { ...platformOf(DATABASES), alerting }));
  synthesise(app);
  const read = <T>(name: string): T =>
    parse(readFileSync(join(directory, 'recovery/bench', name), 'utf8'), { maxAliasCount: -1 }) as T;
  return {
    rules: read<RulesFile>('rules.yaml').groups.reduce((sum, { rules }) => sum + rules.length, 0),
    series: [
      ...new Set(
        read<TestsFile>('rules.test.yaml').tests.flatMap(({ input_series }) =>
          // Without labels it would be everybody's.
          input_series.map(({ series }) => series).filter((name) => name.includes('{')),
        ),
      ),
    ],
  };
}

/** Seconds of each round, all groups together. */
async function evaluate(prometheus: string, directory: string, exporter: number): Promise<number[]> {
  const data = join(directory, 'prometheus');
  mkdirSync(data);
  const configuration = {
    global: { scrape_interval: '5s', evaluation_interval: `${INTERVAL_SECONDS}s` },
    rule_files: [join(directory, 'recovery/bench/rules.yaml')],
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
    const rounds: number[] = [];
    // The first evaluations find no series yet.
    await sleep(2 * INTERVAL_SECONDS * 1000);
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(INTERVAL_SECONDS * 1000);
      rounds.push(await lastEvaluation(port));
    }
    return rounds;
  } finally {
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

async function lastEvaluation(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/rules`);
  const { data } = (await response.json()) as {
    data: { groups: { evaluationTime: number; lastEvaluation: string }[] };
  };
  if (data.groups.some(({ lastEvaluation }) => lastEvaluation.startsWith('0001')))
    throw new Error('some groups were not evaluated yet: the machine is too slow for this figure');
  return data.groups.reduce((sum, { evaluationTime }) => sum + evaluationTime, 0);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
