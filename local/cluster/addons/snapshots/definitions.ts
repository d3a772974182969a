import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { moduleDirectory } from '../../../binaries/catalogue';
import { dependencyDirectory } from '../../../binaries/dependency';
import { cached } from '../../../cache/entry';
import type { Progress } from '../../../processes/progress';

const MODULE = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
const FOLDER = 'config/crd';

/** The custom resource definitions of snapshots and of groups of them, as the client's module has them. */
export async function definitions(progress: Progress): Promise<readonly object[]> {
  const directory = await cached({
    name: 'definitions-snapshots',
    inputs: { values: { folder: FOLDER }, paths: [moduleDirectory('snapshot-controller')] },
    onWait: progress,
    build: async (draft) => {
      const folder = join(await dependencyDirectory('snapshot-controller', MODULE), FOLDER);
      const objects = readdirSync(folder)
        .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
        .map((file): unknown => parse(readFileSync(join(folder, file), 'utf8')));
      writeFileSync(join(draft, 'objects.json'), JSON.stringify(objects));
    },
  });
  return JSON.parse(readFileSync(join(directory, 'objects.json'), 'utf8')) as object[];
}
