import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { instanceDirectory } from '../../../local/instance-state';
import { namespacePath } from '../../../local/network/namespaces';
import type { VaultServer } from '../../../local/vault-server/vault-server';

/** What happens to requests that match; without `method` and `path`, all of them do. */
export type FaultRule = {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'HEAD' | 'DELETE';
  /** Part of the URL. */
  readonly path?: string;
  /** Only each nth of them. */
  readonly every?: number;
} & (
  | { readonly do: 'answer'; readonly status: number; readonly code: string }
  | { readonly do: 'delay'; readonly ms: number }
  | { readonly do: 'hang' }
  | { readonly do: 'reset' }
);

const PORT = 8443;

/** A second door to the vault of an instance, at which faults are made. The first one stays as it is. */
export class FaultProxy {
  static async start(instance: string): Promise<FaultProxy> {
    const folder = join(instanceDirectory(instance), 'vault');
    const vault = JSON.parse(readFileSync(join(folder, 'vault.json'), 'utf8')) as VaultServer;
    const { address, endpointHost: host, port: upstream } = vault;
    const child = spawn(
      'nsenter',
      [
        `--net=${namespacePath(instance, 'vault')}`,
        '--',
        process.execPath,
        join(__dirname, 'proxy.mjs'),
        JSON.stringify({ address, host, upstream, port: PORT, folder }),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const proxy = new FaultProxy(child, `https://${host}:${PORT}`);
    await proxy.answer();
    return proxy;
  }

  private readonly lines: Interface;

  private constructor(
    private readonly child: ChildProcess,
    readonly endpoint: string,
  ) {
    if (child.stdout === null) throw new Error('the proxy has no standard output');
    this.lines = createInterface({ input: child.stdout });
  }

  /** From now on these faults and no others; tells what was done to how many requests until now. */
  async set(
    ...rules: readonly FaultRule[]
  ): Promise<Readonly<Partial<Record<FaultRule['do'] | 'pass', number>>>> {
    const answer = this.answer();
    this.child.stdin?.write(`${JSON.stringify(rules)}\n`);
    return JSON.parse(await answer);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await gone;
  }

  private answer(): Promise<string> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the fault proxy has ended'));
      this.child.once('exit', ended);
      this.lines.once('line', (line) => {
        this.child.off('exit', ended);
        resolve(line);
      });
    });
  }
}
