import { dirname } from 'node:path';
import { binary } from '../../local/binaries/build';
import { timedProgress } from '../../local/processes/progress';
import { npmRun } from '../../local/rehearsal/command';
import { inventSecrets } from '../../local/rehearsal/credentials';
import { openEmbeddedSite } from '../../local/rehearsal/embedded-site';
import type { Figure } from '../figure';
import { byTurns, listed, median } from '../statistics';
import { BenchCluster } from './cluster';
import { RawKopia } from './raw-kopia';
import { type Backup, backUp } from './velero';
import { Volume } from './volume';

/**
 * A volume copied into the vault by Velero's node agent, as the environment `local` declares it, against kopia by hand in a pod
 * that mounts the same volume: the same files, cluster, network and vault, by turns, and each time nothing of it is there yet.
 */
export async function measureVelero(
  megabytes: number,
  name: string,
  rounds: number,
): Promise<readonly Figure[]> {
  const progress = timedProgress();
  const kopia = await binary('kopia', progress);
  const site = await openEmbeddedSite({ name, progress });
  try {
    await site.openVault();
    const variables = {
      ...inventSecrets(site.variables()),
      TF_VAR_initialize: 'true',
      TF_VAR_velero_repository_key: 'of this benchmark',
      VELERO: 'others',
    };
    await npmRun('vault', ['local'], { ...site.variables(), ...variables }, progress);
    await site.openCluster();
    await site.importImages();
    await site.install('velero');
    await npmRun('deploy', ['local', '--engine', 'kit'], { ...site.variables(), ...variables }, progress);

    const cluster = new BenchCluster(site.variables());
    const volume = await Volume.create(cluster, dirname(kopia));
    const raw = await RawKopia.create(volume, site.variables());
    // The first of each makes its repository.
    await volume.fill(1);
    await backUp(cluster, 'first');
    await raw.snapshot();
    let count = 0;
    const pairs = await byTurns(rounds, {
      raw: async () => {
        await volume.fill(megabytes);
        const seconds = await raw.snapshot();
        return { seconds, copySeconds: seconds };
      },
      velero: async () => {
        await volume.fill(megabytes);
        count += 1;
        const backup = await backUp(cluster, `round-${count}`);
        progress(
          `copied in ${backup.copySeconds.toFixed(1)} s, all of it took ${backup.seconds.toFixed(1)} s`,
        );
        return backup;
      },
    });
    return figures(megabytes, pairs);
  } finally {
    await site.close();
  }
}

function figures(
  megabytes: number,
  pairs: readonly Readonly<Record<'raw' | 'velero', Backup>>[],
): readonly Figure[] {
  const raw = pairs.map((pair) => pair.raw.seconds);
  const copies = pairs.map(({ velero }) => velero.copySeconds);
  const ratios = pairs.map((pair) => pair.velero.copySeconds / pair.raw.seconds);
  const rate = (seconds: readonly number[]): string => `${(megabytes / median(seconds)).toFixed(0)} MB/s`;
  return [
    {
      name: `Velero copies a volume of ${megabytes} MB / kopia alone`,
      value: median(ratios),
      unit: '×',
      // 0.9 of its throughput.
      budget: 1.11,
      detail: `pairs ${listed(ratios)}; Velero ${rate(copies)} (${listed(copies, 1)} s), kopia ${rate(raw)} (${listed(raw, 1)} s)`,
    },
    {
      name: 'the whole backup, from its order to its end',
      value: median(pairs.map(({ velero }) => velero.seconds)),
      unit: 's',
      detail: `${listed(
        pairs.map(({ velero }) => velero.seconds),
        1,
      )}; it starts a pod for each volume, and writes what is in the namespace`,
    },
  ];
}
