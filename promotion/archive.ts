import { ask, execute, type Subject } from '../clone/access';

interface Info {
  readonly status: { readonly code: number };
  readonly archive: readonly { readonly max: string | null }[];
}

/**
 * The position up to which WAL is in the archive, in bytes from its beginning, as a pod reads it.
 * @throws Error when no repository could be read
 */
export async function archivedUpTo(subject: Subject, pod: string): Promise<number> {
  const instance = { name: pod, pod };
  const told = await execute(
    subject,
    instance,
    ['pgbackrest', `--stanza=${subject.database}`, '--output=json', 'info'],
    120,
  );
  const [stanza] = JSON.parse(told) as Info[];
  if (stanza === undefined || ![0, 2].includes(stanza.status.code))
    throw new Error('the archive cannot be read');
  const size = Number(
    await ask(
      subject,
      instance,
      'postgres',
      "select setting from pg_settings where name = 'wal_segment_size'",
      15,
    ),
  );
  return Math.max(0, ...stanza.archive.map(({ max }) => (max === null ? 0 : endOf(max, size))));
}

/** Where a segment of this name ends. */
export function endOf(segment: string, size: number): number {
  const [log, number] = [segment.slice(8, 16), segment.slice(16, 24)].map((hex) => Number.parseInt(hex, 16));
  return (log ?? 0) * 2 ** 32 + ((number ?? 0) + 1) * size;
}
