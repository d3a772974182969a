import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port';
import { Background, eventually } from '../../postgres/scripts/processes';
import { describeWithS3 } from '../../postgres/scripts/s3-server';
import type { SeaweedFs } from './seaweedfs';

const program = process.env['SEAWEEDFS_WEED'] ?? '';
const runnable = program !== '' && existsSync(program);
if (!runnable) console.warn('Skipped: no SeaweedFS to try with (SEAWEEDFS_WEED names its program, weed).');

/** Like `describe`; skipped, and counted as such, where there is no program of SeaweedFS. */
export const describeWithWeed = runnable ? describeWithS3 : describe.skip;

/** A real SeaweedFS on the loopback: a master, a volume server, a filer and an S3 gateway in one process. */
export class RealSeaweedFs implements SeaweedFs {
  /** @param security its security.toml. Without one, everybody may do everything. */
  static async start(security?: string): Promise<RealSeaweedFs> {
    const dir = mkdtempSync(join(tmpdir(), 'seaweedfs-'));
    // Where whoever runs in the image of the pods sees it.
    const weed = join(dir, 'weed');
    copyFileSync(program, weed);
    for (const path of [dir, weed]) chmodSync(path, 0o755);
    const server = new RealSeaweedFs(dir, weed, await ports(), security);
    await server.up();
    return server;
  }

  readonly real = true;
  private process: Background | undefined;
  private lives = 0;

  private constructor(
    private readonly dir: string,
    readonly weed: string,
    private ports: readonly number[],
    private readonly security: string | undefined,
  ) {}

  private port(index: number): number {
    return this.ports[index] ?? 0;
  }
  get masters(): string {
    return `127.0.0.1:${this.port(0)}.${this.port(1)}`;
  }
  get filer(): string {
    return `127.0.0.1:${this.port(4)}.${this.port(5)}`;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port(4)}`;
  }
  get s3(): string {
    return `http://127.0.0.1:${this.port(6)}`;
  }
  /** Where volumes are, and of which collections. */
  get volumes(): string {
    return `http://127.0.0.1:${this.port(0)}/vol/status`;
  }
  get metrics(): string {
    return `http://127.0.0.1:${this.port(8)}/metrics`;
  }
  get data(): string {
    return join(this.dir, `data-${this.lives}`);
  }

  private async up(): Promise<void> {
    mkdirSync(this.data, { recursive: true });
    // It looks for it where it is started.
    if (this.security !== undefined) writeFileSync(join(this.data, 'security.toml'), this.security);
    const at = (name: string, index: number): string[] => [
      `-${name}.port=${this.port(index)}`,
      `-${name}.port.grpc=${this.port(index + 1)}`,
    ];
    const where = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${this.data}`, '-volume.max=100'];
    const more = ['-master.volumeSizeLimitMB=64', '-filer.maxMB=4', `-metricsPort=${this.port(8)}`];
    const options = [...where, ...at('master', 0), ...at('volume', 2), '-filer', ...at('filer', 4)];
    const command = [this.weed, 'server', ...options, '-s3', '-s3.port.iceberg=0', ...at('s3', 6), ...more];
    const props = { cwd: this.data, env: { HOME: this.data } };
    this.process = Background.direct(command, props, join(this.dir, `log-${this.lives}`));
    try {
      await eventually('SeaweedFS takes files', () => this.takesFiles(), 120_000);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.process.log.slice(-2000)}`);
    }
  }

  private async takesFiles(): Promise<boolean> {
    if (this.process?.running !== true) throw new Error('SeaweedFS has ended.');
    try {
      // By its gateway, which signs what it asks of the filer.
      await fetch(`${this.s3}/ready`, { method: 'PUT' });
      if (!(await fetch(`${this.s3}/ready/file`, { method: 'PUT', body: 'ready' })).ok) return false;
      await fetch(`${this.s3}/ready/file`, { method: 'DELETE' });
      return (await fetch(`${this.s3}/ready`, { method: 'DELETE' })).ok;
    } catch {
      return false;
    }
  }

  private async down(): Promise<void> {
    this.process?.kill();
    await this.process?.exit();
  }

  async wipe(): Promise<void> {
    await this.down();
    rmSync(this.data, { recursive: true, force: true });
    this.lives += 1;
    // What was free then may be somebody else's by now.
    this.ports = await ports();
    await this.up();
  }

  async loseMetadata(): Promise<void> {
    await this.down();
    rmSync(join(this.data, 'filerldb2'), { recursive: true });
    await this.up();
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function ports(): Promise<number[]> {
  const found: number[] = [];
  while (found.length < 9) found.push(await freePort());
  return found;
}
