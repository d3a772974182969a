import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly contentType: string;
  readonly body: string;
}

/** A Kubernetes API that knows one Secret and one pod, as much of them as tls.sh and route.sh speak to. */
export class FakeApi {
  static async start(files: { certificate: string; key: string }): Promise<FakeApi> {
    const api = new FakeApi();
    api.server = createServer(
      { cert: readFileSync(files.certificate), key: readFileSync(files.key) },
      (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on('end', () => {
          const { method = '', url = '', headers } = request;
          const seen = {
            method,
            path: url,
            authorization: headers.authorization ?? '',
            contentType: headers['content-type'] ?? '',
            body,
          };
          api.requests.push(seen);
          const [status, answer] = api.answer(seen);
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
        });
      },
    );
    await new Promise<void>((resolve) => api.server?.listen(0, '127.0.0.1', resolve));
    return api;
  }

  readonly requests: ApiRequest[] = [];
  /** The Secret's values in base64; undefined when there is no such Secret. */
  data: Record<string, string> | undefined = {};
  version = 7;
  /** Of the pod. */
  labels: Record<string, string> = {};
  /** Statuses to answer the next requests with instead of serving them. */
  failures: { method: string; status: number }[] = [];
  /** Called before a PATCH is judged: what others do meanwhile. */
  meanwhile: (() => void) | undefined;
  private server: Server | undefined;

  get url(): string {
    const address = this.server?.address() as AddressInfo | undefined;
    return `https://localhost:${address?.port}`;
  }

  get patches(): ApiRequest[] {
    return this.requests.filter(({ method }) => method === 'PATCH');
  }

  file(name: string): string {
    return Buffer.from(this.data?.[name] ?? '', 'base64').toString();
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private answer(request: ApiRequest): [number, object] {
    const failure = this.failures.findIndex(({ method }) => method === request.method);
    if (failure >= 0)
      return [this.failures.splice(failure, 1)[0]?.status ?? 500, { message: 'told to fail' }];
    if (request.path.includes('/pods/')) return this.answerForPod(request);
    if (this.data === undefined) return [404, { message: 'not found' }];
    if (request.method === 'PATCH') {
      this.meanwhile?.();
      this.meanwhile = undefined;
      const patch = JSON.parse(request.body) as {
        metadata: { resourceVersion: string };
        data: Record<string, string>;
      };
      if (patch.metadata.resourceVersion !== String(this.version)) return [409, { message: 'conflict' }];
      this.version += 1;
      this.data = { ...this.data, ...patch.data };
    }
    return [200, { metadata: { resourceVersion: String(this.version) }, data: this.data }];
  }

  private answerForPod({ body, method }: ApiRequest): [number, object] {
    if (method === 'PATCH') {
      const { metadata } = JSON.parse(body) as { metadata: { labels: Record<string, string> } };
      this.labels = { ...this.labels, ...metadata.labels };
    }
    return [200, { metadata: { labels: this.labels } }];
  }
}
