import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Client, type ClientConfig } from 'pg';

/** Reaches a database of the cluster from outside it, through the API server. */
export class Tunnel {
  private constructor(
    private readonly child: ChildProcess,
    readonly connection: ClientConfig,
  ) {}

  static async open(options: {
    readonly kubectl: string;
    readonly kubeconfig: string;
    readonly namespace: string;
    readonly pod: string;
    readonly login: Pick<ClientConfig, 'user' | 'database' | 'password'>;
  }): Promise<Tunnel> {
    const { kubectl, kubeconfig, namespace, pod, login } = options;
    const child = spawn(kubectl, ['port-forward', `--namespace=${namespace}`, `pod/${pod}`, ':5432'], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const port = await localPort(child).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    return new Tunnel(child, { host: '127.0.0.1', port, connectionTimeoutMillis: 5000, ...login });
  }

  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client(this.connection);
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }

  close(): void {
    this.child.kill('SIGKILL');
  }
}

/** kubectl chooses a free port and says which: `Forwarding from 127.0.0.1:40123 -> 5432`. */
function localPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('kubectl port-forward did not open a port in 15 s')),
      15_000,
    );
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    child.once('exit', (code) => settle(() => reject(new Error(`kubectl port-forward ended with ${code}`))));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = /127\.0\.0\.1:(\d+)/.exec(line);
      if (match?.[1] !== undefined) {
        const port = Number(match[1]);
        settle(() => resolve(port));
      }
    });
  });
}
