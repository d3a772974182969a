import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPILED } from '../compile';
import type { Figure } from '../figure';
import { measureIn, ROOT } from '../program';
import { median } from '../statistics';
import type { Requiring } from './timed';

const RUNS = 5;

/** Each entry of the package by itself, in a fresh process. */
export async function measureRequire(): Promise<readonly Figure[]> {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const figures: Figure[] = [];
  for (const [entry, file] of Object.entries(exports)) {
    const runs: Requiring[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      runs.push(
        await measureIn<Requiring>(join(COMPILED, 'bench/require/timed.js'), [
          join(COMPILED, file.replace(/^\.\/dist\//, '')),
        ]),
      );
    }
    const own = median(runs.map((run) => run.milliseconds - run.packageMilliseconds));
    const fastest = Math.min(...runs.map((run) => run.milliseconds));
    figures.push({
      name: `requiring ${entry.slice(2)}`,
      value: median(runs.map((run) => run.milliseconds)),
      unit: 'ms',
      budget: 150,
      detail: `${own.toFixed(0)} ms without the framework, its bindings and other packages; fastest ${fastest.toFixed(0)}`,
    });
  }
  return figures;
}
