import { join } from 'node:path';
import type { Addresses } from '../network/addresses';
import { namespacePath } from '../network/namespaces';
import type { Progress } from '../processes/progress';
import type { StartProps, Supervisor } from '../processes/supervisor';
import type { Cgroups } from './cgroups';

/** What every part of one instance's cluster needs to know. */
export interface ClusterContext {
  readonly instance: string;
  readonly addresses: Addresses;
  readonly supervisor: Supervisor;
  readonly cgroups: Cgroups;
  readonly progress: Progress;
  readonly paths: ClusterPaths;
  /** Folder of Kubernetes' programs. */
  readonly programs: string;
}

/** Everything of the cluster lies in one folder: the disaster removes it whole. */
export interface ClusterPaths {
  readonly root: string;
  readonly pki: string;
  readonly configuration: string;
  readonly kubeconfig: string;
  /** What the node sees as /var/lib and /var/log. */
  readonly node: string;
  readonly volumes: string;
}

export function clusterPaths(instanceDirectory: string): ClusterPaths {
  const root = join(instanceDirectory, 'cluster');
  return {
    root,
    pki: join(root, 'pki'),
    configuration: join(root, 'configuration'),
    kubeconfig: join(root, 'kubeconfig'),
    node: join(root, 'node'),
    volumes: join(root, 'node', 'lib', 'volumes'),
  };
}

export const NODE_NAME = 'node';
export const API_PORT = 6443;
/** Part of the instance's control groups in which the cluster's own programs run; kubelet makes `kubepods`. */
export const NODE_CGROUP = 'node';
export const CLUSTER_CGROUPS = [NODE_CGROUP, 'kubepods'] as const;

export function apiUrl(context: ClusterContext): string {
  return `https://${context.addresses.node}:${API_PORT}`;
}

/** Starts a program in the node's network, tracked by the node's control group. */
export function startOnNode(
  context: ClusterContext,
  props: Omit<StartProps, 'network' | 'cgroups'>,
): ReturnType<Supervisor['start']> {
  return context.supervisor.start({
    ...props,
    network: namespacePath(context.instance, 'node'),
    cgroups: [context.cgroups.create(NODE_CGROUP)],
  });
}
