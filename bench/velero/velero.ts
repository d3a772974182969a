import { LOCATION } from '../../constructs/velero/location';
import type { BenchCluster } from './cluster';
import { NAMESPACE } from './volume';

const VELERO = '--namespace=velero';

export interface Backup {
  /** From its order until Velero calls it complete. */
  readonly seconds: number;
  /** While its data mover opened the repository and copied the volume, until all was written. */
  readonly copySeconds: number;
}

/** What a data mover says when it begins, and when all is in the repository. Velero itself sees either up to a second later. */
const BEGUN = /msg="Run cancelable PVB"/;
const WRITTEN = /msg="Created snapshot with root /;

/** @throws Error unless the backup and the copy of its one volume are complete */
export async function backUp(cluster: BenchCluster, name: string): Promise<Backup> {
  let log: Promise<string> | undefined;
  const watch = cluster.watch(
    [
      'podvolumebackups.velero.io',
      VELERO,
      `--selector=velero.io/backup-name=${name}`,
      '--output=jsonpath={.metadata.name} {.status.phase}{"\\n"}',
    ],
    (line) => {
      const [volume, phase] = line.split(' ');
      // Its data mover has the name of the volume's backup.
      if (phase === 'InProgress')
        log ??= cluster.kubectl(['logs', '--follow', '--timestamps', VELERO, `pod/${volume}`], {
          seconds: 900,
        });
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
    const lines = ((await log) ?? '').split('\n');
    const at = (said: RegExp): number =>
      Date.parse(/^\S+/.exec(lines.find((line) => said.test(line)) ?? '')?.[0] ?? '');
    const copySeconds = (at(WRITTEN) - at(BEGUN)) / 1000;
    if (!(copySeconds > 0)) throw new Error(`backup ${name}: its data mover said:\n${lines.join('\n')}`);
    return { seconds, copySeconds };
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
