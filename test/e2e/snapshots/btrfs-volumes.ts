import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Btrfs } from '../../postgres/scripts/btrfs';
import type { LocalSite } from '../local-site';

/** Volumes for the database's claim that are subvolumes of btrfs on the node: the part of a driver that copies blocks. */
export class BtrfsVolumes {
  private count = 0;

  constructor(private readonly btrfs: Btrfs) {}

  empty(): string {
    const path = this.next('volume');
    mkdirSync(path);
    this.btrfs.subvolume(path);
    chmodSync(path, 0o777);
    return path;
  }

  /** As a disk is, from one moment to the next, while its server runs. */
  snapshot(of: string): string {
    const path = this.next('snapshot');
    this.btrfs.snapshot(of, path);
    return path;
  }

  /** Where the volume of the database's claim is. */
  async current(site: LocalSite): Promise<string> {
    return join(this.btrfs.mount, await volumeName(site));
  }

  /** As a provisioner does for a claim of the database, whether or not it is there yet. */
  async offer(site: LocalSite, path: string, storageClassName: string): Promise<void> {
    const node = await site.kubectl('get', 'node', '--output=jsonpath={.items[0].metadata.name}');
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
    await create(site, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: path.split('/').at(-1) },
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName,
        claimRef: { namespace: 'local', name: 'data-orders-0' },
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    });
  }

  private next(kind: string): string {
    this.count += 1;
    return join(this.btrfs.mount, `${kind}-${this.count}`);
  }
}

/** Of the volume on which the database is. */
export function volumeName(site: LocalSite): Promise<string> {
  const claim = ['get', 'pvc', '--namespace=local', 'data-orders-0'];
  return site.kubectl(...claim, '--output=jsonpath={.spec.volumeName}');
}

export async function create(site: LocalSite, object: object): Promise<void> {
  const OBJECT = JSON.stringify(object);
  const { exitCode, output } = await site.shell('kubectl create -f - <<<"$OBJECT"', { OBJECT });
  if (exitCode !== 0) throw new Error(output);
}
