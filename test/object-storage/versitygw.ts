import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../local/certificates/authority';
import { builtProgram } from '../built-program';
import { freePort } from '../free-port';

/** Its path, where `npm run local`, a rehearsal or `npm test` has built it. */
export const findVersitygw = (): string | undefined => builtProgram('versitygw');

export interface VersitygwOptions {
  /** @default true */
  readonly versioning?: boolean;
  /** @default 'us-east-1' */
  readonly region?: string;
  /** Where it listens. @default - on the loopback, at a port that is free */
  readonly at?: {
    readonly address: string;
    readonly port: number;
    readonly hostName: string;
    /** Path of the network namespace. */
    readonly network: string;
  };
  /** Whether it has users beside the one that it starts with. @default true */
  readonly users?: boolean;
}

/** A real S3 server with a certificate of its own authority, on loopback, in a folder that goes with it. */
export class Versitygw {
  readonly keys = { accessKeyId: 'tester', secretAccessKey: 'tester-secret-key' };

  static async start(program: string, options: VersitygwOptions = {}): Promise<Versitygw> {
    const { address, hostName, port, network } = options.at ?? {
      address: '127.0.0.1',
      hostName: '127.0.0.1',
      port: await freePort(),
      network: undefined,
    };
    const folder = mkdtempSync(join(tmpdir(), 'versitygw-'));
    const authority = await CertificateAuthority.create('test vault');
    const server = await authority.issue({
      commonName: hostName,
      ...(hostName === address ? {} : { dnsNames: [hostName] }),
      addresses: [address],
    });
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    for (const name of ['data', 'versions', 'users']) mkdirSync(join(folder, name));
    const it = new Versitygw(`https://${hostName}:${port}`, authority.pem, folder);
    const enter = network === undefined ? [] : ['nsenter', `--net=${network}`];
    const [command = program, ...before] = [...enter, program];
    it.child = spawn(
      command,
      [
        ...before,
        `--port=${address}:${port}`,
        `--cert=${file('server.crt', server.certificate)}`,
        `--key=${file('server.key', server.key)}`,
        `--region=${options.region ?? 'us-east-1'}`,
        ...(options.users === false ? [] : [`--iam-dir=${join(folder, 'users')}`]),
        '--quiet',
        'posix',
        ...(options.versioning === false ? [] : [`--versioning-dir=${join(folder, 'versions')}`]),
        join(folder, 'data'),
      ],
      {
        env: { ROOT_ACCESS_KEY: it.keys.accessKeyId, ROOT_SECRET_KEY: it.keys.secretAccessKey },
        stdio: 'ignore',
      },
    );
    await listening(address, port);
    return it;
  }

  private child: ChildProcess | undefined;

  private constructor(
    readonly endpoint: string,
    readonly caPem: string,
    private readonly folder: string,
  ) {}

  /** The file in which an object is kept. */
  path(bucket: string, key: string): string {
    return join(this.folder, 'data', bucket, key);
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function listening(address: string, port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`versitygw does not listen on port ${port} after 30 s`);
}
