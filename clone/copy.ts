import { ProgramFailed } from '../deploy/process';
import { EnvironmentProblem } from '../deploy/progress';
import { ask, execute, type Instance, inPod, psql, type Subject } from './access';
import { describeTables, type ForeignKey, type Table } from './catalogue';
import { inOrder } from './order';
import { begin, count, endOfRows, type Mode, receive, type TableCopy, write } from './restore-sql';
import { literal } from './sql';
import { feed, type Part } from './stream';

export interface CopyOptions {
  readonly subject: Subject;
  readonly live: Instance;
  readonly clone: Instance;
  /** Database inside the server. */
  readonly database: string;
  /** As `schema.table`. */
  readonly tables: readonly string[];
  readonly mode: Mode;
  /** False only counts: everything is prepared, and nothing written. */
  readonly apply: boolean;
  /** How long it waits for a lock, while whoever comes after it waits too. @default 30 */
  readonly lockSeconds?: number;
}

/** What was done, or would be, to one table of the live database. */
export interface TableResult {
  readonly table: string;
  /** Rows in the clone. */
  readonly rows: number;
  /** The live database had no such table: it is made, with everything that belongs to it. */
  readonly made: boolean;
  readonly inserted: number;
  /** Missing rows that could not be inserted: another row holds a unique value of theirs. Known when it was done. */
  readonly skipped: number;
  readonly updated: number;
  readonly deleted: number;
}

export interface CopyResult {
  readonly tables: readonly TableResult[];
  /** Sequences that were behind, and where they are now. */
  readonly sequences: readonly { readonly sequence: string; readonly value: number }[];
  /** What an operator should know besides. */
  readonly notes: readonly string[];
}

/**
 * Brings rows of tables from a clone back into the live database, all in one
 * transaction. Of each row that both have, `missing-rows` keeps the live one, and
 * all rows written since; `replace` makes the tables what they were.
 * @throws EnvironmentProblem with cause and fix; the live database is then as it was
 */
export async function copy(options: CopyOptions): Promise<CopyResult> {
  const { subject, live, clone, database, tables } = options;
  const [inClone, inLive] = await Promise.all([
    describeTables(subject, clone, database, tables),
    describeTables(subject, live, database, tables),
  ]);
  const unknown = tables.filter((_, index) => inClone[index] === undefined);
  if (unknown.length > 0) {
    throw new EnvironmentProblem(
      `the clone "${clone.name}" has no table ${unknown.join(', ')} in database ${database} — FIX: name tables as schema.table, and the database by --database; \`compare\` lists them`,
    );
  }
  const copies: TableCopy[] = [];
  const made: { readonly table: Table; readonly rows: number }[] = [];
  const notes: string[] = [];
  for (const [index, source] of inClone.entries()) {
    if (source === undefined) continue;
    const target = inLive[index];
    const rows = await countRows(options, source);
    if (target === undefined) made.push({ table: source, rows });
    else copies.push({ ...pair(source, target, clone, notes), rows, staging: `pg_temp.clone_${index + 1}` });
  }
  await checkSpace(options, [
    ...copies.map(({ table }) => table.name),
    ...made.map(({ table }) => table.name),
  ]);
  if (made.length > 0)
    notes.push(
      ...(await lostForeignKeys(
        options,
        made.map(({ table }) => table),
      )),
    );
  const lines = await transact(
    options,
    copies,
    made.map(({ table }) => table),
  );
  return collect(options, copies, made, lines, notes);
}

/** What both sides agree on, and a word about what they do not. */
function pair(
  source: Table,
  target: Table,
  clone: Instance,
  notes: string[],
): Pick<TableCopy, 'table' | 'columns'> {
  const [here, there] = [target, source].map(({ columns }) => new Set(columns.map(({ name }) => name)));
  const columns = target.columns.map(({ name }) => name).filter((name) => there?.has(name));
  const gone = source.columns.map(({ name }) => name).filter((name) => !here?.has(name));
  const added = target.columns.map(({ name }) => name).filter((name) => !there?.has(name));
  if (gone.length > 0) {
    notes.push(
      `${target.name}: the live table has no column ${gone.join(', ')} any more; its values are not copied`,
    );
  }
  if (added.length > 0) {
    notes.push(`${target.name}: column ${added.join(', ')} was added since; returning rows get its default`);
  }
  if (columns.length === 0 || target.key.some((column) => !columns.includes(column))) {
    throw new EnvironmentProblem(
      `the key of ${target.name} (${target.key.join(', ')}) is not in the clone "${clone.name}", so rows cannot be told apart — FIX: copy them by hand, by \`psql ${clone.name}\` and \`psql live\``,
    );
  }
  return { table: target, columns };
}

