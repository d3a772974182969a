import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { apiUrl, type ClusterContext, NODE_NAME } from './context';

/** Reads from the cluster's API as its administrator. Enough to see it come up; kubectl does the rest. */
export class ApiReader {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(context: ClusterContext) {
    const read = (name: string): Buffer => readFileSync(join(context.paths.pki, name));
    this.#url = apiUrl(context);
    this.#agent = new Agent({
      keepAlive: false,
      ca: read('ca.crt'),
      cert: read('admin.crt'),
      key: read('admin.key'),
    });
  }

  get(path: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.#url}${path}`, { agent: this.#agent, timeout: 2_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`${this.#url}${path} did not answer within 2 s`)),
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  async ready(): Promise<boolean> {
    const { status, body } = await this.get('/readyz');
    if (status !== 200) throw new Error(`/readyz answers ${status}: ${body.slice(0, 500)}`);
    return true;
  }

  async nodeReady(): Promise<boolean> {
    const { status, body } = await this.get(`/api/v1/nodes/${NODE_NAME}`);
    if (status !== 200) throw new Error(`the node is not registered (${status})`);
    const node = JSON.parse(body) as {
      readonly status: {
        readonly conditions: { readonly type: string; readonly status: string; readonly message: string }[];
      };
    };
    const condition = node.status.conditions.find((candidate) => candidate.type === 'Ready');
    if (condition?.status !== 'True')
      throw new Error(`the node is not Ready: ${condition?.message ?? 'no condition'}`);
    return true;
  }
}
