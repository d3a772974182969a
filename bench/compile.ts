import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './program';

/** Compiled as the published package is, together with the platform and the benchmarks' own processes. */
export const COMPILED = join(ROOT, 'node_modules/.cache/cdktf-disaster-recovery/bench');

export async function compile(): Promise<void> {
  await run(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '--project',
    join(ROOT, 'bench/tsconfig.json'),
  ]);
  cpSync(join(ROOT, 'constructs'), join(COMPILED, 'constructs'), {
    recursive: true,
    filter: (source) => !source.endsWith('.ts'),
  });
}
