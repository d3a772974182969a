import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type SeaweedFs, WEED_OF_STAND_IN } from '../seaweedfs';
import { bytesOf, decode, encode, type Field, frame, frames, numberOf } from './messages';

/** Number of a volume, and of a file in it: what SeaweedFS calls a fid. */
let fids = 1n;

/**
 * A stand-in of SeaweedFS, where there is no real one: it keeps entries of a filer as the real one writes them, their content
 * beside them under the fids of their chunks, and answers the requests that scripts make. Whoever reads an entry whose chunks
 * are not there is told 500, as by the real one. It can be made to go wrong.
 */
export class StandIn implements SeaweedFs {
  static async start(): Promise<StandIn> {
    const standIn = new StandIn();
    await new Promise<void>((resolve) => standIn.server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  readonly weed = WEED_OF_STAND_IN;
  readonly real = false;
  /** By path: a FullEntry of filer.proto. */
  readonly entries = new Map<string, Buffer>();
  /** By fid. */
  readonly chunks = new Map<string, Buffer>();
  readonly requests: string[] = [];
  /** `method path` of requests that are answered with this status. */
  readonly broken = new Map<string, number>();
  /** Called before a request is answered. */
  before: (request: string) => void = () => undefined;
  /** What `fs.meta.save` and `fs.meta.load` say has gone wrong. */
  shellError = '';
  /** A token that requests must carry, by what they do. */
  keys: { read?: string; write?: string } = {};
  /** Entries that `fs.meta.load` loses without a word, as the real one loses its last ones. */
  readonly lost = new Set<string>();

  private readonly server: Server = createServer((request, response) => {
    this.answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });

  private get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get filer(): string {
    return this.address;
  }
  get masters(): string {
    return this.address;
  }
  get url(): string {
    return `http://${this.address}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** All of it is gone. */
  async wipe(): Promise<void> {
    this.entries.clear();
    this.chunks.clear();
  }

  async loseMetadata(): Promise<void> {
    this.entries.clear();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const path = decodeURIComponent(url.pathname);
    const said = `${request.method} ${path}`;
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    this.requests.push(said);
    this.before(said);
    if (path.startsWith('/__')) return this.shell(path, url, Buffer.concat(body), response);
    const broken = this.broken.get(said);
    if (broken !== undefined) return void response.writeHead(broken).end('broken');
    if (!this.allows(request, path)) return void response.writeHead(401).end('{"error":"wrong jwt"}');
    if (request.method === 'DELETE') {
      const within = [...this.entries.keys()].some((one) => one.startsWith(`${path}/`));
      if (within && url.searchParams.get('recursive') !== 'true')
        return void response.writeHead(500).end('{"error":"fail to delete non-empty folder"}');
      for (const one of [...this.entries.keys()])
        if (one === path || one.startsWith(`${path}/`)) {
          if (!url.searchParams.has('skipChunkDeletion'))
            for (const fid of fidsOf(this.entries.get(one) as Buffer)) this.chunks.delete(fid);
          this.entries.delete(one);
        }
      return void response.writeHead(204).end();
    }
    if (request.method === 'PUT' || request.method === 'POST') {
      if (path.endsWith('/')) this.folder(path.slice(0, -1));
      else this.write(path, Buffer.concat(body), url.searchParams);
      return void response.writeHead(201).end('{}');
    }
    const entry = this.entries.get(path);
    if (entry !== undefined && url.searchParams.has('metadata'))
      return void response.end(JSON.stringify(known(entryOf(entry))));
    this.read(path, request, response);
  }

  private allows({ headers, method }: IncomingMessage, path: string): boolean {
    const reads = method === 'GET' || method === 'HEAD';
    const key = reads ? this.keys.read : this.keys.write;
    if (key === undefined || (reads && path === '/')) return true;
    const token = (headers.authorization ?? '').replace(/^Bearer /, '');
    const [head = '', payload = '', signature = ''] = token.split('.');
    const expected = createHmac('sha256', key).update(`${head}.${payload}`).digest('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as { exp?: number };
    return signature === expected && (claims.exp ?? 0) > Date.now() / 1000;
  }

  private read(path: string, request: IncomingMessage, response: ServerResponse): void {
    const chunk = new URL(request.url ?? '/', this.url).searchParams.get('proxyChunkId');
    if (chunk !== null) return void response.writeHead(this.chunks.has(chunk) ? 200 : 404).end();
    if (path === '/') return void response.writeHead(200).end('{}');
    const entry = this.entries.get(path);
    if (entry === undefined) return void response.writeHead(404).end();
    const fields = entryOf(entry);
    if (numberOf(fields, 2) === 1) return void response.writeHead(200).end('{}');
    const size = numberOf(decode(bytesOf(fields, 4) ?? Buffer.alloc(0)), 1);
    if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': size }).end();
    const parts = fidsOf(entry).map((fid) => this.chunks.get(fid));
    if (parts.includes(undefined)) return void response.writeHead(500).end('volume not found');
    const whole = bytesOf(fields, 9) ?? Buffer.concat(parts as Buffer[]);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (range === null) return void response.writeHead(200).end(whole);
    response.writeHead(206).end(whole.subarray(Number(range[1]), Number(range[2]) + 1));
  }

  private shell(path: string, url: URL, body: Buffer, response: ServerResponse): void {
    if (path !== '/__alive' && this.shellError !== '')
      return void response.writeHead(500).end(this.shellError);
    if (path === '/__save') {
      const under = url.searchParams.get('path') ?? '/';
      const found = [...this.entries].filter(
        ([one]) => under === '/' || one === under || one.startsWith(`${under}/`),
      );
      return void response.writeHead(200).end(Buffer.concat(found.map(([, entry]) => frame(entry))));
    }
    if (path === '/__load')
      for (const entry of frames(body)) {
        const full = decode(entry);
        const dir = String(bytesOf(full, 1) ?? '');
        const one = join(dir, String(bytesOf(decode(bytesOf(full, 2) ?? Buffer.alloc(0)), 1) ?? ''));
        if (this.lost.has(one)) continue;
        for (const parent of parents(one)) if (!this.entries.has(parent)) this.folder(parent);
        this.entries.set(one, Buffer.from(entry));
      }
    response.writeHead(200).end();
  }

  /** Its parents, too. */
  folder(path: string): void {
    for (const one of [...parents(path), path])
      if (!this.entries.has(one))
        this.set(one, [
          [2, 1n],
          [4, attributes({ mode: 0o770n | (1n << 31n) })],
        ]);
  }

  write(path: string, content: Buffer, query = new URLSearchParams()): void {
    for (const parent of parents(path)) this.folder(parent);
    const ttl = BigInt(query.get('ttlSeconds') ?? 0);
    const size = 4 * 1024 * 1024;
    const parts: Buffer[] = [];
    for (let at = 0; at < content.length; at += size) parts.push(content.subarray(at, at + size));
    const chunks = parts.map((part, index): Field => {
      fids += 1n;
      const fid = `${1n + (fids % 7n)},${fids.toString(16)}${randomBytes(4).toString('hex')}`;
      this.chunks.set(fid, Buffer.from(part));
      return [
        3,
        encode([
          [1, Buffer.from(fid)],
          [2, BigInt(index * size)],
          [3, BigInt(part.length)],
        ]),
      ];
    });
    const md5 = createHash('md5').update(content).digest();
    this.set(path, [
      ...chunks,
      [
        4,
        attributes({
          size: BigInt(content.length),
          mode: BigInt(Number.parseInt(query.get('mode') ?? '660', 8)),
          md5,
          ttl,
        }),
      ],
      [
        5,
        encode([
          [1, Buffer.from('Seaweed-Owner')],
          [2, Buffer.from('team')],
        ]),
      ],
    ]);
  }

  /** Fields of filer.proto's Entry, without its name. */
  set(path: string, fields: readonly Field[]): void {
    const at = path.lastIndexOf('/');
    const entry = encode([[1, Buffer.from(path.slice(at + 1))], ...fields]);
    this.entries.set(
      path,
      encode([
        [1, Buffer.from(path.slice(0, at) || '/')],
        [2, entry],
      ]),
    );
  }
}

function parents(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

export function entryOf(full: Buffer): Field[] {
  return decode(bytesOf(decode(full), 2) ?? Buffer.alloc(0));
}

function fidsOf(full: Buffer): string[] {
  return entryOf(full).flatMap(([number, value]) =>
    number === 3 && Buffer.isBuffer(value) ? [String(bytesOf(decode(value), 1))] : [],
  );
}

export function attributes(of: {
  size?: bigint;
  mode?: bigint;
  md5?: Buffer;
  ttl?: bigint;
  mtime?: bigint;
  crtime?: bigint;
}): Buffer {
  const now = BigInt(Date.now()) * 1_000_000n;
  const seconds = of.mtime ?? now / 1_000_000_000n;
  fids += 1n;
  return encode([
    [1, of.size ?? 0n],
    [2, seconds],
    [3, of.mode ?? 0o660n],
    [6, of.crtime ?? seconds],
    [7, Buffer.from('text/x-test')],
    ...(of.ttl === undefined || of.ttl === 0n ? [] : [[10, of.ttl] as const]),
    ...(of.md5 === undefined ? [] : [[14, of.md5] as const]),
    [19, fids % 1_000_000_000n],
  ]);
}

/** What an entry says, but for its chunks, in the order of its fields. */
function known(fields: readonly Field[]): object {
  return Object.fromEntries(
    fields
      .filter(([number]) => number !== 3)
      .map(([number, value]) => {
        if (typeof value === 'bigint') return [number, String(value)];
        return [
          number,
          number === 4 ? known(decode(value).map(([n, v]) => [n + 100, v])) : value.toString('hex'),
        ];
      }),
  );
}
