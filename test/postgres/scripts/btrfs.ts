import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const runnable =
  process.getuid?.() === 0 &&
  readFileSync('/proc/filesystems', 'utf8').includes('btrfs') &&
  existsSync('/usr/sbin/mkfs.btrfs') &&
  existsSync('/dev/loop-control');
if (!runnable)
  console.warn('Skipped: atomic snapshots need root, loop devices, and btrfs (apt-get install btrfs-progs).');

/** Like `describe`; skipped, and counted as such, where no atomic snapshot of a folder can be made. */
export const describeWithBtrfs = runnable ? describe : describe.skip;

/** A file system whose subvolumes are snapshotted atomically, as a volume is by its storage. */
export class Btrfs {
  /** @param folder where its blocks are. @default - memory, where there is some for that */
  static create(gigabytes: number, folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()): Btrfs {
    const mount = mkdtempSync(join(tmpdir(), 'btrfs-'));
    const image = join(folder, `${basename(mount)}.img`);
    writeFileSync(image, '');
    truncateSync(image, gigabytes * 1024 ** 3);
    execFileSync('mkfs.btrfs', ['--quiet', image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', image, mount]);
    return new Btrfs(image, mount);
  }

  private constructor(
    private readonly image: string,
    readonly mount: string,
  ) {}

  /** Makes an empty folder one that snapshots can be taken of. */
  subvolume(path: string): void {
    rmdirSync(path);
    execFileSync('btrfs', ['subvolume', 'create', path], { stdio: 'pipe' });
  }

  /** Of a folder that is one, while anybody writes to it. The copy can be written to. */
  snapshot(from: string, to: string): void {
    execFileSync('btrfs', ['subvolume', 'snapshot', from, to], { stdio: 'pipe' });
  }

  remove(): void {
    execFileSync('umount', [this.mount]);
    rmdirSync(this.mount);
    rmSync(this.image);
  }
}
