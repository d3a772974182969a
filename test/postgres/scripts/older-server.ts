import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port';
import { tools } from './tools';

const INSTALLED = '/usr/lib/postgresql';

/** The newest PostgreSQL of this machine that is older than the one of the tests. */
export function olderMajor(than: string): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  return readdirSync(INSTALLED)
    .filter((name) => /^\d+$/.test(name) && Number(name) < Number(than))
    .filter((name) => existsSync(join(INSTALLED, name, 'bin/initdb')))
    .sort((a, b) => Number(b) - Number(a))[0];
}

/** A server of an older major version on loopback, run as this machine's postgres user. */
export class OlderServer {
  static async start(major: string, password: string): Promise<OlderServer> {
    const folder = mkdtempSync(join(tmpdir(), 'older-'));
    const server = new OlderServer(major, folder, await freePort());
    writeFileSync(join(folder, 'password'), password);
    execFileSync('chown', ['-R', 'postgres', folder]);
    server.run(
      'initdb',
      '-D',
      join(folder, 'data'),
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      '--pwfile',
      join(folder, 'password'),
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    );
    const options = `-p ${server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
    server.run('pg_ctl', '-D', join(folder, 'data'), '-l', join(folder, 'log'), '-w', '-o', options, 'start');
    return server;
  }

  private constructor(
    readonly major: string,
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** Its client programs, in a folder that can be seen from inside the image. */
  copyPrograms(to: string): void {
    mkdirSync(to);
    for (const name of ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql']) {
      copyFileSync(join(INSTALLED, this.major, 'bin', name), join(to, name));
      chmodSync(join(to, name), 0o755);
    }
  }

  stop(): void {
    this.run('pg_ctl', '-D', join(this.folder, 'data'), '-m', 'immediate', 'stop');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(name: string, ...args: readonly string[]): void {
    const program = join(INSTALLED, this.major, 'bin', name);
    // A server that inherits a pipe would hold it open.
    execFileSync('setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args], {
      cwd: '/',
      stdio: 'ignore',
    });
  }
}

/** Whether a server of another major version can be run here: as root, beside the image of the tests. */
export function canRunOlder(): boolean {
  return process.getuid?.() === 0 && tools().root !== '' && olderMajor(tools().major) !== undefined;
}
