import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { CertificateAuthority, type KeyPairPem } from '../../local/certificates/authority';

interface Version {
  readonly id: string;
  /** Undefined for a delete marker. */
  readonly body: Buffer | undefined;
}

interface Bucket {
  versioned: boolean;
  readonly locked: boolean;
  readonly objects: Map<string, readonly Version[]>;
}

interface Answer {
  readonly status: number;
  readonly body?: string | Buffer;
}

/** What a store can get wrong, or a network. */
export interface Misbehaviour {
  /** Answers instead of the store, or undefined to let it answer. */
  intercept?: (request: IncomingMessage) => { status: number; code?: string } | undefined;
  ignoresConditions?: boolean;
  ignoresVersioning?: boolean;
  forgetsVersions?: boolean;
  /** Minutes by which its clock is fast. */
  skewMinutes?: number;
}

/**
 * As much of an S3 server as the clients use, in this process, path style, without checking
 * signatures. It stands in where no real one is installed, and where a store has to misbehave.
 */
export class FakeS3 {
  readonly buckets = new Map<
    string,
    { versioned: boolean; locked: boolean; objects: Map<string, Version[]> }
  >();
  readonly requests: string[] = [];
  private lastVersion = 0;

  static async start(misbehaviour: Misbehaviour = {}): Promise<FakeS3> {
    const authority = await CertificateAuthority.create('fake vault');
    const certificate = await authority.issue({ commonName: 'fake', addresses: ['127.0.0.1'] });
    const fake = new FakeS3(misbehaviour, authority.pem, certificate);
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  private readonly server: Server;

  private constructor(
    readonly misbehaviour: Misbehaviour,
    readonly caPem: string,
    { certificate, key }: KeyPairPem,
  ) {
    this.server = createServer({ cert: certificate, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.respond(request, Buffer.concat(chunks), response));
    });
  }

  get endpoint(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Keys of the objects that are not deleted. */
  keys(bucket: string): string[] {
    const objects = this.buckets.get(bucket)?.objects ?? new Map<string, readonly Version[]>();
    return [...objects].flatMap(([key, versions]) => (versions.at(-1)?.body ? [key] : [])).sort();
  }

  private respond(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.endpoint);
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const clock = Date.now() + (this.misbehaviour.skewMinutes ?? 0) * 60_000;
    response.setHeader('date', new Date(clock).toUTCString());
    const intercepted = this.misbehaviour.intercept?.(request);
    const answer: Answer =
      intercepted === undefined
        ? this.answer(request, url, body)
        : refused(intercepted.status, intercepted.code ?? 'Unknown');
    response.writeHead(answer.status);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  private answer(request: IncomingMessage, url: URL, body: Buffer): Answer {
    const [, name = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const bucket = this.buckets.get(name);
    if (key === '' && request.method === 'PUT' && url.search === '') {
      if (bucket !== undefined) return refused(409, 'BucketAlreadyOwnedByYou');
      const locked = request.headers['x-amz-bucket-object-lock-enabled'] === 'true';
      this.buckets.set(name, { versioned: locked, locked, objects: new Map() });
      return { status: 200 };
    }
    if (bucket === undefined) return refused(404, 'NoSuchBucket');
    if (url.searchParams.has('versioning')) {
      if (request.method === 'PUT' && !this.misbehaviour.ignoresVersioning) bucket.versioned = true;
      const status = bucket.versioned ? '<Status>Enabled</Status>' : '';
      return { status: 200, body: `<VersioningConfiguration>${status}</VersioningConfiguration>` };
    }
    if (url.searchParams.has('object-lock'))
      return bucket.locked
        ? { status: 200, body: '<ObjectLockConfiguration/>' }
        : refused(404, 'ObjectLockConfigurationNotFoundError');
    if (request.method === 'HEAD') return { status: 200 };
    if (url.searchParams.has('versions')) return { status: 200, body: listVersions(bucket.objects, url) };
    if (key === '') return { status: 200, body: this.list(name, url) };
    return this.object(request, bucket, { key, asked: url.searchParams.get('versionId'), body });
  }

  private object(
    request: IncomingMessage,
    bucket: Bucket,
    { key, asked, body }: { key: string; asked: string | null; body: Buffer },
  ): Answer {
    const versions = bucket.objects.get(key) ?? [];
    const current = versions.at(-1);
    if (request.method === 'GET') {
      const found = asked === null ? current : versions.find(({ id }) => id === asked);
      return found?.body === undefined ? refused(404, 'NoSuchKey') : { status: 200, body: found.body };
    }
    if (request.method === 'DELETE' && asked !== null) {
      bucket.objects.set(
        key,
        versions.filter(({ id }) => id !== asked),
      );
      return { status: 204 };
    }
    const conditional = request.headers['if-none-match'] === '*' && !this.misbehaviour.ignoresConditions;
    if (conditional && current?.body !== undefined) return refused(412, 'PreconditionFailed');
    this.lastVersion += 1;
    const version = { id: String(this.lastVersion), body: request.method === 'DELETE' ? undefined : body };
    const kept = bucket.versioned && !this.misbehaviour.forgetsVersions ? versions : [];
    bucket.objects.set(key, [...kept, version]);
    return { status: request.method === 'DELETE' ? 204 : 200 };
  }

  /** Two keys a page, so that every listing of a test is paged. */
  private list(bucket: string, url: URL): string {
    const prefix = url.searchParams.get('prefix') ?? '';
    const after = url.searchParams.get('continuation-token') ?? url.searchParams.get('start-after') ?? '';
    const keys = this.keys(bucket).filter((key) => key.startsWith(prefix) && key > after);
    const page = keys.slice(0, 2);
    const contents = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    const more = keys.length > page.length;
    const token = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${contents}</ListBucketResult>`;
  }
}

function refused(status: number, code: string): Answer {
  return { status, body: `<Error><Code>${code}</Code></Error>` };
}

function listVersions(objects: Bucket['objects'], url: URL): string {
  const prefix = url.searchParams.get('prefix') ?? '';
  const rows = [...objects].flatMap(([key, versions]) =>
    key.startsWith(prefix)
      ? versions.map(({ id, body }) => {
          const tag = body === undefined ? 'DeleteMarker' : 'Version';
          return `<${tag}><Key>${key}</Key><VersionId>${id}</VersionId></${tag}>`;
        })
      : [],
  );
  return `<ListVersionsResult>${rows.join('')}</ListVersionsResult>`;
}
