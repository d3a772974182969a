import { tryRun } from '../processes/run';
import { SUITE } from './base-recipe';

/**
 * The Debian mirrors this machine uses, as source lines for the images' release.
 * Empty when the machine uses none: mmdebstrap then takes Debian's own.
 */
export async function debianSources(): Promise<string[]> {
  const format = '$(REPO_URI)|$(ORIGIN)|$(LABEL)|$(CODENAME)';
  const targets = await tryRun('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  return targets.exitCode === 0 ? sourceLines(targets.stdout) : [];
}

/** @param targets lines of `URI|origin|label|codename`, as apt-get indextargets prints them */
export function sourceLines(targets: string): string[] {
  let archive: string | undefined;
  let security: string | undefined;
  for (const line of targets.split('\n')) {
    const [uri, origin, label, codename] = line.split('|');
    if (uri === undefined || origin !== 'Debian' || !/^https?:/.test(uri)) continue;
    if (label === 'Debian-Security') security ??= uri;
    // Backports have the same label and lie in the same place: any entry of the archive names the mirror.
    else if (label === 'Debian' && codename !== undefined) archive ??= uri;
  }
  if (archive === undefined) return [];
  const lines = [`deb ${archive} ${SUITE} main`, `deb ${archive} ${SUITE}-updates main`];
  return security === undefined ? lines : [...lines, `deb ${security} ${SUITE}-security main`];
}
