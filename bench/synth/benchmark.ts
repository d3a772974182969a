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
const PAIRS = 5;

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

    const asItComes = await byTurns(
      PAIRS,
      () => bare(),
      () => ours(DATABASES),
    );
    const resources = await checkEqual(join(directory, 'bare'), join(directory, 'ours'));
    const plain = await byTurns(
      PAIRS,
      () => bare('plain'),
      () => ours(DATABASES),
    );
    const growth = await byTurns(
      3,
      () => ours(DATABASES),
      () => ours(MANY),
    );
    return [
      ratio(`synth of ${DATABASES} databases / cdktf alone`, 1.3, asItComes, 1, `${resources} resources`),
      ratio('the same, cdktf spared its creation stacks, too', 1.3, plain, 1),
      ratio(`per database, ${MANY} databases / ${DATABASES}`, 1.2, growth, MANY / DATABASES),
    ];
  });
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
  budget: number,
  pairs: readonly (readonly [Measurement, Measurement])[],
  per: number,
  remark = '',
): Figure {
  const of = (value: (measurement: Measurement) => number) =>
    pairs.map(([one, other]) => value(other) / value(one) / per);
  const processor = of(({ cpuMilliseconds }) => cpuMilliseconds);
  const clock = of(({ milliseconds }) => milliseconds);
  const [one, other] = [0, 1].map((side) =>
    median(pairs.map((pair) => (pair[side] as Measurement).cpuMilliseconds / 1000)),
  ) as [number, number];
  return {
    name,
    value: median(processor),
    unit: '×',
    budget,
    detail: `${other.toFixed(1)} s / ${one.toFixed(1)} s of processor time${remark && `, ${remark}`}; pairs ${listed(processor)}; by the clock ${listed(clock)}`,
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
