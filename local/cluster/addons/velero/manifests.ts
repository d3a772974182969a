import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary } from '../../../binaries/build';
import { moduleDirectory } from '../../../binaries/catalogue';
import { cached } from '../../../cache/entry';
import { imageName } from '../../../images/name';
import type { Progress } from '../../../processes/progress';
import { run } from '../../../processes/run';

/** A Kubernetes object, as far as it matters here. */
export interface VeleroObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** It asks for a cluster before it prints, and does not speak to it. */
const NO_CLUSTER = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'none',
  contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
  clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'none', user: {} }],
};

/** What Velero's own installer would make: its definitions, server and node agent, without a location or keys. */
export async function manifests(namespace: string, progress: Progress): Promise<readonly VeleroObject[]> {
  const args = [
    'install',
    '--dry-run',
    '--output=json',
    `--namespace=${namespace}`,
    `--image=${imageName('velero')}`,
    `--plugins=${imageName('velero-plugin-for-aws')}`,
    '--no-default-backup-location',
    '--use-volume-snapshots=false',
    '--no-secret',
    '--use-node-agent',
    // Requests would keep pods of a small node waiting; its defaults are for real clusters.
    '--velero-pod-cpu-request=50m',
    '--velero-pod-mem-request=64Mi',
    '--node-agent-pod-cpu-request=50m',
    '--node-agent-pod-mem-request=64Mi',
  ];
  const directory = await cached({
    name: 'objects-velero',
    inputs: { values: { args: args.join(' ') }, paths: [moduleDirectory('velero')] },
    onWait: progress,
    build: async (draft) => {
      const program = await binary('velero', progress);
      const kubeconfig = join(draft, 'kubeconfig');
      writeFileSync(kubeconfig, JSON.stringify(NO_CLUSTER));
      const text = await run(program, args, {
        environment: { ...process.env, KUBECONFIG: kubeconfig, HOME: draft },
      });
      // Words for people follow the objects.
      writeFileSync(join(draft, 'objects.json'), text.slice(0, text.lastIndexOf('\n}') + 2));
    },
  });
  const list = JSON.parse(readFileSync(join(directory, 'objects.json'), 'utf8')) as {
    readonly items: readonly VeleroObject[];
  };
  return list.items;
}
