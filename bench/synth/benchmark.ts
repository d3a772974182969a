import { rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPILED } from '../compile';
import type { Figure } from '../figure';
import { measureIn, run, withScratch } from '../program';
import { byTurns, listed, median } from '../statistics';
import type { Measurement } from './measured';

const DATABASES = 300;
const MANY = 1000;
const ROUNDS = 5;
const LONG_ROUNDS = 3;

/**
 * A synth of this library against the framework alone, which is given the very arguments that the library
 * gives to the typed resources, already computed: that they emit the same is checked byte by byte.
 */
export async function measureSynth(): Promise<readonly Figure[]> {
  return withScratch(async (directory) => {
    const recording = join(directory, 'recording.json');
    await run(process.execPath, [
      module('record'),
      String(DATABASES),
      join(directory, 'recorded'),
      recording,
    ]);
    const bare = (...variant: string[]) =>
      synth(directory, 'bare', [recording, join(directory, 'bare'), ...variant]);
    const ours = (databases: number) =>
      synth(directory, 'ours', [String(databases), join(directory, 'ours')]);

    await bare();
    await ours(DATABASES);
    const resources = await checkEqual(join(directory, 'bare'), join(directory, 'ours'));
    const rounds = await byTurns(ROUNDS, {
      bare: () => bare(),
      ours: () => ours(DATABASES),
      plain: () => bare('plain'),
    });
    const growth = await byTurns(LONG_ROUNDS, { some: () => ours(DATABASES), many: () => ours(MANY) });
    return [
      ratio(
        `synth of ${DATABASES} databases / cdktf alone, as it comes`,
        1.3,
        rounds.map((round) => [round.bare, round.ours]),
        `${resources} resources`,
      ),
      ratio(
        'the same / cdktf alone, spared its creation stacks as well',
        undefined,
        rounds.map((round) => [round.plain, round.ours]),
      ),
      ratio(
        `${MANY} databases / ${DATABASES}, per database`,
        1.2,
        growth.map((round) => [round.some, perDatabase(round.many)]),
      ),
    ];
  });
}

/** As if there were only as many databases as in the other. */
function perDatabase({ milliseconds, cpuMilliseconds, peakBytes }: Measurement): Measurement {
  const share = DATABASES / MANY;
  return { milliseconds: milliseconds * share, cpuMilliseconds: cpuMilliseconds * share, peakBytes };
}

function module(name: string): string {
  return join(COMPILED, 'bench/synth', `${name}.js`);
}

/** Into an empty folder each time. */
function synth(directory: string, name: string, args: readonly string[]): Promise<Measurement> {
  rmSync(join(directory, name), { recursive: true, force: true });
  return measureIn<Measurement>(module(name), args);
}

/**
 * Compares processor time: on a machine that does other things as well, waiting for a turn says nothing
 * about either side. The clock's ratio is told beside it.
 */
function ratio(
  name: string,
  budget: number | undefined,
  pairs: readonly (readonly [Measurement, Measurement])[],
  remark?: string,
): Figure {
  const ratios = (of: (measurement: Measurement) => number) =>
    pairs.map(([one, other]) => of(other) / of(one));
  const processor = ratios(({ cpuMilliseconds }) => cpuMilliseconds);
  const seconds = (side: 0 | 1) => median(pairs.map((pair) => pair[side].cpuMilliseconds / 1000)).toFixed(1);
  const peaks = ([0, 1] as const).map((side) => Math.max(...pairs.map((pair) => pair[side].peakBytes)) / 1e6);
  return {
    name,
    value: median(processor),
    unit: '×',
    ...(budget === undefined ? {} : { budget }),
    detail: [
      `${seconds(1)} s / ${seconds(0)} s of processor time: ${listed(processor)}`,
      `by the clock ${listed(ratios(({ milliseconds }) => milliseconds))}`,
      `peak ${peaks[1]?.toFixed(0)} MB / ${peaks[0]?.toFixed(0)} MB`,
      ...(remark === undefined ? [] : [remark]),
    ].join('; '),
  };
}

/** Both sides must have emitted the same stacks; returns the number of resources in them. */
async function checkEqual(one: string, other: string): Promise<number> {
  let resources = 0;
  for (const stack of await readdir(join(one, 'stacks'))) {
    const [bare, ours] = await Promise.all(
      [one, other].map((side) => readFile(join(side, 'stacks', stack, 'cdk.tf.json'), 'utf8')),
    );
    if (bare !== ours) throw new Error(`the two sides emit different things in ${stack}`);
    const { resource = {} } = JSON.parse(bare ?? '') as { resource?: Record<string, object> };
    for (const ofType of Object.values(resource)) resources += Object.keys(ofType).length;
  }
  return resources;
}
