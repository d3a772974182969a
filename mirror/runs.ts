import type { ObjectStore } from '../constructs/object-storage/client';

/** What a complete run of a mirror says of itself, in the vault; as `write_record` of its script writes it. */
export interface MirrorRun {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  readonly objects: number;
  readonly bytes: number;
  readonly copied: { readonly objects: number; readonly bytes: number };
  readonly replaced: number;
  readonly removed: number;
  readonly repaired: number;
  readonly versions: number;
  readonly check: {
    readonly readBack: number;
    readonly changedMeanwhile: number;
    readonly differences: number;
    readonly differing: readonly string[];
  };
}

/** A run, or what one left that was interrupted. */
export interface ListedRun {
  readonly id: string;
  /** Undefined: it was interrupted, or its record cannot be read. */
  readonly record?: MirrorRun;
}

/** Every run that the vault knows, oldest first. @param path of the mirror in the vault: `production/mirrors/uploads` */
export async function listRuns(store: ObjectStore, path: string): Promise<readonly ListedRun[]> {
  const keys = await store.keys(`${path}/runs/`);
  const ids = new Set(keys.flatMap((key) => /\/runs\/(\d{8}T\d{6}Z)\//.exec(key)?.[1] ?? []));
  return Promise.all(
    [...ids].sort().map(async (id) => {
      const key = `${path}/runs/${id}/record.json`;
      const record = keys.includes(key) ? parse(await store.read(key)) : undefined;
      return { id, ...(record === undefined ? {} : { record }) };
    }),
  );
}

function parse(text: string | undefined): MirrorRun | undefined {
  try {
    const record = JSON.parse(text ?? '') as MirrorRun;
    return typeof record.finishedAt === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

export function renderRun({ id, record }: ListedRun): string {
  if (record === undefined) return `${id}  interrupted: no moment of its own, the next one has gone on`;
  const { check, copied, finishedAt, objects, removed, replaced } = record;
  const changes = `${copied.objects} copied (${megabytes(copied.bytes)}), ${replaced} replaced, ${removed} gone`;
  const differences =
    check.differences === 0 ? '' : `; ${check.differences} DIFFERED: ${check.differing[0]} …`;
  return `${finishedAt}  ${objects} objects (${megabytes(record.bytes)}): ${changes}${differences}`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