async function countRows({ subject, clone, database }: CopyOptions, table: Table): Promise<number> {
  return Number(await ask(subject, clone, database, `select count(*) from ${source(table)}`));
}

const source = ({ partitioned, name }: Table): string => (partitioned ? name : `only ${name}`);

/** Rows arrive beside the table, then in it, then in WAL: a volume that runs full would take the server down. */
async function checkSpace(
  { subject, live, clone, database, apply }: CopyOptions,
  tables: readonly string[],
): Promise<void> {
  const sizes = tables.map(
    (table) =>
      `coalesce((select sum(pg_total_relation_size(relid)) from pg_partition_tree(${literal(table)})), pg_total_relation_size(${literal(table)}))`,
  );
  const bytes = Number(await ask(subject, clone, database, `select ${sizes.join(' + ')}`));
  const free = await execute(subject, live, [
    'bash',
    '-c',
    'df --output=avail --block-size=1 "$PGDATA" | tail -n 1',
  ]);
  const needed = bytes * (apply ? 3 : 1);
  if (needed <= Number(free)) return;
  const megabytes = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`;
  throw new EnvironmentProblem(
    `copying ${tables.join(', ')} may need ${megabytes(needed)} on the volume of ${live.pod}, which has ${megabytes(Number(free))} left — FIX: grow the volume, copy fewer tables at a time, or take single rows by \`psql ${clone.name}\``,
  );
}

/** With a table that was dropped, foreign keys of others went, too: they are told, not made, for they may not hold any more. */
async function lostForeignKeys(
  { subject, live, clone, database }: CopyOptions,
  made: readonly Table[],
): Promise<readonly string[]> {
  const names = made.map(({ name }) => name);
  const referring = `select distinct format('%I.%I', n.nspname, c.relname)
    from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
   where f.contype = 'f' and f.conparentid = 0
     and f.confrelid in (${names.map((name) => `to_regclass(${literal(name)})`).join(', ')})`;
  const tables = (await ask(subject, clone, database, referring))
    .split('\n')
    .filter((name) => name !== '' && !names.includes(name));
  const [before, now] = await Promise.all([
    describeTables(subject, clone, database, tables),
    describeTables(subject, live, database, tables),
  ]);
  return before.flatMap((table, index) => {
    const kept = new Set(now[index]?.foreignKeys.map(({ name }: ForeignKey) => name));
    return (table?.foreignKeys ?? [])
      .filter(
        ({ name, references }) => names.includes(references) && now[index] !== undefined && !kept.has(name),
      )
      .map(({ definition }) => `a foreign key went with the table; make it again: ${definition};`);
  });
}

/** Lines of JSON that the transaction printed. */
async function transact(
  { subject, live, clone, database, mode, apply, lockSeconds = 30 }: CopyOptions,
  copies: readonly TableCopy[],
  made: readonly Table[],
): Promise<readonly Line[]> {
  const dump = (...sections: readonly string[]) =>
    inPod(subject, clone, [
      'pg_dump',
      `--dbname=${database}`,
      ...sections.map((section) => `--section=${section}`),
      ...made.map(({ name }) => `--table=${name}`),
    ]);
  const rows = ({ columns, table }: TableCopy) =>
    inPod(subject, clone, [
      'env',
      'PGOPTIONS=-c datestyle=ISO -c intervalstyle=postgres',
      ...psql(database, `--command=copy (select ${columns.join(', ')} from ${source(table)}) to stdout`),
    ]);
  const order = inOrder(copies.map(({ table }) => table));
  const parts: readonly Part[] = [
    begin(lockSeconds),
    ...(apply && made.length > 0
      ? [dump('pre-data', 'data'), '\nset client_min_messages to default;\n']
      : []),
    ...copies.flatMap((one) => [receive(one), rows(one), endOfRows(one)]),
    ...(apply
      ? [
          ...(copies.length > 0 ? [write(order, copies, mode)] : []),
          ...(made.length > 0 ? [dump('post-data')] : []),
          '\ncommit;\nselect \'{"committed": true}\';\n',
        ]
      : [...copies.map((one) => count(one, mode)), 'rollback;\n']),
  ];
  let printed: string;
  try {
    printed = await feed(inPod(subject, live, psql(database, '--file=-'), ['--stdin']), parts);
  } catch (error) {
    if (error instanceof ProgramFailed) throw refused(error.message, clone, copies);
    throw error;
  }
  const lines = printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  if (apply && !lines.some(({ committed }) => committed === true)) {
    throw new EnvironmentProblem(
      `the connection to ${live.pod} ended before the commit was confirmed — FIX: \`compare ${clone.name}\` shows whether the rows are there; the same command may be repeated`,
    );
  }
  return lines;
}

