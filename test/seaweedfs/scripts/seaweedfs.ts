import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** What a backup is tried on: a stand-in, or a real SeaweedFS. */
export interface SeaweedFs {
  readonly real: boolean;
  /** As `weed shell` is told them. */
  readonly filer: string;
  readonly masters: string;
  readonly url: string;
  /** The program that `weed shell` is. */
  readonly weed: string;
  /** It is lost, and there is a new and empty one. */
  wipe(): Promise<void>;
  /** The filer has lost what it knows; the volumes are still there. */
  loseMetadata(): Promise<void>;
  stop(): Promise<void>;
}

export const WEED_OF_STAND_IN = join(__dirname, 'stand-in/weed.sh');

const escaped = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** Writes a file as whoever uses the filer does. */
export async function put(
  server: SeaweedFs,
  path: string,
  content: Buffer | string,
  query = '',
): Promise<void> {
  const answer = await fetch(`${server.url}${escaped(path)}${query}`, { method: 'PUT', body: content });
  if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
}

export async function remove(server: SeaweedFs, path: string): Promise<void> {
  const answer = await fetch(`${server.url}${escaped(path)}?recursive=true`, { method: 'DELETE' });
  if (!answer.ok && answer.status !== 404) throw new Error(`DELETE ${path}: ${answer.status}`);
}

/** The hash of what a path has; else the status. */
export async function read(server: SeaweedFs, path: string): Promise<string> {
  const answer = await fetch(`${server.url}${escaped(path)}`);
  const content = Buffer.from(await answer.arrayBuffer());
  return answer.ok ? hash(content) : String(answer.status);
}

export function hash(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** All that is known of a file but where its content is, and when it was read. */
export async function described(server: SeaweedFs, path: string): Promise<object> {
  const answer = await fetch(`${server.url}${escaped(path)}?metadata=true`);
  const { Atime, chunks, Ctime, Inode, ...known } = (await answer.json()) as Record<string, unknown>;
  return known;
}
