import { LOCATION } from '../../constructs/velero/location';
import type { BenchCluster } from './cluster';
import { NAMESPACE } from './volume';

const VELERO = '--namespace=velero';

export interface Backup {
  /** From its order until Velero calls it complete. */
  readonly seconds: number;
  /** While the volume was copied: from the moment its data mover begins until that is done. */
  readonly copySeconds: number;
}

/** @throws Error unless the backup and the copy of its one volume are complete */
export async function backUp(cluster: BenchCluster, name: string): Promise<Backup> {
  const seen = new Map<string, number>();
  const watch = cluster.watch(
    [
      'podvolumebackups.velero.io',
      VELERO,
      `--selector=velero.io/backup-name=${name}`,
      '--output=jsonpath={.status.phase}{"\\n"}',
    ],
    (phase) => {
      if (!seen.has(phase)) seen.set(phase, performance.now());
    },
  );
  try {
    const ordered = performance.now();
    await cluster.apply([order(name)]);
    await cluster.kubectl(
      [
        'wait',
        VELERO,
        '--for=jsonpath={.status.phase}=Completed',
        '--timeout=900s',
        `backups.velero.io/${name}`,
      ],
      { seconds: 910 },
    );
    const seconds = (performance.now() - ordered) / 1000;
    const [began, done] = [seen.get('InProgress'), seen.get('Completed')];
    if (began === undefined || done === undefined)
      throw new Error(`of the volume in backup ${name} was seen only: ${[...seen.keys()].join(', ')}`);
    return { seconds, copySeconds: (done - began) / 1000 };
  } finally {
    watch.kill();
  }
}

function order(name: string): object {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name, namespace: 'velero' },
    spec: {
      storageLocation: LOCATION,
      includedNamespaces: [NAMESPACE],
      defaultVolumesToFsBackup: true,
      snapshotVolumes: false,
      ttl: '1h0m0s',
    },
  };
}
