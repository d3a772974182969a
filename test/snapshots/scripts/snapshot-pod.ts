import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSnapshotRecord, type SnapshotRecord } from '../../../constructs/snapshots';
import { snapshotScripts } from '../../../constructs/snapshots/scripts';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { type Result, run } from '../../postgres/scripts/processes';
import { S3Server } from '../../postgres/scripts/s3-server';
import { writeScripts } from '../../postgres/scripts/scripts-folder';
import { tools } from '../../postgres/scripts/tools';
import { FakeCluster } from './fake-cluster';

/** What a run says on its output. */
export interface Outcome {
  readonly schedule: string;
  readonly claims: readonly {
    readonly claim: string;
    readonly ready: number;
    readonly notReady: number;
    readonly newest: number | null;
    readonly recorded: number;
  }[];
  readonly failures: readonly string[];
}

/** The pod of a schedule with a real S3 server, and a cluster that is none. */
export class SnapshotPod {
  static async start(): Promise<SnapshotPod> {
    const s3 = await S3Server.start();
    s3.createBucket('vault');
    const dir = mkdtempSync(join(tmpdir(), 'snapshots-'));
    for (const name of ['scripts', 'tmp', 'etc', 'account']) mkdirSync(join(dir, name));
    writeScripts(join(dir, 'scripts'), snapshotScripts());
    for (const path of ['', 'tmp']) chownSync(join(dir, path), tools().uid, tools().gid);
    const authority = await CertificateAuthority.create('api');
    const pair = await authority.issue({ commonName: 'localhost', dnsNames: ['localhost'] });
    const files = {
      'account/ca.crt': authority.pem,
      'account/token': 'the-token',
      'etc/api.crt': pair.certificate,
      'etc/api.key': pair.key,
      ...s3.storeFiles(dir),
    };
    for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text, { mode: 0o644 });
    const cluster = await FakeCluster.start({
      certificate: join(dir, 'etc/api.crt'),
      key: join(dir, 'etc/api.key'),
    });
    return new SnapshotPod(dir, s3, cluster);
  }

  private constructor(
    private readonly dir: string,
    readonly s3: S3Server,
    readonly cluster: FakeCluster,
  ) {}

  /** A run on the claim data-0, unless it is told otherwise. */
  take(env: Readonly<Record<string, string>> = {}): Promise<Result> {
    return run([join(this.dir, 'scripts/take.sh')], {
      cwd: this.dir,
      env: {
        SCHEDULE_NAME: 'orders',
        NAMESPACE: 'shop',
        CLAIMS: '["data-0"]',
        SNAPSHOT_CLASS: 'ebs',
        KEEP: '{"daily":2,"atLeast":1}',
        READY_SECONDS: '3',
        ACCOUNT_DIR: join(this.dir, 'account'),
        API_URL: this.cluster.url,
        CONFIG_FILE: join(this.dir, 'etc/store.conf'),
        PGBACKREST_REPO1_S3_KEY: this.s3.accessKey,
        PGBACKREST_REPO1_S3_KEY_SECRET: this.s3.secretKey,
        TERMINATION_LOG: join(this.dir, 'tmp/termination-log'),
        TMPDIR: join(this.dir, 'tmp'),
        POLL_SECONDS: '0.1',
        SETTLE_SECONDS: '0',
        REMOVAL_SECONDS: '2',
        ...env,
      },
      timeoutMs: 60_000,
    });
  }

  /** One that must succeed. */
  async taken(env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const result = await this.take(env);
    if (result.status !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout) as Outcome;
  }

  private file(claim: string): string {
    return this.s3.path('vault', `test/snapshots/shop/${claim}.json`);
  }

  record(claim = 'data-0'): SnapshotRecord {
    return readSnapshotRecord(readFileSync(this.file(claim), 'utf8'), claim);
  }

  writeRecord(text: string, claim = 'data-0'): void {
    mkdirSync(join(this.file(claim), '..'), { recursive: true });
    writeFileSync(this.file(claim), text);
  }

  clear(): void {
    this.cluster.clear();
    rmSync(this.s3.path('vault', 'test'), { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.cluster.stop();
    await this.s3.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
