import { execute, findLive, type Subject } from '../clone/access';

/** A dump in the vault; without a manifest it is incomplete. */
export interface Dump {
  readonly id: string;
  readonly complete: boolean;
  readonly manifest?: Manifest;
}

export interface Manifest {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly serverVersion: string;
  readonly databases: readonly { readonly name: string; readonly bytes: number; readonly tables: number }[];
}

/** Every dump of a database, oldest first, as the live pod reads them in the vault. */
export async function listDumps(subject: Subject): Promise<readonly Dump[]> {
  const live = await findLive(subject);
  return JSON.parse(await execute(subject, live, ['/scripts/list-dumps.sh'], 300)) as Dump[];
}

export function renderDump({ id, complete, manifest }: Dump): string {
  if (!complete) return `${id}  incomplete: not restored, removed later`;
  if (manifest === undefined) return `${id}  its manifest cannot be read`;
  const databases = manifest.databases.map(
    ({ name, bytes, tables }) => `${name} (${(bytes / 1_048_576).toFixed(1)} MB, ${tables} tables)`,
  );
  return `${id}  PostgreSQL ${manifest.serverVersion.split(' ')[0]}  ${databases.join(', ')}`;
}
