import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { Size } from '../constructs/core';
import { compile } from './compile';
import { type Figure, gates, isBroken, renderFigures } from './figure';
import { measureMirror } from './mirror/benchmark';
import { measureProcess } from './process/benchmark';
import { measureRequire } from './require/benchmark';
import { measureRto } from './rto/benchmark';
import { measureRules } from './rules/benchmark';
import { measureSynth } from './synth/benchmark';
import { measureVelero } from './velero/benchmark';

const BENCHMARKS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  require: measureRequire,
  process: measureProcess,
  synth: measureSynth,
  rules: measureRules,
  mirror: measureMirror,
};

const command = new Command('bench')
  .description('measures what the budgets are about; a broken ratio fails, other figures are told')
  .option('--json <file>', 'write the figures there, too')
  .addOption(new Option('--only <name...>', 'some of the benchmarks').choices(Object.keys(BENCHMARKS)))
  .option(
    '--rto <size>',
    'instead: restore of a database of this size against pgBackRest alone, for example 1Gi',
  )
  .option('--velero <size>', 'instead: backup of a volume of this size by Velero against kopia alone')
  .option('--pairs <n>', 'how many times --rto or --velero is measured', '3')
  .option('--name <name>', 'name of the embedded instance of --rto or --velero', 'bench')
  .action(async (options: Options) => {
    const figures = await (onCluster(options) ?? measure(options));
    console.log(`\n${renderFigures(figures)}`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
    process.exitCode = figures.some((figure) => gates(figure) && isBroken(figure)) ? 1 : 0;
  });

interface Options {
  readonly json?: string;
  readonly only?: string[];
  readonly rto?: string;
  readonly velero?: string;
  readonly pairs: string;
  readonly name: string;
}

/** Those that need a cluster, a size and their time. */
function onCluster({ name, pairs, rto, velero }: Options): Promise<readonly Figure[]> | undefined {
  if (rto !== undefined) return measureRto(Size.parse(rto).bytes, name, Number(pairs));
  if (velero !== undefined)
    return measureVelero(Math.round(Size.parse(velero).bytes / 2 ** 20), name, Number(pairs));
  return undefined;
}

async function measure(options: { only?: string[] }): Promise<readonly Figure[]> {
  console.log('compiling …');
  await compile();
  const figures: Figure[] = [];
  for (const name of options.only ?? Object.keys(BENCHMARKS)) {
    console.log(`measuring: ${name} …`);
    figures.push(...((await BENCHMARKS[name]?.()) ?? []));
  }
  return figures;
}

command.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.stack : String(error));
  process.exitCode = 2;
});
