import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { freePort } from '../../free-port';
import { eventually } from '../../postgres/scripts/processes';
import type { Issued } from './pki';

/** TLS servers of a test, on loopback. */
export class Servers {
  private readonly processes: ChildProcess[] = [];
  private readonly listeners: Server[] = [];
  private readonly sockets = new Set<Socket>();

  constructor(private readonly directory: string) {}

  /** `openssl s_server` with a certificate and what it sends along. @returns its port */
  async openssl(
    issued: Issued,
    chain: readonly Issued[] = [],
    options: readonly string[] = [],
  ): Promise<number> {
    const port = await freePort();
    const file = (name: string, text: string): string => {
      const path = join(this.directory, `${port}-${name}`);
      writeFileSync(path, text);
      return path;
    };
    const process = spawn(
      'openssl',
      [
        's_server',
        ...['-accept', `127.0.0.1:${port}`],
        ...['-cert', file('tls.crt', issued.pem), '-key', file('tls.key', issued.key)],
        ...(chain.length === 0
          ? []
          : ['-cert_chain', file('chain.crt', chain.map(({ pem }) => pem).join(''))]),
        ...options,
      ],
      // It ends when nobody holds its input any more.
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    let said = '';
    process.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
    });
    this.processes.push(process);
    await eventually('openssl s_server accepts connections', () => said.includes('ACCEPT'));
    return port;
  }

  /** A server that speaks TLS only after PostgreSQL's request for it, as libpq sends it. */
  async postgres(issued: Issued): Promise<number> {
    return this.listen((socket) => {
      socket.once('data', (request) => {
        if (request.toString('hex') !== '0000000804d2162f') {
          socket.destroy();
          return;
        }
        socket.write('S');
        new TLSSocket(socket, { isServer: true, cert: issued.pem, key: issued.key }).on('error', () => {});
      });
    });
  }

  /** A server that lets clients in and says nothing. */
  async silent(): Promise<number> {
    return this.listen(() => {});
  }

  private async listen(serve: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      serve(socket);
    });
    this.listeners.push(server);
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const listener of this.listeners) listener.close();
    for (const process of this.processes) process.kill('SIGKILL');
  }
}
