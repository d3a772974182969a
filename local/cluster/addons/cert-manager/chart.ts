import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { binary } from '../../../binaries/build';
import { binaryDefinition, moduleDirectory } from '../../../binaries/catalogue';
import { dependencyDirectory } from '../../../binaries/dependency';
import { cached } from '../../../cache/entry';
import type { Progress } from '../../../processes/progress';
import { run } from '../../../processes/run';

const MODULE = 'github.com/cert-manager/cert-manager';
const RELEASE = 'cert-manager';

export interface ChartProps {
  readonly namespace: string;
  readonly values: object;
}

/** A Kubernetes object, as far as it matters here. */
export interface ChartObject {
  readonly kind: string;
}

/** The objects of cert-manager's own chart, its custom resource definitions among them. */
export async function chart(
  { namespace, values }: ChartProps,
  progress: Progress,
): Promise<readonly ChartObject[]> {
  const kubernetes = binaryDefinition('kubernetes').version;
  const input = JSON.stringify(values);
  const directory = await cached({
    name: 'objects-cert-manager',
    inputs: {
      values: { kubernetes, namespace, values: input },
      paths: [moduleDirectory('cert-manager-chart')],
    },
    onWait: progress,
    build: async (draft) => {
      const program = await binary('cert-manager-chart', progress);
      const folder = await completeChart(join(draft, 'chart'));
      const text = await run(program, [folder, RELEASE, namespace, `v${kubernetes}`], { input });
      const objects = parseAllDocuments(text).flatMap((document): unknown => document.toJS() ?? []);
      rmSync(folder, { recursive: true });
      writeFileSync(join(draft, 'objects.json'), JSON.stringify(objects));
    },
  });
  return JSON.parse(readFileSync(join(directory, 'objects.json'), 'utf8')) as ChartObject[];
}

/** The module holds the parts of the chart, as its release puts them together: with a version, and the definitions. */
async function completeChart(folder: string): Promise<string> {
  const deploy = join(await dependencyDirectory('cert-manager-chart', MODULE), 'deploy');
  cpSync(join(deploy, 'charts', 'cert-manager'), folder, { recursive: true });
  cpSync(join(deploy, 'crds'), join(folder, 'templates'), {
    recursive: true,
    filter: (path) => !path.endsWith('.md'),
  });
  const template = readFileSync(join(folder, 'Chart.template.yaml'), 'utf8');
  const version = `v${binaryDefinition('cert-manager-chart').version}`;
  writeFileSync(join(folder, 'Chart.yaml'), template.replaceAll('v0.1.0', version));
  return folder;
}
