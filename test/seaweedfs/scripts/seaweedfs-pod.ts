import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seaweedFsScripts } from '../../../constructs/seaweedfs/scripts';
import { Background, type Result, run } from '../../postgres/scripts/processes';
import { S3Server } from '../../postgres/scripts/s3-server';
import { writeScripts } from '../../postgres/scripts/scripts-folder';
import { tools } from '../../postgres/scripts/tools';
import { type SeaweedFs, WEED_OF_STAND_IN } from './seaweedfs';

/** What a backup says on its last line of output, and the vault has as its manifest. */
export interface Manifest {
  readonly id: string;
  readonly last: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly folders: number;
  readonly inline: number;
  readonly packs: number;
  readonly passes: number;
  readonly consistent: boolean;
  readonly encrypted: boolean;
  readonly changing: number;
  readonly unread: number;
  readonly left: number;
  readonly fetched: number;
}

export interface Restored {
  readonly set: string;
  readonly places: number;
  readonly restored: number;
  readonly bytes: number;
  readonly unchanged: number;
  readonly kept: number;
  readonly expired: number;
  readonly failed: number;
}

type Environment = Readonly<Record<string, string>>;

/** The pod of the backup and the restore, with a real S3 server; its SeaweedFS is said with each run. */
export class SeaweedFsPod {
  static async start(): Promise<SeaweedFsPod> {
    const s3 = await S3Server.start();
    s3.createBucket('vault');
    return new SeaweedFsPod(mkdtempSync(join(tmpdir(), 'seaweedfs-pod-')), s3);
  }

  private logs = 0;

  private constructor(
    readonly dir: string,
    readonly s3: S3Server,
  ) {
    chmodSync(dir, 0o755);
    for (const name of ['scripts', 'tmp', 'etc']) mkdirSync(join(dir, name));
    writeScripts(join(dir, 'scripts'), seaweedFsScripts());
    copyFileSync(WEED_OF_STAND_IN, join(dir, 'weed'));
    for (const path of ['', 'tmp']) chownSync(join(dir, path), tools().uid, tools().gid);
    for (const [path, text] of Object.entries(s3.storeFiles(dir))) this.write(path, text);
  }

  write(path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.dir, path), text, { mode });
  }

  private environment(server: SeaweedFs): Environment {
    return {
      SEAWEEDFS_NAME: 'files',
      SEAWEEDFS_FILER: server.filer,
      SEAWEEDFS_MASTERS: server.masters,
      WEED: server.real ? server.weed : join(this.dir, 'weed'),
      CONFIG_FILE: join(this.dir, 'etc/store.conf'),
      PGBACKREST_REPO1_S3_KEY: this.s3.accessKey,
      PGBACKREST_REPO1_S3_KEY_SECRET: this.s3.secretKey,
      TERMINATION_LOG: join(this.dir, 'tmp/termination-log'),
      TMPDIR: join(this.dir, 'tmp'),
      POLL_SECONDS: '0.2',
      WAIT_SECONDS: '4',
      WEED_CONNECT_SECONDS: '20',
      NAMESPACE: 'storage',
    };
  }

  run(script: 'backup.sh' | 'restore.sh', server: SeaweedFs, env: Environment = {}): Promise<Result> {
    return run([join(this.dir, 'scripts', script)], {
      cwd: this.dir,
      env: { ...this.environment(server), ...env },
      timeoutMs: 120_000,
    });
  }

  /** One that must succeed. */
  async backup(server: SeaweedFs, env: Environment = {}): Promise<Manifest> {
    return said<Manifest>(await this.run('backup.sh', server, env));
  }

  async restore(server: SeaweedFs, env: Environment = {}): Promise<Restored> {
    return said<Restored>(await this.run('restore.sh', server, env));
  }

  /** Without waiting for it. */
  begin(script: 'backup.sh' | 'restore.sh', server: SeaweedFs, env: Environment = {}): Background {
    this.logs += 1;
    return Background.inPod(
      [join(this.dir, 'scripts', script)],
      { cwd: this.dir, env: { ...this.environment(server), ...env } },
      join(this.dir, `log-${this.logs}`),
    );
  }

  /** The file of an object of the vault. */
  object(path: string): string {
    return this.s3.path('vault', `test/${path}`);
  }

  objects(prefix: string): readonly string[] {
    return this.s3
      .objects('vault')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((path) => path.startsWith(`test/${prefix}`))
      .map((path) => path.slice(5));
  }

  packs(): readonly string[] {
    return this.objects('seaweedfs-content/files/');
  }

  /** Ids of complete sets. */
  sets(): readonly string[] {
    return this.objects('seaweedfs/files/').flatMap((path) =>
      path.endsWith('/manifest.json') ? [path.split('/')[2] ?? ''] : [],
    );
  }

  manifest(id: string): Manifest {
    return JSON.parse(readFileSync(this.object(`seaweedfs/files/${id}/manifest.json`), 'utf8')) as Manifest;
  }

  /** As if it had been made so many days before. Returns its new id. */
  age(id: string, days: number): string {
    const then = new Date(Date.now() - days * 86_400_000).toISOString();
    const older = `${then.replace(/[-:]/g, '').slice(0, 15)}Z`;
    renameSync(this.object(`seaweedfs/files/${id}`), this.object(`seaweedfs/files/${older}`));
    const file = this.object(`seaweedfs/files/${older}/manifest.json`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(`"id": "${id}"`, `"id": "${older}"`));
    return older;
  }

  /** The vault has nothing of it any more. */
  forget(): void {
    for (const path of ['seaweedfs', 'seaweedfs-content', 'seaweedfs-content/files-sweeping.json'])
      rmSync(this.object(path), { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.s3.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function said<T>(result: Result): T {
  if (result.status !== 0) throw new Error(`status ${result.status}\n${result.stdout}\n${result.stderr}`);
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as T;
}
