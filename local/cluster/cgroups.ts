import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, type ProcessIdentity } from '../processes/identity';

/** How this machine's control groups are laid out. */
export interface CgroupLayout {
  readonly version: 1 | 2;
  /** Mount points of the hierarchies: one per controller in version 1, a single one in version 2. */
  readonly hierarchies: readonly string[];
  /** Mount points in which runc may leave groups of ours: the above, and version 2 beside version 1. */
  readonly swept: readonly string[];
  /** The hierarchy in which an instance's processes are found again. */
  readonly tracking: string;
}

/** @param mounts text of /proc/mounts */
export function cgroupLayout(mounts: string = readFileSync('/proc/mounts', 'utf8')): CgroupLayout {
  const entries = mounts.split('\n').map((line) => line.split(' '));
  const at = (type: string): string[] =>
    entries.flatMap(([, path, kind]) => (kind === type && path !== undefined ? [path] : []));
  const version1 = [...new Set(at('cgroup'))];
  if (version1.length > 0) {
    const tracking =
      version1.find((path) => path.split('/').pop()?.split(',').includes('pids')) ?? version1[0] ?? '';
    return { version: 1, hierarchies: version1, swept: [...version1, ...at('cgroup2')], tracking };
  }
  const unified = at('cgroup2')[0];
  if (unified === undefined) {
    throw new Error('No control groups are mounted. Mount them: `mount -t cgroup2 none /sys/fs/cgroup`.');
  }
  return { version: 2, hierarchies: [unified], swept: [unified], tracking: unified };
}

/**
 * The control groups of an instance: `dr-<name>/<part>`. Whatever runs in
 * there is the instance's, however it came to be: containers, their shims,
 * processes whose record was never written.
 */
export class Cgroups {
  readonly #name: string;
  readonly layout: CgroupLayout;

  constructor(instance: string, layout: CgroupLayout = cgroupLayout()) {
    this.#name = `dr-${instance}`;
    this.layout = layout;
  }

  /** What kubelet gets as its root; pods live below it. */
  get root(): string {
    return `/${this.#name}`;
  }

  /** Makes the group of a part of the instance and returns the folder that a process joins. */
  create(part: string): string {
    for (const hierarchy of this.layout.hierarchies) {
      const path = join(hierarchy, this.#name);
      mkdirSync(path, { recursive: true });
      if (this.layout.version === 1) inheritCpus(hierarchy, path);
      else delegate(hierarchy, path);
    }
    const joined = join(this.layout.tracking, this.#name, part);
    mkdirSync(joined, { recursive: true });
    return joined;
  }

  /** Every live process of the named parts. */
  processes(parts: readonly string[]): ProcessIdentity[] {
    return parts
      .flatMap((part) => pidsBelow(join(this.layout.tracking, this.#name, part)))
      .flatMap((pid) => identify(pid) ?? []);
  }

  /** Removes the groups of the named parts, and the instance's own when nothing else is left in it. */
  remove(parts: readonly string[]): void {
    for (const hierarchy of this.layout.swept) {
      const own = join(hierarchy, this.#name);
      for (const part of parts) removeTree(join(own, part));
      if (existsSync(own) && folders(own).length === 0) removeTree(own);
    }
  }
}

/** In version 1 a new cpuset is empty, and nothing can run in an empty one. */
function inheritCpus(parent: string, child: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const path = join(child, file);
    if (existsSync(path) && readFileSync(path, 'utf8').trim() === '') {
      writeFileSync(path, readFileSync(join(parent, file), 'utf8').trim());
    }
  }
}

/** In version 2 a controller works below a group only where that group passes it on. */
function delegate(parent: string, child: string): void {
  for (const group of [parent, child]) {
    for (const controller of ['cpuset', 'cpu', 'io', 'memory', 'pids']) {
      try {
        writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`);
      } catch {
        // Not available here. Kubelet names the ones it cannot do without.
      }
    }
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(path, entry.name)] : [],
    );
  } catch {
    return [];
  }
}

function pidsBelow(path: string): number[] {
  let own: number[] = [];
  try {
    own = readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    // The group has gone, and its processes with it.
  }
  return [...own, ...folders(path).flatMap(pidsBelow)];
}

function removeTree(path: string): void {
  for (const child of folders(path)) removeTree(child);
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
