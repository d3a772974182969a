import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const SCHEDULE = 'cdktf-disaster-recovery/snapshot-schedule';

/** ISO 8601 as Kubernetes writes it, so many days before now. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * A Kubernetes API with claims, snapshots and contents, a snapshot controller and a driver, as much of them as the job
 * speaks to.
 */
export class FakeCluster {
  static async start(files: { readonly certificate: string; readonly key: string }): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    cluster.server = createServer(
      { cert: readFileSync(files.certificate), key: readFileSync(files.key) },
      (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on('end', () => {
          const seen = {
            method: request.method ?? '',
            path: request.url ?? '',
            body: body === '' ? undefined : (JSON.parse(body) as unknown),
          };
          cluster.requests.push(seen);
          const [status, answer] = cluster.answer(seen);
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
        });
      },
    );
    await new Promise<void>((resolve) => cluster.server?.listen(0, '127.0.0.1', resolve));
    return cluster;
  }

  readonly claims = new Map<string, KubernetesObject>();
  readonly snapshots = new Map<string, KubernetesObject>();
  readonly contents = new Map<string, KubernetesObject>();
  readonly groups = new Map<string, KubernetesObject>();
  /** Handles of what is in the store. */
  readonly store = new Set<string>();
  readonly requests: Request[] = [];
  /** Errors of the driver by claim: it takes none of it. */
  readonly refuses = new Map<string, string>();
  /** How often a snapshot is asked for before it is ready. */
  looks = 1;
  /** Requests that are answered so, in place of being served. */
  failures: { readonly method: string; readonly path: RegExp; readonly status: number }[] = [];
  /** Whether the snapshot controller has seen a policy that was changed a moment ago. */
  controllerIsBehind = false;
  private server: Server | undefined;
  private count = 0;

  get url(): string {
    const address = this.server?.address() as AddressInfo | undefined;
    return `https://localhost:${address?.port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
  }

  clear(): void {
    for (const map of [this.claims, this.snapshots, this.contents, this.groups, this.refuses, this.store])
      map.clear();
    this.requests.length = 0;
    this.failures = [];
    this.looks = 1;
    this.controllerIsBehind = false;
  }

  claim(name: string, labels: Record<string, string> = {}, phase = 'Bound'): void {
    this.claims.set(name, {
      metadata: { name, labels },
      spec: { storageClassName: 'fast', volumeMode: 'Filesystem', accessModes: ['ReadWriteOnce'] },
      status: { phase },
    });
  }

  /** One that is there already. */
  snapshot(
    name: string,
    different: {
      readonly claim?: string;
      readonly days?: number;
      readonly schedule?: string | undefined;
      readonly ready?: boolean;
      readonly policy?: 'Retain' | 'Delete';
      readonly group?: string;
      readonly annotations?: Record<string, string>;
      readonly attached?: boolean;
    } = {},
  ): void {
    const { claim = 'data-0', days = 1, ready = true, policy = 'Retain', group } = different;
    const schedule = 'schedule' in different ? different.schedule : 'orders';
    const handle = `handle-${name}`;
    this.snapshots.set(name, {
      metadata: {
        name,
        creationTimestamp: daysAgo(days),
        labels: schedule === undefined || group !== undefined ? {} : { [SCHEDULE]: schedule },
        ...(different.annotations === undefined ? {} : { annotations: different.annotations }),
        ...(group === undefined ? {} : { ownerReferences: [{ kind: 'VolumeGroupSnapshot', name: group }] }),
      },
      spec: {
        volumeSnapshotClassName: 'ebs',
        source:
          different.attached === true
            ? { volumeSnapshotContentName: `content-${name}` }
            : { persistentVolumeClaimName: claim },
      },
      status: ready
        ? {
            readyToUse: true,
            boundVolumeSnapshotContentName: `content-${name}`,
            creationTime: daysAgo(days),
          }
        : { readyToUse: false, error: { message: 'the disk is busy' } },
    });
    if (!ready) return;
    this.store.add(handle);
    this.contents.set(`content-${name}`, {
      metadata: { name: `content-${name}` },
      spec: { deletionPolicy: policy, driver: 'disk.test', volumeSnapshotRef: { name } },
      status: { snapshotHandle: handle, restoreSize: 1_073_741_824 },
    });
  }

  private answer({ body, method, path: given }: Request): [number, object] {
    const url = new URL(given, 'https://localhost');
    const path = url.pathname;
    const failure = this.failures.find((one) => one.method === method && one.path.test(path));
    if (failure !== undefined) {
      this.failures.splice(this.failures.indexOf(failure), 1);
      return [failure.status, { message: 'told to fail' }];
    }
    if (path === '/apis/groupsnapshot.storage.k8s.io') return [200, { preferredVersion: { version: 'v1' } }];
    const [, kind = '', name] =
      /\/(persistentvolumeclaims|volumesnapshots|volumesnapshotcontents|volumegroupsnapshots|volumegroupsnapshotcontents)(?:\/([^/]+))?$/.exec(
        path,
      ) ?? [];
    const objects = {
      persistentvolumeclaims: this.claims,
      volumesnapshots: this.snapshots,
      volumesnapshotcontents: this.contents,
      volumegroupsnapshots: this.groups,
      volumegroupsnapshotcontents: this.contents,
    }[kind];
    if (objects === undefined) return [404, { message: 'the server could not find the requested resource' }];
    if (method === 'POST') return this.create(kind, objects, body as KubernetesObject);
    if (name === undefined) return [200, this.list(objects, url.searchParams)];
    const object = objects.get(name);
    if (object === undefined) return [404, { message: `${kind} "${name}" not found` }];
    if (method === 'DELETE') {
      this.remove(kind, name);
      return [200, {}];
    }
    if (method === 'PATCH') {
      const spec = { ...object.spec, ...(body as { readonly spec: object }).spec };
      objects.set(name, { ...object, spec });
    } else this.look(kind, name);
    return [200, objects.get(name) ?? {}];
  }

  /** In pages of two, so that whoever lists has to go on. */
  private list(objects: ReadonlyMap<string, KubernetesObject>, query: URLSearchParams): object {
    const [label, value] = (query.get('labelSelector') ?? '').split('=');
    const all = [...objects.values()].filter(
      ({ metadata }) => label === '' || label === undefined || metadata.labels?.[label] === value,
    );
    const from = Number(query.get('continue') ?? 0);
    const metadata = from + 2 < all.length ? { continue: String(from + 2) } : {};
    return { metadata, items: all.slice(from, from + 2) };
  }

  private create(
    kind: string,
    objects: Map<string, KubernetesObject>,
    object: KubernetesObject,
  ): [number, object] {
    const { name } = object.metadata;
    if (objects.has(name)) return [409, { message: `${kind} "${name}" already exists` }];
    objects.set(name, { ...object, metadata: { ...object.metadata, creationTimestamp: daysAgo(0) } });
    return [201, object];
  }

  /** The driver takes it at the last of so many looks. */
  private look(kind: string, name: string): void {
    if (kind === 'volumegroupsnapshots') this.lookAtGroup(name);
    if (kind !== 'volumesnapshots') return;
    const snapshot = this.snapshots.get(name);
    if (snapshot === undefined || snapshot.status?.['readyToUse'] === true) return;
    const { persistentVolumeClaimName: claim = '' } = (snapshot.spec?.['source'] ?? {}) as Record<
      string,
      string
    >;
    const refusal = this.refuses.get(claim);
    this.count += 1;
    if (refusal !== undefined)
      this.snapshots.set(name, { ...snapshot, status: { readyToUse: false, error: { message: refusal } } });
    else if (this.count % this.looks === 0) {
      this.snapshot(name, { claim, days: 0, schedule: snapshot.metadata.labels?.[SCHEDULE] });
    }
  }

  private lookAtGroup(name: string): void {
    const group = this.groups.get(name);
    if (group === undefined || group.status?.['readyToUse'] === true) return;
    const { matchLabels } = (group.spec as { source: { selector: { matchLabels: Record<string, string> } } })
      .source.selector;
    for (const [claim, { metadata }] of this.claims)
      if (Object.entries(matchLabels).every(([key, value]) => metadata.labels?.[key] === value))
        if (!this.refuses.has(claim))
          this.snapshot(`member-${name}-${claim}`, { claim, days: 0, group: name });
    this.contents.set(`content-${name}`, {
      metadata: { name: `content-${name}` },
      spec: { deletionPolicy: 'Retain' },
    });
    this.groups.set(name, {
      ...group,
      status: { readyToUse: true, boundVolumeGroupSnapshotContentName: `content-${name}` },
    });
  }

  /** As the snapshot controller does: of a content that retains only the object of the snapshot goes. */
  private remove(kind: string, name: string): void {
    if (kind === 'volumegroupsnapshots') {
      this.groups.delete(name);
      for (const [member, { metadata }] of [...this.snapshots])
        if (metadata.ownerReferences?.some((owner) => owner.name === name) === true)
          this.remove('volumesnapshots', member);
      if (this.contents.get(`content-${name}`)?.spec?.['deletionPolicy'] === 'Delete')
        this.contents.delete(`content-${name}`);
      return;
    }
    this.snapshots.delete(name);
    const content = this.contents.get(`content-${name}`);
    if (content?.spec?.['deletionPolicy'] !== 'Delete' || this.controllerIsBehind) return;
    this.contents.delete(`content-${name}`);
    this.store.delete(`handle-${name}`);
  }
}
