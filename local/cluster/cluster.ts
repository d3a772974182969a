import { join } from 'node:path';
import { imageArchive } from '../images/build';
import { IMAGES, USUAL_IMAGES } from '../images/catalogue';
import { createNodeNamespace } from '../network/namespaces';
import { run } from '../processes/run';
import { waitFor } from '../processes/wait';
import type { Addon } from './addons/addon';
import { dns } from './addons/dns';
import { storage } from './addons/storage';
import { type ClusterContext, NODE_CGROUP } from './context';
import { startApi, startControllers } from './control-plane';
import { createCredentials } from './credentials';
import { destroyCluster } from './destroy';
import { ctr, startContainerd, startKubelet } from './node';

/** One life of the cluster, from an empty folder to the disaster. */
export class LocalCluster {
  readonly context: ClusterContext;
  readonly #hosts: Readonly<Record<string, string>>;
  readonly #containerd = new Signal();
  readonly #api = new Signal();

  /** @param hosts names outside the cluster that its DNS knows, by address */
  constructor(context: ClusterContext, hosts: Readonly<Record<string, string>>) {
    this.context = context;
    this.#hosts = hosts;
  }

  get kubectl(): string {
    return join(this.context.programs, 'kubectl');
  }

  /** Resolves when the API answers and the node is Ready, with an empty image store. */
  async start(): Promise<void> {
    const { context } = this;
    try {
      context.cgroups.create(NODE_CGROUP);
      await createNodeNamespace(context.instance, context.addresses);
      await createCredentials(context);
      const containerd = startContainerd(context).then(() => this.#containerd.resolve());
      // Heard below, once the API is there.
      containerd.catch(() => undefined);
      await startApi(context);
      this.#api.resolve();
      await Promise.all([startControllers(context), containerd.then(() => startKubelet(context))]);
    } catch (error) {
      this.#containerd.reject(error);
      this.#api.reject(error);
      throw error;
    }
  }

  /**
   * Imports images from their archives, the cluster's own first, and starts
   * DNS and storage as soon as theirs are there. May be called while the
   * cluster starts: it waits for what it needs.
   * @param names images beyond the cluster's own. @default all usual ones
   */
  async importImages(names?: readonly string[]): Promise<void> {
    const system = IMAGES.filter((image) => image.system).map((image) => image.name);
    const others = names ?? USUAL_IMAGES.filter((image) => !image.system).map((image) => image.name);
    await this.#containerd.promise;
    await Promise.all(system.map((name) => this.#import(name)));
    await this.#api.promise;
    const addons = this.apply([...dns({ hosts: this.#hosts }), ...storage()]);
    await Promise.all([
      addons,
      ...others.filter((name) => !system.some((own) => own === name)).map((name) => this.#import(name)),
    ]);
  }

  /** Applies objects as the cluster's administrator. */
  apply(objects: readonly object[]): Promise<void> {
    return this.#kubectl(['apply', '--server-side', '--filename=-'], list(objects));
  }

  /** Builds and imports an addon's images, applies its objects, and waits until it is ready. */
  async install(addon: Addon): Promise<void> {
    const { progress } = this.context;
    // One after the other: each build alone keeps all cores busy.
    for (const name of addon.images) await imageArchive(name, progress);
    const definitions = await addon.definitions(progress);
    await Promise.all([this.#define(definitions), ...addon.images.map((name) => this.#import(name))]);
    for (const { accepted, objects, ready } of await addon.stages(progress)) {
      await this.apply(objects);
      for (const command of ready) await this.#kubectl(command);
      if (accepted !== undefined) await this.#accepts(accepted);
    }
  }

  async destroy(): Promise<void> {
    await destroyCluster(this.context);
  }

  async #define(definitions: readonly object[]): Promise<void> {
    await this.apply(definitions);
    const established = ['wait', '--for=condition=Established', '--timeout=60s', '--filename=-'];
    await this.#kubectl(established, list(definitions));
  }

  /** Resolves when the cluster would take these objects. */
  async #accepts(objects: readonly object[]): Promise<void> {
    await waitFor({ what: 'a webhook that admits objects', timeoutMs: 60_000, everyMs: 500 }, async () => {
      await this.#kubectl(['apply', '--server-side', '--dry-run=server', '--filename=-'], list(objects));
      return true;
    });
  }

  async #kubectl(args: readonly string[], input?: string): Promise<void> {
    await run(this.kubectl, args, {
      ...(input === undefined ? {} : { input }),
      environment: { ...process.env, KUBECONFIG: this.context.paths.kubeconfig },
    });
  }

  async #import(name: string): Promise<void> {
    const archive = await imageArchive(name, this.context.progress);
    const result = await ctr(this.context, ['images', 'import', archive]);
    if (result.exitCode !== 0)
      throw new Error(`Image ${name} could not be imported: ${result.stderr.trim()}`);
  }
}

function list(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** A promise that others wait for, whose failure nobody has to hear. */
class Signal {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.promise = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}
