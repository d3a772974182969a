import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../deploy/process';
import { ask, execute, type Instance, psql, type Subject } from './access';
import { literal } from './sql';

export interface CompareOptions {
  readonly subject: Subject;
  readonly live: Instance;
  readonly clone: Instance;
  /** Database inside the server. */
  readonly database: string;
  /** Only these, as `schema.table`. @default - every table: each is read once on both sides */
  readonly tables: readonly string[];
  /** Statements whose answers are compared. */
  readonly queries: readonly string[];
}

/** Rows of a table on both sides; `undefined` where there is no such table. */
export interface Counts {
  readonly table: string;
  readonly live: number | undefined;
  readonly clone: number | undefined;
}

export interface Comparison {
  readonly counts: readonly Counts[];
  /** From live to clone, as `diff -u` writes it; empty when they are the same. */
  readonly schema: string;
  readonly queries: readonly {
    readonly query: string;
    readonly answer: string;
    readonly difference: string;
  }[];
}

/** What is different between the live database and a clone of it. Nothing is written on either side. */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { clone, live } = options;
  const [liveCounts, cloneCounts] = await Promise.all([count(options, live), count(options, clone)]);
  const [liveSchema, cloneSchema] = await Promise.all([schemaOf(options, live), schemaOf(options, clone)]);
  const queries = [];
  for (const query of options.queries) {
    const [before, now] = await Promise.all([answer(options, clone, query), answer(options, live, query)]);
    queries.push({ query, answer: before, difference: await difference(now, before, clone.name) });
  }
  return {
    counts: joinCounts(liveCounts, cloneCounts),
    schema: await difference(liveSchema, cloneSchema, clone.name),
    queries,
  };
}

export function joinCounts(
  live: ReadonlyMap<string, number>,
  clone: ReadonlyMap<string, number>,
): readonly Counts[] {
  const tables = [...new Set([...live.keys(), ...clone.keys()])].sort();
  return tables.map((table) => ({ table, live: live.get(table), clone: clone.get(table) }));
}

/** Exact, and all of one moment. */
async function count({ subject, database, tables }: CompareOptions, instance: Instance) {
  const chosen = tables.map((table) => `c.oid = to_regclass(${literal(table)})`).join(' or ');
  const printed = await ask(
    subject,
    instance,
    database,
    `begin isolation level repeatable read, read only;
     select format('select json_build_object(''table'', %L, ''rows'', count(*)) from only %s', t, t)
       from (select format('%I.%I', n.nspname, c.relname) t
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                and ${chosen === '' ? 'true' : `(${chosen})`}) tables
      order by t \\gexec
     commit;`,
  );
  const rows = printed.split('\n').filter((line) => line.startsWith('{'));
  return new Map(
    rows.map((line) => {
      const { table, rows: number } = JSON.parse(line) as { table: string; rows: number };
      return [table, number] as const;
    }),
  );
}

async function schemaOf({ subject, database, tables }: CompareOptions, instance: Instance): Promise<string> {
  const existing = await Promise.all(tables.map((table) => exists(subject, instance, database, table)));
  const chosen = tables.filter((_, index) => existing[index]).map((table) => `--table=${table}`);
  if (tables.length > 0 && chosen.length === 0) return '';
  const dump = await execute(subject, instance, [
    'pg_dump',
    '--schema-only',
    ...chosen,
    `--dbname=${database}`,
  ]);
  // Versions, session settings and the random word of \restrict are no part of a schema.
  return dump
    .split('\n')
    .filter((line) => !/^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)?$/.test(line))
    .join('\n');
}

async function exists(
  subject: Subject,
  instance: Instance,
  database: string,
  table: string,
): Promise<boolean> {
  return (
    (await ask(subject, instance, database, `select to_regclass(${literal(table)}) is not null`)) === 't'
  );
}

async function answer(
  { subject, database }: CompareOptions,
  instance: Instance,
  query: string,
): Promise<string> {
  const [, ...rest] = psql(database);
  const readable = rest.filter((option) => option !== '-qAt');
  const program = ['env', 'PGOPTIONS=-c default_transaction_read_only=on', 'psql', '-q', ...readable];
  return (await execute(subject, instance, [...program, `--command=${query}`])).trimEnd();
}

/** What `diff -u` makes of two texts; the program, since every machine with a shell has it. */
async function difference(live: string, clone: string, name: string): Promise<string> {
  if (live === clone) return '';
  const folder = mkdtempSync(join(tmpdir(), 'compare-'));
  try {
    const [a, b] = [join(folder, 'live'), join(folder, 'clone')] as const;
    writeFileSync(a, `${live}\n`, { mode: 0o600 });
    writeFileSync(b, `${clone}\n`, { mode: 0o600 });
    const { stdout } = await run('diff', ['--unified=3', '--label=live', `--label=${name}`, a, b]);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
