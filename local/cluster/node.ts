import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../cache/directory';
import { namespacePath } from '../network/namespaces';
import type { ProcessIdentity } from '../processes/identity';
import { type RunResult, tryRun } from '../processes/run';
import { ApiReader } from './api';
import { type ClusterContext, NODE_NAME, startOnNode } from './context';
import { CONTAINERD_SOCKET, writeNodeConfiguration } from './node-configuration';

const HOLDER = 'node';

/** Makes the node's view of the file system and starts containerd in it. Needs no API. */
export async function startContainerd(context: ClusterContext): Promise<void> {
  mkdirSync(context.paths.node, { recursive: true });
  writeNodeConfiguration(context);
  const mounted = join(context.paths.node, 'lib', 'node-mounted');
  const script = join(__dirname, 'node-mounts.sh');
  const holder = await startOnNode(context, {
    name: HOLDER,
    command: 'unshare',
    args: ['--mount', '--propagation', 'unchanged', 'sh', script, context.paths.node, cacheDirectory()],
    ready: async () => existsSync(mounted),
  });
  await startOnNode(context, {
    name: 'containerd',
    command: 'containerd',
    args: ['--config', join(context.paths.configuration, 'containerd.toml')],
    mountsOf: holder,
    // Kubelet exits when it finds no socket.
    ready: async () => (await ctr(context, ['version'])).exitCode === 0,
  });
}

/** Starts kubelet and kube-proxy; resolves when the node is Ready. */
export async function startKubelet(context: ClusterContext): Promise<void> {
  const mountsOf = nodeHolder(context);
  const api = new ApiReader(context);
  await startOnNode(context, {
    name: 'kube-proxy',
    command: join(context.programs, 'kube-proxy'),
    args: [`--config=${join(context.paths.configuration, 'proxy.json')}`, `--hostname-override=${NODE_NAME}`],
    mountsOf,
  });
  await startOnNode(context, {
    name: 'kubelet',
    command: join(context.programs, 'kubelet'),
    args: [
      `--config=${join(context.paths.configuration, 'kubelet.json')}`,
      `--kubeconfig=${join(context.paths.configuration, 'kubelet.kubeconfig')}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${context.addresses.node}`,
    ],
    mountsOf,
    ready: () => api.nodeReady(),
    readyTimeoutMs: 120_000,
  });
}

/** Runs containerd's client on the node. */
export function ctr(context: ClusterContext, args: readonly string[]): Promise<RunResult> {
  const holder = nodeHolder(context);
  const joins = [
    `--net=${namespacePath(context.instance, 'node')}`,
    `--mount=/proc/${holder.pid}/ns/mnt`,
    '--wdns=/',
  ];
  return tryRun('nsenter', [
    ...joins,
    '--',
    'ctr',
    '--address',
    CONTAINERD_SOCKET,
    '--namespace',
    'k8s.io',
    ...args,
  ]);
}

function nodeHolder(context: ClusterContext): ProcessIdentity {
  const holder = context.supervisor.records.find(HOLDER);
  if (holder === undefined) throw new Error(`The node of instance ${context.instance} has not been started.`);
  return holder;
}
