import type { LocalSite } from '../local-site';

interface Content {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly driver: string;
    readonly deletionPolicy: string;
    readonly source: {
      readonly volumeHandle?: string;
      readonly volumeHandles?: readonly string[];
      readonly snapshotHandle?: string;
    };
  };
  readonly status?: {
    readonly readyToUse?: boolean;
    readonly snapshotHandle?: string;
    readonly volumeGroupSnapshotHandle?: string;
    readonly error?: { readonly message?: string };
  };
}

export const DRIVER = 'disk.test';
export const SIZE = 1_073_741_824;

const BEING_DELETED = 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';
const BEING_DELETED_GROUP = 'groupsnapshot.storage.kubernetes.io/volumegroupsnapshot-being-deleted';

/**
 * Plays, on the API alone, what a CSI driver and the csi-snapshotter beside it do: nothing is copied, and there is no volume
 * behind a handle. What it holds stays when the cluster loses all that it knows.
 */
export class SnapshotDriver {
  /** Handles of what is in the store. */
  readonly store = new Set<string>();
  /** By handle of a volume: it takes no snapshot of it, and says why. */
  readonly refuses = new Map<string, string>();
  /** When it says to have made what it takes next. */
  clock: () => Date = () => new Date();
  private running = true;
  private loop: Promise<void> | undefined;
  private count = 0;

  constructor(private readonly site: LocalSite) {}

  start(): void {
    this.loop = (async () => {
      while (this.running) {
        await this.look().catch((error: unknown) => {
          // Whoever runs the tests sees why nothing gets ready.
          process.stderr.write(`stand-in of the driver: ${String(error)}\n`);
        });
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.loop;
  }

  private async look(): Promise<void> {
    for (const kind of ['volumesnapshotcontents', 'volumegroupsnapshotcontents']) {
      const { items } = JSON.parse(await this.site.kubectl('get', kind, '--output=json')) as {
        items: Content[];
      };
      for (const content of items) if (content.spec.driver === DRIVER) await this.serve(kind, content);
    }
  }

  private async serve(kind: string, content: Content): Promise<void> {
    const { metadata, spec, status } = content;
    if (metadata.deletionTimestamp !== undefined) {
      const annotations = metadata.annotations ?? {};
      // The real one deletes only what was deleted by its snapshot, and lets go of the object in any case.
      if (
        spec.deletionPolicy === 'Delete' &&
        (annotations[BEING_DELETED] !== undefined || annotations[BEING_DELETED_GROUP] !== undefined)
      )
        this.store.delete(status?.snapshotHandle ?? spec.source.snapshotHandle ?? '');
      if ((metadata.finalizers ?? []).length > 0)
        await this.patch(kind, metadata.name, '{"metadata":{"finalizers":null}}');
      return;
    }
    if (status?.readyToUse === true) return;
    if (spec.source.volumeHandles !== undefined)
      return this.takeGroup(metadata.name, spec.source.volumeHandles);
    if (spec.source.snapshotHandle !== undefined) return this.find(content, spec.source.snapshotHandle);
    // Members of a group are the snapshot controller's to fill in.
    if (metadata.annotations?.['groupsnapshot.storage.k8s.io/volumeGroupSnapshotHandle'] !== undefined)
      return;
    const volume = spec.source.volumeHandle ?? '';
    const refusal = this.refuses.get(volume);
    if (refusal === undefined) return this.found(kind, metadata.name, this.taken(volume), this.clock());
    if (status?.error?.message === refusal) return;
    await this.patch(
      kind,
      metadata.name,
      JSON.stringify({
        status: { readyToUse: false, error: { message: refusal, time: new Date().toISOString() } },
      }),
      '--subresource=status',
    );
  }

  /** One that was made before, in a life of the cluster that is over: the driver cannot say when. */
  private async find({ metadata: { name }, status: said }: Content, handle: string): Promise<void> {
    if (this.store.has(handle)) return this.found('volumesnapshotcontents', name, handle, new Date());
    const message = `there is no snapshot ${handle}`;
    if (said?.error?.message === message) return;
    const status = { readyToUse: false, error: { message, time: new Date().toISOString() } };
    await this.patch('volumesnapshotcontents', name, JSON.stringify({ status }), '--subresource=status');
  }

  private taken(volume: string): string {
    this.count += 1;
    const handle = `snap-${volume}-${this.count}`;
    this.store.add(handle);
    return handle;
  }

  private async found(kind: string, name: string, handle: string, at: Date): Promise<void> {
    // Nanoseconds are more than a number of JavaScript holds.
    const status = `{"status":{"snapshotHandle":"${handle}","creationTime":${at.getTime()}000000,"restoreSize":${SIZE},"readyToUse":true,"error":null}}`;
    await this.patch(kind, name, status, '--subresource=status');
  }

  private async takeGroup(name: string, volumes: readonly string[]): Promise<void> {
    const creationTime = this.clock()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const infos = volumes.map(
      (volumeHandle) =>
        `{"volumeHandle":"${volumeHandle}","snapshotHandle":"${this.taken(volumeHandle)}","creationTime":${this.clock().getTime()}000000,"restoreSize":${SIZE},"readyToUse":true}`,
    );
    await this.patch(
      'volumegroupsnapshotcontents',
      name,
      `{"status":{"volumeGroupSnapshotHandle":"group-${name}","creationTime":"${creationTime}","readyToUse":true,"volumeSnapshotInfoList":[${infos.join(',')}]}}`,
      '--subresource=status',
    );
  }

  private async patch(kind: string, name: string, patch: string, ...more: readonly string[]): Promise<void> {
    await this.site
      .kubectl('patch', kind, name, '--type=merge', `--patch=${patch}`, ...more)
      .catch((error: unknown) => {
        // It may be gone by now.
        if (!String(error).includes('NotFound')) throw error;
      });
  }
}
