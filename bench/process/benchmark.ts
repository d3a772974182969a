import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILED } from '../compile';
import type { Figure } from '../figure';
import { type ProcessMeasurement, ROOT, timeCommand, withScratch } from '../program';
import { byTurns, listed, median } from '../statistics';

const RUNS = 5;

/** The whole process that synthesises one environment, by `npm run synth` and compiled beforehand. */
export async function measureProcess(): Promise<readonly Figure[]> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { synth: string };
  };
  return withScratch(async (directory) => {
    const env = { ENVIRONMENT: 'local', CDKTF_OUTDIR: join(directory, 'out') };
    const runs = await byTurns(RUNS, {
      compiled: () => timeCommand(`exec node ${COMPILED}/main.js`, env),
      script: () => timeCommand(scripts.synth, env),
    });
    return [
      ...figures(
        'compiled beforehand',
        runs.map(({ compiled }) => compiled),
      ),
      ...figures(
        'npm run synth without npm',
        runs.map(({ script }) => script),
      ),
    ];
  });
}

function figures(how: string, runs: readonly ProcessMeasurement[]): readonly Figure[] {
  const seconds = runs.map((run) => run.seconds);
  const processor = median(runs.map(({ cpuSeconds }) => cpuSeconds));
  const megabytes = runs.map(({ peakBytes }) => peakBytes / 1e6);
  return [
    {
      name: `one environment, ${how}`,
      value: median(seconds),
      unit: 's',
      budget: 1.5,
      detail: `whole process; ${listed(seconds)}; processor time ${processor.toFixed(2)} s`,
    },
    {
      name: `one environment, ${how}`,
      value: median(megabytes),
      unit: 'MB',
      budget: 250,
      detail: `peak memory; ${listed(megabytes, 0)}`,
    },
  ];
}
