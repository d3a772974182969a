import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { freePort } from '../../free-port';
import { findVersitygw } from '../../object-storage/versitygw';
import { Background, canConnect, eventually } from './processes';
import { findTools } from './tools';

const program = findVersitygw();
const runnable = program !== undefined && findTools() !== undefined;
if (!runnable)
  console.warn('Skipped: PostgreSQL, pgBackRest or a built versitygw (npm run local) is missing.');

/** Like `describe`; skipped, and counted as such, where the scripts or an S3 server cannot run. */
export const describeWithS3 = runnable ? describe : describe.skip;

/** An S3 server with a certificate for a DNS name: pgBackRest accepts none for an address. */
export class S3Server {
  static async start(): Promise<S3Server> {
    if (program === undefined) throw new Error('versitygw was not built here.');
    const folder = mkdtempSync(join(tmpdir(), 's3-'));
    for (const name of ['data', 'users']) mkdirSync(join(folder, name));
    const authority = await CertificateAuthority.create('test vault');
    const pair = await authority.issue({ commonName: 'localhost', dnsNames: ['localhost'] });
    writeFileSync(join(folder, 'ca.crt'), authority.pem);
    writeFileSync(join(folder, 'server.crt'), pair.certificate);
    writeFileSync(join(folder, 'server.key'), pair.key, { mode: 0o600 });
    const port = await freePort();
    const files = [`--cert=${join(folder, 'server.crt')}`, `--key=${join(folder, 'server.key')}`];
    const options = [
      `--port=127.0.0.1:${port}`,
      ...files,
      '--region=us-east-1',
      `--iam-dir=${join(folder, 'users')}`,
    ];
    const env = { ROOT_ACCESS_KEY: 'tester', ROOT_SECRET_KEY: 'tester-secret-key' };
    const command = [program, ...options, '--quiet', 'posix', join(folder, 'data')];
    const spawnServer = () => Background.direct(command, { cwd: folder, env }, join(folder, 'log'));
    const server = new S3Server(program, folder, port, authority.pem, spawnServer);
    await server.up();
    return server;
  }

  readonly accessKey = 'tester';
  readonly secretKey = 'tester-secret-key';

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    readonly port: number,
    readonly caPem: string,
    private readonly spawnServer: () => Background,
  ) {}

  private server: Background | undefined;

  /** Answers again, after `down`. */
  async up(): Promise<void> {
    this.server = this.spawnServer();
    await eventually('the S3 server listens', () => canConnect(this.port));
  }

  /** Nothing answers any more; what is stored stays. */
  async down(): Promise<void> {
    this.server?.kill();
    await this.server?.exit();
  }

  createBucket(name: string): void {
    this.put(name);
  }

  /** A key that can read a bucket and nothing else. */
  createReader(bucket: string, accessKey: string, secretKey: string): void {
    const root = [`--access=${this.accessKey}`, `--secret=${this.secretKey}`, '--allow-insecure'];
    const user = [`--access=${accessKey}`, `--secret=${secretKey}`, '--role=user'];
    const endpoint = `--endpoint-url=https://localhost:${this.port}`;
    execFileSync(this.program, ['admin', ...root, endpoint, 'create-user', ...user], { stdio: 'pipe' });
    const allow = (actions: readonly string[], resource: string) => ({
      Effect: 'Allow',
      Principal: { AWS: [accessKey] },
      Action: actions,
      Resource: `arn:aws:s3:::${resource}`,
    });
    const statements = [allow(['s3:ListBucket'], bucket), allow(['s3:GetObject'], `${bucket}/*`)];
    this.put(`${bucket}?policy=`, JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  }

  /** Another port of it, which answers 503 wherever the address of a request contains `path`. */
  async unavailable(path: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
    const port = await freePort();
    const at = { address: '127.0.0.1', port, upstream: this.port, host: 'localhost', folder: this.folder };
    const proxy = spawn(
      process.execPath,
      [require.resolve('../../e2e/faults/proxy.mjs'), JSON.stringify(at)],
      {
        stdio: ['pipe', 'ignore', 'inherit'],
      },
    );
    proxy.stdin.write(`${JSON.stringify([{ path, do: 'answer', status: 503, code: 'SlowDown' }])}\n`);
    await eventually('the proxy listens', () => canConnect(port));
    const ended = new Promise((resolve) => proxy.once('exit', resolve));
    return {
      port,
      stop: async () => {
        proxy.stdin.end();
        await ended;
      },
    };
  }

  /** Every object of a bucket, with its size and when it was written. */
  objects(bucket: string): readonly string[] {
    const listed = execFileSync('find', [
      join(this.folder, 'data', bucket),
      '-type',
      'f',
      '-printf',
      '%P %s %T@\n',
    ]);
    return listed.toString().trim().split('\n').sort();
  }

  /** The files of a folder by which scripts of pods find the bucket `vault` here, their paths below `directory`. */
  storeFiles(directory: string): Readonly<Record<'etc/store.crt' | 'etc/store.conf', string>> {
    const options = {
      'repo1-type': 's3',
      'repo1-path': '/test',
      'repo1-s3-bucket': 'vault',
      'repo1-s3-endpoint': 'localhost',
      'repo1-s3-region': 'us-east-1',
      'repo1-s3-uri-style': 'path',
      'repo1-storage-port': this.port,
      'repo1-storage-ca-file': join(directory, 'etc/store.crt'),
    };
    const lines = Object.entries(options).map(([option, value]) => `${option}=${value}\n`);
    return { 'etc/store.crt': this.caPem, 'etc/store.conf': lines.join('') };
  }

  /** The file in which an object is kept. */
  path(bucket: string, key: string): string {
    return join(this.folder, 'data', bucket, key);
  }

  private put(path: string, body = ''): void {
    const signed = ['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', `${this.accessKey}:${this.secretKey}`];
    const options = [
      '--silent',
      '--show-error',
      '--fail',
      '--cacert',
      join(this.folder, 'ca.crt'),
      '-X',
      'PUT',
    ];
    const url = `https://localhost:${this.port}/${path}`;
    const content = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', '--data-binary', body];
    execFileSync('curl', [...options, ...signed, ...content, url], { stdio: 'pipe' });
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
