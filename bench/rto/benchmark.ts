import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { instanceDirectory } from '../../local/instance-state';
import { namespacePath } from '../../local/network/namespaces';
import { timedProgress } from '../../local/processes/progress';
import { checksum } from '../../local/rehearsal/ballast';
import { npmRun } from '../../local/rehearsal/command';
import { inventSecrets } from '../../local/rehearsal/credentials';
import { openEmbeddedSite } from '../../local/rehearsal/embedded-site';
import { openTunnel } from '../../local/rehearsal/subject';
import type { Figure } from '../figure';
import { withScratch } from '../program';
import { listed, median } from '../statistics';
import { type Checksum, fill } from './fill';
import { type RawRestore, restoreRaw } from './raw';
import { type Recovery, recover } from './recovery';
import { Subject } from './subject';

const OWN_SECONDS = 6;

/**
 * The database of the environment `local`, lost and applied again, against pgBackRest alone: the same
 * repository, image, configuration, network and disk, by turns.
 */
export function measureRto(bytes: number, name: string, pairs: number): Promise<readonly Figure[]> {
  const progress = timedProgress();
  return withScratch(async (scratch) => {
    const site = await openEmbeddedSite({ name, progress });
    try {
      await site.openVault();
      const secrets = inventSecrets(site.variables());
      await npmRun('vault', ['local'], { ...site.variables(), ...secrets }, progress);
      await site.openCluster();
      await site.importImages();
      const variables = { ...site.variables(), ...secrets };
      const subject = await Subject.synthesise(join(scratch, 'out'), variables, progress);
      return await measure(subject, { bytes, name, pairs }, progress);
    } finally {
      await site.close();
    }
  });
}

async function measure(
  subject: Subject,
  { bytes, name, pairs: count }: { readonly bytes: number; readonly name: string; readonly pairs: number },
  progress: (message: string) => void,
): Promise<readonly Figure[]> {
  const network = namespacePath(name, 'node');
  const directory = join(instanceDirectory(name), 'bench');
  mkdirSync(directory, { recursive: true });
  const vault = {
    host: new URL(subject.variables['VAULT_ENDPOINT'] ?? '').hostname,
    address: subject.variables['VAULT_ADDRESS'] ?? '',
  };
  progress('creating the database …');
  await subject.apply({ TF_VAR_initialize: 'true' });
  await fill(subject, bytes, progress);
  const before = await sum(subject);

  const pairs: { raw: RawRestore; ours: Recovery }[] = [];
  for (let pair = 0; pair < count; pair += 1) {
    // Right before ours, since every life of the database adds a little to the repository.
    await subject.lose();
    const raw = await restoreRaw({ subject, directory, network, vault });
    const ours = await recover(subject, network);
    progress(
      `pgBackRest alone ${raw.seconds.toFixed(1)} s, applied again ${ours.seconds.toFixed(1)} s: ${ours.phases
        .map(({ name, seconds }) => `${name} ${seconds.toFixed(1)}`)
        .join(', ')}`,
    );
    pairs.push({ raw, ours });
  }
  const after = await sum(subject);
  if (before.rows !== after.rows || before.sum !== after.sum)
    throw new Error(`the data is not what it was: ${JSON.stringify({ before, after })}`);
  return figures(bytes, pairs);
}

async function sum(subject: Subject): Promise<Checksum> {
  const tunnel = await openTunnel(subject.variables);
  try {
    return await tunnel.use(checksum);
  } finally {
    tunnel.close();
  }
}

function figures(bytes: number, pairs: readonly { raw: RawRestore; ours: Recovery }[]): readonly Figure[] {
  const ours = pairs.map((pair) => pair.ours.seconds);
  const raw = pairs.map((pair) => pair.raw.seconds);
  const ratios = pairs.map((pair) => pair.ours.seconds / (1.1 * pair.raw.seconds + OWN_SECONDS));
  const went = (pairs[0]?.ours.phases ?? []).map(({ name }, index) => {
    const seconds = pairs.map(({ ours: { phases } }) => phases[index]?.seconds ?? 0);
    return `${name} ${median(seconds).toFixed(1)}`;
  });
  const size = `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return [
    {
      name: `restore of ${size} / (1.1 × pgBackRest alone + ${OWN_SECONDS} s)`,
      value: median(ratios),
      unit: '×',
      budget: 1,
      detail: `pairs ${listed(ratios)}`,
    },
    {
      name: `restore of ${size}, server's manifest applied → first correct query`,
      value: median(ours),
      unit: 's',
      detail: `${listed(ours, 1)}; from the first manifest ${listed(
        pairs.map((pair) => pair.ours.withApplySeconds),
        1,
      )}; went to: ${went.join(', ')}`,
    },
    {
      name: `restore of ${size}, pgBackRest alone, replay included`,
      value: median(raw),
      unit: 's',
      detail: `${listed(raw, 1)}; without the replay ${listed(
        pairs.map((pair) => pair.raw.restoreSeconds),
        1,
      )}`,
    },
  ];
}
