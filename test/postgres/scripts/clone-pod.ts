import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Options } from './configuration';
import type { Lab } from './lab';
import { type Background, eventually, type Result } from './processes';
import { tools } from './tools';

/** The pod of a clone beside the lab's own server: another volume, another socket, the same repository. */
export class ClonePod {
  private process: Background | undefined;

  constructor(private readonly lab: Lab) {}

  private get environment(): Options {
    const at = (name: string): string => this.lab.path('clone', name);
    return {
      ...this.lab.podEnvironment,
      PGDATA: at('pgdata'),
      STATE_DIR: at('recovery'),
      SPOOL_DIR: at('spool'),
      SOCKET_DIR: at('socket'),
      TERMINATION_LOG: at('termination-log'),
      READY_FILE: at('ready'),
      PGBACKREST_SPOOL_PATH: at('spool'),
      PGBACKREST_LOCK_PATH: at('lock'),
      POLL_SECONDS: '0.2',
    };
  }

  /** On an empty volume; returns when it can be read, or has ended. */
  async start(env: Options = {}): Promise<Background> {
    this.volume();
    const started = this.lab.spawn('clone.sh', { ...this.environment, ...env });
    this.process = started;
    await eventually('the clone is ready', async () => !started.running || this.ready);
    return started;
  }

  get ready(): boolean {
    return existsSync(this.lab.path('clone/ready'));
  }

  /** What the kubelet shows of a container that has ended. */
  get lastWords(): string {
    return readFileSync(this.lab.path('clone/termination-log'), 'utf8').trim();
  }

  query(sql: string): Promise<Result> {
    const { bin } = tools();
    const target = ['-h', this.lab.path('clone/socket'), '-p', String(this.lab.port), '-U', 'postgres'];
    return this.lab.run([`${bin}/psql`, '-XqAt', ...target, '-d', 'postgres', '-c', sql], this.environment);
  }

  async sql(sql: string): Promise<string> {
    const result = await this.query(sql);
    if (result.status !== 0) throw new Error(`${sql}: ${result.stderr}`);
    return result.stdout.trim();
  }

  /** As the kubelet ends it. */
  async end(): Promise<void> {
    this.process?.signal('SIGTERM');
    await this.process?.exit();
  }

  private volume(): void {
    rmSync(this.lab.path('clone'), { recursive: true, force: true });
    for (const name of ['clone', 'clone/socket']) {
      mkdirSync(this.lab.path(name));
      this.lab.own(this.lab.path(name));
    }
  }
}
