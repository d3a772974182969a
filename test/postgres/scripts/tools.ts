import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PODS_IN_MEMORY } from './pods-directory';

/**
 * What the scripts run on: this machine's PostgreSQL and pgBackRest or, with
 * `TEST_POSTGRES_ROOT`, those of an unpacked image (as root only; it needs a
 * file /etc/hosts to mount this machine's on).
 */
export interface Tools {
  readonly root: string;
  readonly major: string;
  readonly bin: string;
  readonly uid: number;
  readonly gid: number;
}

export function findTools(): Tools | undefined {
  const root = process.env['TEST_POSTGRES_ROOT'] ?? '';
  const versions = join(root === '' ? '/' : root, 'usr/lib/postgresql');
  if (!existsSync(versions) || !existsSync(join(root === '' ? '/' : root, 'usr/bin/pgbackrest')))
    return undefined;
  const major = readdirSync(versions)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))[0];
  if (major === undefined || !existsSync(join(versions, major, 'bin/initdb'))) return undefined;
  return { root, major, bin: `/usr/lib/postgresql/${major}/bin`, ...owner(root) };
}

/** PostgreSQL refuses to run as root, so root's tests run it as the postgres user. */
function owner(root: string): { uid: number; gid: number } {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) return { uid, gid };
  if (root !== '') return { uid: 999, gid: 999 };
  const [, , postgresUid, postgresGid] = execFileSync('getent', ['passwd', 'postgres'], {
    encoding: 'utf8',
  }).split(':');
  return { uid: Number(postgresUid), gid: Number(postgresGid) };
}

const found = findTools();
if (found === undefined) {
  console.warn(
    'Skipped: PostgreSQL or pgBackRest is not installed here (apt-get install postgresql pgbackrest).',
  );
}

/** Like `describe`; skipped, and counted as such, where there is no PostgreSQL with pgBackRest. */
export const describeWithPostgres = found === undefined ? describe.skip : describe;

export function tools(): Tools {
  if (found === undefined) throw new Error('PostgreSQL and pgBackRest are not installed here.');
  return found;
}

/** The command line that runs `command` as the user of the pod. */
export function asPodUser(command: readonly string[]): [string, string[]] {
  const { root, uid, gid } = tools();
  if (root !== '') {
    const enter = [
      'for path in /tmp /proc /dev /etc/hosts; do mount --rbind "$path" "$0$path"; done',
      // As in a pod, where nobody else's is seen; but for the pods' own folders.
      `mkdir -p ${PODS_IN_MEMORY}`,
      'mount -t tmpfs -o mode=1777 shm "$0/dev/shm"',
      `mkdir "$0${PODS_IN_MEMORY}"; mount --rbind ${PODS_IN_MEMORY} "$0${PODS_IN_MEMORY}"`,
      'here=$PWD; root=$0',
      `exec chroot --userspec=${uid}:${gid} --groups=${gid} "$root" env --chdir="$here" "$@"`,
    ].join('; ');
    return ['unshare', ['--mount', '--propagation', 'private', 'sh', '-c', enter, root, ...command]];
  }
  if (process.getuid?.() !== 0) return [command[0] ?? 'true', command.slice(1)];
  return ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...command]];
}
