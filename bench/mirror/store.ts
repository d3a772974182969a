import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CertificateAuthority } from '../../local/certificates/authority';

const KEYS = { ROOT_ACCESS_KEY: 'bench', ROOT_SECRET_KEY: 'bench-secret-key' };

/** An S3 server on the loopback, by TLS, with versions. */
export class BenchStore {
  static async start(program: string, directory: string): Promise<BenchStore> {
    for (const name of ['data', 'versions']) mkdirSync(join(directory, name), { recursive: true });
    const authority = await CertificateAuthority.create('bench');
    const pair = await authority.issue({ commonName: '127.0.0.1', addresses: ['127.0.0.1'] });
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text, { mode: 0o600 });
      return join(directory, name);
    };
    const caFile = file('ca.crt', authority.pem);
    const port = await freePort();
    const options = [
      `--port=127.0.0.1:${port}`,
      `--cert=${file('server.crt', pair.certificate)}`,
      `--key=${file('server.key', pair.key)}`,
      '--quiet',
      'posix',
      `--versioning-dir=${join(directory, 'versions')}`,
      join(directory, 'data'),
    ];
    const child = spawn(program, options, { env: KEYS, stdio: 'ignore' });
    await listening(port);
    return new BenchStore(child, `https://127.0.0.1:${port}`, caFile);
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly endpoint: string,
    readonly caFile: string,
  ) {}

  /** How rclone reaches it under a name. */
  remote(name: string): Record<string, string> {
    const settings = {
      TYPE: 's3',
      PROVIDER: 'Other',
      ENDPOINT: this.endpoint,
      REGION: 'us-east-1',
      FORCE_PATH_STYLE: 'true',
      ACCESS_KEY_ID: KEYS.ROOT_ACCESS_KEY,
      SECRET_ACCESS_KEY: KEYS.ROOT_SECRET_KEY,
    };
    return Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`RCLONE_CONFIG_${name}_${key}`, value]),
    );
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port} after 5 s`);
}
