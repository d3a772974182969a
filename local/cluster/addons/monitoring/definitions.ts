import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { moduleDirectory } from '../../../binaries/catalogue';
import { dependencyDirectory } from '../../../binaries/dependency';
import { cached } from '../../../cache/entry';
import type { Progress } from '../../../processes/progress';

const MODULE = 'github.com/prometheus-operator/prometheus-operator';
const FOLDER = 'example/prometheus-operator-crd';

/** The operator's custom resource definitions, as its own module has them. */
export async function definitions(progress: Progress): Promise<readonly object[]> {
  const directory = await cached({
    name: 'definitions-monitoring',
    inputs: { values: { folder: FOLDER }, paths: [moduleDirectory('prometheus-operator')] },
    onWait: progress,
    build: async (draft) => {
      const folder = join(await dependencyDirectory('prometheus-operator', MODULE), FOLDER);
      const objects = readdirSync(folder)
        .filter((file) => file.endsWith('.yaml'))
        .map((file): unknown => parse(readFileSync(join(folder, file), 'utf8')));
      writeFileSync(join(draft, 'objects.json'), JSON.stringify(objects));
    },
  });
  return JSON.parse(readFileSync(join(directory, 'objects.json'), 'utf8')) as object[];
}
