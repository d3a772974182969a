import { mkdirSync, rmSync } from 'node:fs';
import type { Options } from './configuration';
import { Lab } from './lab';
import type { Background, Result } from './processes';
import { giveS3 } from './s3-repository';
import { S3Server } from './s3-server';

export interface Dump {
  readonly id: string;
  readonly complete: boolean;
  readonly manifest?: Manifest;
}

export interface Manifest {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly serverVersion: string;
  readonly systemId: string;
  readonly timeline: number;
  readonly databases: readonly {
    readonly name: string;
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly tables: number;
  }[];
  readonly globals: { readonly file: string; readonly bytes: number; readonly rolePasswords: boolean };
}

export const PASSWORD = `super 'secret' pass"word\\`;

/** The jobs of dumps, beside a lab's server with a repository in a real S3 store. */
export class DumpPod {
  /** With a server that runs; its superuser has the password of the jobs' file. */
  static async start(): Promise<DumpPod> {
    const s3 = await S3Server.start();
    const lab = await Lab.create();
    const pod = new DumpPod(lab, s3);
    try {
      await pod.serve();
      return pod;
    } catch (error) {
      await pod.dispose();
      throw error;
    }
  }

  private constructor(
    readonly lab: Lab,
    readonly s3: S3Server,
  ) {}

  private async serve(): Promise<void> {
    const { lab, s3 } = this;
    giveS3(lab, s3);
    lab.deploy({ initialize: true });
    const prepared = await lab.prepare();
    if (prepared.status !== 0) throw new Error(prepared.stderr);
    lab.write('roles/postgres', `${PASSWORD}\n`);
    await lab.startServer();
    await lab.sql(`alter role postgres password '${PASSWORD.replaceAll("'", "''")}'`);
  }

  private get environment(): Options {
    const { lab } = this;
    mkdirSync(lab.path('tmp/work'), { recursive: true });
    lab.own(lab.path('tmp/work'));
    return {
      PG_HOST: '127.0.0.1',
      PG_PORT: String(lab.port),
      WORK_DIR: lab.path('tmp/work'),
      POLL_SECONDS: '0.2',
      WAIT_SECONDS: '5',
    };
  }

  dump(env: Options = {}): Promise<Result> {
    return this.lab.script('dump.sh', [], { ...this.environment, ...env });
  }

  /** Without waiting for it. */
  startDump(): Background {
    return this.lab.spawn('dump.sh', { ...this.lab.podEnvironment, ...this.environment });
  }

  /** A dump that must succeed. */
  async dumped(env: Options = {}): Promise<Manifest> {
    const result = await this.dump(env);
    if (result.status !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout) as Manifest;
  }

  restore(env: Options = {}): Promise<Result> {
    return this.lab.script('restore-dump.sh', [], { ...this.environment, ...env });
  }

  async list(): Promise<readonly Dump[]> {
    const result = await this.lab.script('list-dumps.sh', [], this.environment);
    if (result.status !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout) as Dump[];
  }

  /** The file of an object below the dumps, as the store keeps it. */
  object(path: string): string {
    return this.s3.path('vault', `test/shop/dumps/main/${path}`);
  }

  objects(): readonly string[] {
    return this.s3
      .objects('vault')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((path) => path.startsWith('test/shop/dumps/'));
  }

  async dispose(): Promise<void> {
    await this.lab.dispose();
    await this.s3.stop();
    rmSync(this.lab.dir, { recursive: true, force: true });
  }
}
