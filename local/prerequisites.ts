import { existsSync } from 'node:fs';
import type { Progress } from './processes/progress';
import { run, tryRun } from './processes/run';

/** Debian packages by a file that each brings. */
export const PACKAGES: Readonly<Record<string, string>> = {
  containerd: '/usr/bin/containerd',
  runc: '/usr/sbin/runc',
  'etcd-server': '/usr/bin/etcd',
  buildah: '/usr/bin/buildah',
  mmdebstrap: '/usr/bin/mmdebstrap',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
  'containernetworking-plugins': '/usr/lib/cni/ptp',
  conntrack: '/usr/sbin/conntrack',
  iptables: '/usr/sbin/iptables',
  iproute2: '/sbin/ip',
};

const NODE = [20, 19] as const;
const GO = [1, 24] as const;
const TERRAFORM = [1, 11] as const;

/** Checks that this machine can carry a cluster, and installs the packages it lacks. */
export async function ensurePrerequisites(progress: Progress): Promise<void> {
  const faults = [...checkMachine(), ...(await checkVersions(progress))];
  if (faults.length > 0)
    throw new Error(`This machine cannot run the local cluster:\n${faults.map((f) => `- ${f}`).join('\n')}`);
  await ensurePackages(PACKAGES, progress);
}

/** Installs those of the packages, each known by a file that it brings, that are not there. */
export async function ensurePackages(
  packages: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<void> {
  const missing = missingPackages(packages);
  if (missing.length > 0) await install(missing, progress);
}

/** @param exists whether a file is there */
export function missingPackages(
  packages: Readonly<Record<string, string>> = PACKAGES,
  exists: (path: string) => boolean = existsSync,
): string[] {
  return Object.entries(packages).flatMap(([name, file]) => (exists(file) ? [] : [name]));
}

function checkMachine(): string[] {
  const faults: string[] = [];
  if (process.platform !== 'linux') {
    return [
      'It is not Linux. Use a Linux virtual machine, or an existing cluster with `--cluster existing`.',
    ];
  }
  if (process.getuid?.() !== 0)
    faults.push('Namespaces and mounts need root. Run the command as root, or with sudo.');
  if (!existsSync('/usr/bin/apt-get'))
    faults.push('There is no apt-get. Debian 12 or 13 is what this was tried on.');
  return faults;
}

async function checkVersions(progress: Progress): Promise<string[]> {
  const faults: string[] = [];
  const node = parseVersion(process.version);
  if (!atLeast(node, NODE)) faults.push(`Node is ${process.version}. Install ${NODE.join('.')} or later.`);
  const go = await versionOf('go', ['version']);
  if (!atLeast(go, GO)) faults.push(`Go is ${go?.join('.') ?? 'missing'}. Install ${GO.join('.')} or later.`);
  const terraform = await versionOf('terraform', ['version']);
  if (!atLeast(terraform, TERRAFORM)) {
    progress(
      `Terraform is ${terraform?.join('.') ?? 'missing'}: deploying with it needs ${TERRAFORM.join('.')} or later ` +
        '(write-only attributes); the kit deploys without it',
    );
  }
  return faults;
}

async function versionOf(command: string, args: readonly string[]): Promise<readonly number[] | undefined> {
  try {
    const result = await tryRun(command, args, { environment: { ...process.env, CHECKPOINT_DISABLE: '1' } });
    return parseVersion(result.stdout);
  } catch {
    return undefined;
  }
}

/** The first number with a dot in a text: `go version go1.24.1 linux/amd64` is 1, 24. */
export function parseVersion(text: string): readonly number[] | undefined {
  const found = /(\d+)\.(\d+)/.exec(text);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

export function atLeast(version: readonly number[] | undefined, wanted: readonly [number, number]): boolean {
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version;
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}

/** Services that come with a package. */
const SERVICES: Readonly<Record<string, string>> = {
  containerd: 'containerd.service',
  'etcd-server': 'etcd.service',
  'prometheus-pushgateway': 'prometheus-pushgateway.service',
};

async function install(packages: readonly string[], progress: Progress): Promise<void> {
  progress(`installing Debian packages onto this machine with apt-get: ${packages.join(' ')}`);
  // Without systemd this keeps their services from being started.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['update'], { environment });
  await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { environment });
  const services = packages.flatMap((name) => SERVICES[name] ?? []);
  if (services.length === 0 || !existsSync('/run/systemd/system')) return;
  progress(`stopping and disabling ${services.join(' and ')}, which came along: the cluster starts its own`);
  await run('systemctl', ['disable', '--now', ...services]);
}
