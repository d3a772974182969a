import type { Client } from 'pg';
import type { Checksum } from './verdict';

/** Bytes of one row on disk: 24 of tuple header, 4 of item pointer, 8 of id, 1000 of payload and its header. */
const ROW_BYTES = 1040;

/** Fills a table to about the size, with payload that does not compress away. */
export async function loadBallast(client: Client, bytes: number): Promise<void> {
  const rows = Math.ceil(bytes / ROW_BYTES);
  await client.query('create table ballast (id bigint primary key, payload text not null)');
  await client.query('alter table ballast alter payload set storage plain');
  await client.query(
    `insert into ballast
     select n, (select string_agg(md5((n * 32 + part)::text), '') from generate_series(0, 30) part)
     from generate_series(1, $1::bigint) n`,
    [rows],
  );
}

/** Count and sum of hashes over every row: equal before and after, or something is missing or changed. */
export async function checksum(client: Client): Promise<Checksum> {
  const result = await client.query<{ rows: string; sum: string }>(
    'select count(*) as rows, coalesce(sum(hashtextextended(payload, id)), 0)::text as sum from ballast',
  );
  const row = result.rows[0];
  return { rows: Number(row?.rows), sum: row?.sum ?? '' };
}
