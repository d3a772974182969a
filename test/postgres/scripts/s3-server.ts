import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { Background, canConnect, eventually, freePort } from './processes';

/** An S3 server with a certificate for a DNS name: pgBackRest accepts none for an address. */
export class S3Server {
  static async start(program: string): Promise<S3Server> {
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
    const server = Background.direct(command, { cwd: folder, env }, join(folder, 'log'));
    await eventually('the S3 server listens', () => canConnect(port));
    return new S3Server(folder, port, authority.pem, server);
  }

  readonly accessKey = 'tester';
  readonly secretKey = 'tester-secret-key';

  private constructor(
    private readonly folder: string,
    readonly port: number,
    readonly caPem: string,
    private readonly server: Background,
  ) {}

  createBucket(name: string): void {
    const signed = ['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', `${this.accessKey}:${this.secretKey}`];
    const options = ['--silent', '--fail', '--cacert', join(this.folder, 'ca.crt'), '-X', 'PUT'];
    const url = `https://localhost:${this.port}/${name}`;
    execFileSync('curl', [...options, ...signed, '-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', url]);
  }

  async stop(): Promise<void> {
    this.server.kill();
    await this.server.exit();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
