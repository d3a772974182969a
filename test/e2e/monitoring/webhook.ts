import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { addressesOf, readState } from '../../../local/instance-state';
import { namespacePath } from '../../../local/network/namespaces';

const PORT = 9999;

/** What Alertmanager posts. */
export interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** A receiver of alerts on the node of an instance, where its pods and nobody else reach it. Stop it before the cluster. */
export class Webhook {
  /** @param instance whose cluster runs */
  static async start(instance: string): Promise<Webhook> {
    const state = readState(instance);
    if (state === undefined) throw new Error(`there is no instance ${instance}`);
    const { node } = addressesOf(state);
    const program = [process.execPath, join(__dirname, 'webhook-server.mjs'), node, String(PORT)];
    const child = spawn('nsenter', [`--net=${namespacePath(instance, 'node')}`, '--', ...program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const webhook = new Webhook(child, `http://${node}:${PORT}`);
    await Promise.race([
      webhook.listening,
      once(child, 'exit').then(() => Promise.reject(new Error('the webhook has ended'))),
    ]);
    return webhook;
  }

  private readonly listening: Promise<void>;
  private readonly received: { readonly path: string; readonly body: Notification }[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {
    if (child.stdout === null) throw new Error('the webhook has no standard output');
    const lines = createInterface({ input: child.stdout });
    this.listening = new Promise((resolve) => {
      lines.on('line', (line) => {
        if (line === 'listening') resolve();
        else this.received.push(JSON.parse(line));
      });
    });
  }

  /** All that came until now, the oldest first. @param path only what was posted there */
  notifications(path = '/'): readonly Notification[] {
    return this.received.filter((request) => request.path === path).map(({ body }) => body);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.stdin?.end();
    await gone;
  }
}
