import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { binaryDirectory } from './binaries/build';
import { ADDONS, type AddonName } from './cluster/addons/catalogue';
import { Cgroups } from './cluster/cgroups';
import { LocalCluster } from './cluster/cluster';
import { type ClusterContext, clusterPaths } from './cluster/context';
import { destroyCluster } from './cluster/destroy';
import {
  addressesOf,
  type InstanceState,
  instanceDirectory,
  readState,
  removeState,
  writeState,
} from './instance-state';
import type { Addresses } from './network/addresses';
import {
  connectNodeToVault,
  connectNodeToVaultOf,
  createVaultNamespace,
  deleteNamespace,
  type Located,
  namespacePath,
} from './network/namespaces';
import { onInterrupt } from './processes/interrupt';
import type { Lock } from './processes/lock';
import type { Progress } from './processes/progress';
import { endCommands } from './processes/run';
import { Supervisor } from './processes/supervisor';
import { startVaultServer, type VaultServer, vaultHost } from './vault-server/vault-server';

/** How the cluster is reached from the machine. */
export interface Cluster {
  /** Path of a kubeconfig with the administrator's rights. */
  readonly kubeconfig: string;
  /** Path of the kubectl that was built with the cluster. */
  readonly kubectl: string;
  readonly nodeAddress: string;
}

/** A vault and a cluster that may be lost, with networks, processes and files of their own. */
export interface Instance {
  readonly name: string;
  readonly directory: string;
  startVault(): Promise<VaultServer>;
  /** Instead of a vault of its own: that of another instance, for the cluster that is started next. */
  useVaultOf(other: string): void;
  /** Resolves when the API answers and the node is Ready; its image store is empty. */
  startCluster(): Promise<Cluster>;
  /**
   * Imports images from their archives and starts DNS and storage. May run beside startCluster.
   * @param names images beyond the cluster's own. @default all usual ones
   */
  importImages(names?: readonly string[]): Promise<void>;
  /**
   * What not every cluster has; resolves when it is ready. It is built when it is asked for first, which takes minutes.
   * DNS and storage have to be there: `importImages` has resolved.
   */
  install(name: AddonName): Promise<void>;
  /** The disaster: everything but the vault is killed and wiped. */
  destroyCluster(): Promise<void>;
  /** Ends everything and removes it, the vault's data too. */
  down(): Promise<void>;
  /** Lets everything run on when this process ends; `attachInstance` finds it again. */
  leaveRunning(): void;
}

/** Part of the instance's control groups in which the vault runs: not one of the cluster's. */
const VAULT_CGROUP = 'vault';

/** An instance that this process holds. */
export class RunningInstance implements Instance {
  readonly name: string;
  readonly directory: string;
  readonly #state: InstanceState;
  readonly #addresses: Addresses;
  readonly #context: ClusterContext;
  readonly #vault: Supervisor;
  readonly #lock: Lock;
  readonly #vaultProgram: string;
  readonly #ignoreInterrupts: () => void;
  readonly #underWay = new Set<Promise<unknown>>();
  #cluster: LocalCluster | undefined;
  #lender: Located | undefined;

  static async create(state: InstanceState, held: Lock, progress: Progress): Promise<RunningInstance> {
    const programs = await binaryDirectory('kubernetes');
    const vaultProgram = join(await binaryDirectory('versitygw'), 'versitygw');
    return new RunningInstance(state, held, progress, programs, vaultProgram);
  }

  private constructor(
    state: InstanceState,
    held: Lock,
    progress: Progress,
    programs: string,
    vaultProgram: string,
  ) {
    this.name = state.name;
    this.directory = instanceDirectory(state.name);
    this.#state = state;
    this.#lock = held;
    this.#vaultProgram = vaultProgram;
    this.#addresses = addressesOf(state);
    const logs = join(this.directory, 'logs');
    mkdirSync(logs, { recursive: true });
    this.#vault = new Supervisor({ records: join(this.directory, 'vault-processes'), logs });
    this.#context = {
      instance: state.name,
      addresses: this.#addresses,
      supervisor: new Supervisor({ records: join(this.directory, 'cluster-processes'), logs }),
      cgroups: new Cgroups(state.name),
      progress,
      paths: clusterPaths(this.directory),
      programs,
    };
    this.#ignoreInterrupts = onInterrupt(async (signal) => {
      progress(`${signal}: ending instance ${this.name}`);
      endCommands();
      await this.down();
    });
  }

  startVault(): Promise<VaultServer> {
    return this.#track(async () => {
      await createVaultNamespace(this.name, this.#addresses);
      if (existsSync(namespacePath(this.name, 'node'))) await connectNodeToVault(this.name, this.#addresses);
      const vault = await startVaultServer({
        instance: this.name,
        directory: this.directory,
        addresses: this.#addresses,
        supervisor: this.#vault,
        cgroup: this.#context.cgroups.create(VAULT_CGROUP),
        program: this.#vaultProgram,
      });
      return vault;
    });
  }

  useVaultOf(other: string): void {
    const state = readState(other);
    if (state === undefined) throw new Error(`There is no instance ${other} whose vault could be used.`);
    this.#lender = { instance: other, addresses: addressesOf(state) };
  }

  startCluster(): Promise<Cluster> {
    return this.#track(async () => {
      const lender = this.#lender ?? { instance: this.name, addresses: this.#addresses };
      const hosts = { [vaultHost(lender.instance)]: lender.addresses.vault };
      this.#cluster = new LocalCluster(this.#context, hosts);
      await this.#cluster.start();
      if (this.#lender !== undefined)
        await connectNodeToVaultOf({ instance: this.name, addresses: this.#addresses }, this.#lender);
      return {
        kubeconfig: this.#context.paths.kubeconfig,
        kubectl: this.#cluster.kubectl,
        nodeAddress: this.#addresses.node,
      };
    });
  }

  importImages(names?: readonly string[]): Promise<void> {
    return this.#track(async () => {
      if (this.#cluster === undefined)
        throw new Error('Images are imported into a cluster: call startCluster first.');
      await this.#cluster.importImages(names);
    });
  }

  install(name: AddonName): Promise<void> {
    return this.#track(async () => {
      if (this.#cluster === undefined)
        throw new Error('Addons are installed into a cluster: call startCluster first.');
      await this.#cluster.install(ADDONS[name]);
    });
  }

  async destroyCluster(): Promise<void> {
    await destroyCluster(this.#context);
    this.#cluster = undefined;
  }

  async down(): Promise<void> {
    this.#context.supervisor.close();
    this.#vault.close();
    await Promise.allSettled(this.#underWay);
    await this.discard();
    this.#lock.release();
  }

  leaveRunning(): void {
    writeState({ ...this.#state, leftRunning: true });
    this.#ignoreInterrupts();
    this.#lock.release();
  }

  /** Removes everything of the instance, but goes on holding its name. */
  async discard(): Promise<void> {
    await this.destroyCluster();
    await this.#vault.stop('vault');
    await this.#vault.kill(this.#context.cgroups.processes([VAULT_CGROUP]));
    await deleteNamespace(this.name, 'vault', this.#addresses);
    this.#context.cgroups.remove([VAULT_CGROUP]);
    removeState(this.name);
    this.#ignoreInterrupts();
  }

  /** What is under way has to end before everything is removed, or it would go on making more. */
  #track<T>(work: () => Promise<T>): Promise<T> {
    const promise = work();
    this.#underWay.add(promise);
    promise.then(
      () => this.#underWay.delete(promise),
      () => this.#underWay.delete(promise),
    );
    return promise;
  }
}