type Counted = 'inserted' | 'skipped' | 'updated' | 'deleted';

interface Line extends Partial<Record<Counted | 'value', number>> {
  readonly table?: string;
  readonly sequence?: string;
  readonly committed?: boolean;
}

function refused(said: string, clone: Instance, copies: readonly TableCopy[]): EnvironmentProblem {
  const words = said
    .split('\n')
    .filter((line) => /(ERROR|DETAIL|FATAL): /.test(line))
    .map((line) => line.replace(/^psql:\S+ +/, '').replace(/^(ERROR|DETAIL|FATAL): +/, ''))
    .join(' ');
  const fix = fixFor(said, copies) ?? 'repeat the command when its cause is gone';
  return new EnvironmentProblem(
    `nothing was copied from ${clone.name}, the live database is as it was: ${words || said.slice(-500)} — FIX: ${fix}`,
  );
}

function fixFor(said: string, copies: readonly TableCopy[]): string | undefined {
  const parent = /is not present in table "([^"]+)"/.exec(said)?.[1];
  if (parent !== undefined) {
    return copies.some(({ table }) => table.name.endsWith(`.${parent}`))
      ? `a row of ${parent} was left out because another one holds its unique value: give that one another, or move what refers to it, then repeat`
      : `copy the rows that they refer to as well: --table ${parent}, with its schema`;
  }
  const child = /is still referenced from table "([^"]+)"/.exec(said)?.[1];
  if (child !== undefined) {
    return `bring that table back as well (--table ${child}, with its schema), or leave out --replace`;
  }
  if (said.includes('lock timeout')) {
    return 'a long transaction holds the table: wait for it or end it (pg_stat_activity), and repeat the command';
  }
  return undefined;
}

function collect(
  { mode, apply }: CopyOptions,
  copies: readonly TableCopy[],
  made: readonly { readonly table: Table; readonly rows: number }[],
  lines: readonly Line[],
  notes: readonly string[],
): CopyResult {
  const sum = (table: string, what: Counted): number =>
    lines.filter((line) => line.table === table).reduce((total, line) => total + (line[what] ?? 0), 0);
  const tables = [
    ...made.map(({ table, rows }) => ({
      table: table.name,
      rows,
      made: true,
      inserted: rows,
      skipped: 0,
      updated: 0,
      deleted: 0,
    })),
    ...copies.map(({ table: { name }, rows }) => ({
      table: name,
      rows,
      made: false,
      inserted: sum(name, 'inserted'),
      skipped: sum(name, 'skipped'),
      updated: sum(name, 'updated'),
      deleted: sum(name, 'deleted'),
    })),
  ];
  const silent = copies.flatMap(({ table: { name, triggers } }) =>
    triggers.length === 0
      ? []
      : [
          `${name}: its triggers ${apply ? 'did' : 'will'} not fire: ${triggers.map((trigger) => trigger.name).join(', ')}`,
        ],
  );
  const referring = copies.flatMap(({ table: { name, referrers } }) =>
    referrers.flatMap(({ table, columns, empties }) => {
      if (mode === 'replace' && copies.some((one) => one.table.name === table)) return [];
      if (empties) {
        return [
          `${table}: a DELETE in ${name} emptied its ${columns}; rows that are still there keep it empty, unless the table is copied by --replace`,
        ];
      }
      return mode === 'replace'
        ? [`${table} refers to ${name}: rows deleted there follow its ON DELETE`]
        : [];
    }),
  );
  return {
    tables,
    sequences: lines.flatMap(({ sequence, value }) =>
      sequence === undefined || value === undefined ? [] : [{ sequence, value }],
    ),
    notes: [...notes, ...silent, ...referring],
  };
}
