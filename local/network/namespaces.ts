import { existsSync, readdirSync } from 'node:fs';
import { run, tryRun } from '../processes/run';
import type { Addresses } from './addresses';

export type NamespaceRole = 'node' | 'vault';

/** The name of an instance's network namespace, as `ip netns` lists it. */
export function namespaceName(instance: string, role: NamespaceRole): string {
  return `dr-${instance}-${role}`;
}

/** What a process joins. Not by `ip netns exec`: that remounts /sys and hides the cgroups from kubelet. */
export function namespacePath(instance: string, role: NamespaceRole): string {
  return `${NAMESPACES}/${namespaceName(instance, role)}`;
}

const NAMESPACES = '/run/netns';

/** Interface names hold 15 characters, so they carry the index and not the instance's name. */
function links(addresses: Addresses) {
  const index = addresses.index;
  return { hostToNode: `drn${index}`, hostToVault: `drv${index}` };
}

/** Pods and services of the cluster: only inside the node's namespace, so any two clusters may use the same. */
export const POD_RANGE = '10.244.0.0/16';
export const SERVICE_RANGE = '10.96.0.0/16';
export const SERVICE_API = '10.96.0.1';
export const SERVICE_DNS = '10.96.0.10';

/** Makes the vault's namespace and its link to the machine. */
export async function createVaultNamespace(instance: string, addresses: Addresses): Promise<void> {
  const name = namespaceName(instance, 'vault');
  await createNamespace(name);
  await connect({
    name: links(addresses).hostToVault,
    address: addresses.host,
    peerNamespace: name,
    peerName: 'host',
    peerAddress: addresses.vault,
  });
}

/** Makes the node's namespace, its link to the machine, and one to the vault's namespace when that is there. */
export async function createNodeNamespace(instance: string, addresses: Addresses): Promise<void> {
  const name = namespaceName(instance, 'node');
  await createNamespace(name);
  await inNamespace(instance, 'node', ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  await connect({
    name: links(addresses).hostToNode,
    address: addresses.host,
    peerNamespace: name,
    peerName: 'host',
    peerAddress: addresses.node,
  });
  // Programs of the node call services by address, which is rewritten only after a route was found. There is
  // no other way out: what is not rewritten ends at the machine, which has no such address.
  await run('ip', ['-netns', name, 'route', 'add', SERVICE_RANGE, 'dev', 'host', 'src', addresses.node]);
  if (existsSync(namespacePath(instance, 'vault'))) await connectNodeToVault(instance, addresses);
}

/** Joins the two namespaces, whichever of them came first. */
export async function connectNodeToVault(instance: string, addresses: Addresses): Promise<void> {
  await link({ instance, addresses }, { instance, addresses }, 'node');
}

/** An instance and where it is. */
export interface Located {
  readonly instance: string;
  readonly addresses: Addresses;
}

/** Joins the node of an instance that has no vault to the vault of another one. The link goes with the node. */
export async function connectNodeToVaultOf(node: Located, vault: Located): Promise<void> {
  await link(node, vault, `node${node.addresses.index}`);
}

async function link(node: Located, vault: Located, name: string): Promise<void> {
  const namespace = namespaceName(vault.instance, 'vault');
  await tryRun('ip', ['-netns', namespace, 'link', 'delete', name]);
  await connect({
    namespace,
    name,
    address: vault.addresses.vault,
    peerNamespace: namespaceName(node.instance, 'node'),
    peerName: 'vault',
    peerAddress: node.addresses.node,
  });
}

/** Removes a namespace with all its links. Every process inside has to be gone before. */
export async function deleteNamespace(
  instance: string,
  role: NamespaceRole,
  addresses: Addresses,
): Promise<void> {
  const { hostToNode, hostToVault } = links(addresses);
  // The kernel tears a namespace down some time later. A link's address must be free at once.
  await tryRun('ip', ['link', 'delete', role === 'node' ? hostToNode : hostToVault]);
  await tryRun('ip', [
    '-netns',
    namespaceName(instance, role),
    'link',
    'delete',
    role === 'node' ? 'vault' : 'node',
  ]);
  if (existsSync(namespacePath(instance, role))) {
    await run('ip', ['netns', 'delete', namespaceName(instance, role)]);
  }
  // `ip` mounts the folder of namespaces onto itself when it makes the first one.
  if (existsSync(NAMESPACES) && readdirSync(NAMESPACES).length === 0) await tryRun('umount', [NAMESPACES]);
}

/** Runs a command inside a namespace. */
export function inNamespace(
  instance: string,
  role: NamespaceRole,
  command: readonly string[],
): Promise<string> {
  return run('nsenter', [`--net=${namespacePath(instance, role)}`, '--', ...command]);
}

/** Destinations of the machine's own routes. */
export async function hostRoutes(): Promise<string[]> {
  const routes = JSON.parse(await run('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as {
    readonly dst?: string;
  }[];
  return routes.flatMap((route) => (route.dst === undefined ? [] : [route.dst]));
}

async function createNamespace(name: string): Promise<void> {
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['-netns', name, 'link', 'set', 'lo', 'up']);
}

interface LinkProps {
  /** @default the machine's own namespace */
  readonly namespace?: string;
  readonly name: string;
  readonly address: string;
  readonly peerNamespace: string;
  readonly peerName: string;
  readonly peerAddress: string;
}

/** A pair of virtual cables with one address at each end and a route to the other: no network in between. */
async function connect(link: LinkProps): Promise<void> {
  const here = link.namespace === undefined ? [] : ['-netns', link.namespace];
  const there = ['-netns', link.peerNamespace];
  const peer = ['peer', 'name', link.peerName, 'netns', link.peerNamespace];
  await run('ip', [...here, 'link', 'add', link.name, 'type', 'veth', ...peer]);
  await run('ip', [...here, 'address', 'add', link.address, 'peer', link.peerAddress, 'dev', link.name]);
  await run('ip', [...there, 'address', 'add', link.peerAddress, 'peer', link.address, 'dev', link.peerName]);
  await run('ip', [...here, 'link', 'set', link.name, 'up']);
  await run('ip', [...there, 'link', 'set', link.peerName, 'up']);
}
