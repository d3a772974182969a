import { chownSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dashboardScripts } from '../../../constructs/dashboards/scripts';
import { Background, type Result, run } from '../../postgres/scripts/processes';
import { S3Server } from '../../postgres/scripts/s3-server';
import { writeScripts } from '../../postgres/scripts/scripts-folder';
import { tools } from '../../postgres/scripts/tools';
import type { FakeGrafana } from './fake-grafana';

export interface Manifest {
  readonly id: string;
  readonly folders: readonly { readonly uid: string; readonly title: string; readonly parentUid?: string }[];
  readonly dashboards: readonly {
    readonly uid: string;
    readonly title: string;
    readonly folderUid: string;
    readonly provisioned: boolean;
    readonly file: string;
    readonly sha256: string;
  }[];
  readonly unread: readonly { readonly uid: string; readonly cause: string }[];
}

/** What an export says on its last line of output. */
export interface Export {
  readonly id: string;
  readonly last: string | null;
  readonly dashboards: number;
  readonly provisioned: number;
  readonly folders: number;
  readonly unread: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly moved: readonly string[];
  readonly removed: readonly string[];
}

type Environment = Readonly<Record<string, string>>;

/** The pod of the export and the restore, with a real S3 server; its Grafana is said with each run. */
export class DashboardPod {
  static async start(): Promise<DashboardPod> {
    const s3 = await S3Server.start();
    s3.createBucket('vault');
    return new DashboardPod(mkdtempSync(join(tmpdir(), 'dashboards-')), s3);
  }

  private logs = 0;

  private constructor(
    readonly dir: string,
    readonly s3: S3Server,
  ) {
    for (const name of ['scripts', 'tmp', 'etc']) mkdirSync(join(dir, name));
    writeScripts(join(dir, 'scripts'), dashboardScripts());
    for (const path of ['', 'tmp']) chownSync(join(dir, path), tools().uid, tools().gid);
    for (const [path, text] of Object.entries(s3.storeFiles(dir))) this.write(path, text);
  }

  write(path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.dir, path), text, { mode });
  }

  private environment(grafana: FakeGrafana | string, token: string): Environment {
    this.write('etc/token', `${token}\n`);
    return {
      GRAFANA_NAME: 'main',
      GRAFANA_URL: typeof grafana === 'string' ? grafana : grafana.url,
      GRAFANA_TOKEN_FILE: join(this.dir, 'etc/token'),
      CONFIG_FILE: join(this.dir, 'etc/store.conf'),
      PGBACKREST_REPO1_S3_KEY: this.s3.accessKey,
      PGBACKREST_REPO1_S3_KEY_SECRET: this.s3.secretKey,
      TERMINATION_LOG: join(this.dir, 'tmp/termination-log'),
      TMPDIR: join(this.dir, 'tmp'),
      POLL_SECONDS: '0.2',
      WAIT_SECONDS: '2',
    };
  }

  export(grafana: FakeGrafana | string, env: Environment = {}, token = 'glsa_viewer'): Promise<Result> {
    return run([join(this.dir, 'scripts/export.sh')], {
      cwd: this.dir,
      env: { ...this.environment(grafana, token), ...env },
      timeoutMs: 90_000,
    });
  }

  /** One that must succeed. */
  async exported(grafana: FakeGrafana, env: Environment = {}): Promise<Export> {
    const result = await this.export(grafana, env);
    if (result.status !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout) as Export;
  }

  /** Without waiting for it. */
  startExport(grafana: FakeGrafana): Background {
    return this.start('export.sh', grafana, 'glsa_viewer');
  }

  startRestore(grafana: FakeGrafana): Background {
    return this.start('restore.sh', grafana, 'glsa_editor');
  }

  private start(script: string, grafana: FakeGrafana, token: string): Background {
    this.logs += 1;
    const env = this.environment(grafana, token);
    return Background.inPod(
      [join(this.dir, 'scripts', script)],
      { cwd: this.dir, env },
      join(this.dir, `log-${this.logs}`),
    );
  }

  restore(grafana: FakeGrafana, env: Environment = {}, token = 'glsa_editor'): Promise<Result> {
    return run([join(this.dir, 'scripts/restore.sh')], {
      cwd: this.dir,
      env: { ...this.environment(grafana, token), ...env },
      timeoutMs: 90_000,
    });
  }

  /** The file of an object below the sets, as the store keeps it. */
  object(path: string): string {
    return this.s3.path('vault', `test/dashboards/main/${path}`);
  }

  manifest(id: string): Manifest {
    return JSON.parse(readFileSync(this.object(`${id}/manifest.json`), 'utf8')) as Manifest;
  }

  /** Objects below the sets: `<id>/<file>`. */
  objects(): readonly string[] {
    return this.s3
      .objects('vault')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((path) => path.startsWith('test/dashboards/main/'))
      .map((path) => path.slice('test/dashboards/main/'.length));
  }

  /** Ids of complete sets. */
  sets(): readonly string[] {
    return this.objects()
      .filter((path) => path.endsWith('/manifest.json'))
      .map((path) => path.split('/')[0] ?? '');
  }

  /** As if it had been made so many days before. Returns its new id. */
  age(id: string, days: number): string {
    const then = new Date(Date.now() - days * 86_400_000).toISOString();
    const older = `${then.replace(/[-:]/g, '').slice(0, 15)}Z`;
    renameSync(this.object(id), this.object(older));
    return older;
  }

  async dispose(): Promise<void> {
    await this.s3.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
