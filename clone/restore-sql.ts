import type { Table } from './catalogue';
import type { Order } from './order';
import { literal } from './sql';

export type Mode = 'missing-rows' | 'replace';

/** What is to be brought back into one table that the live database has. */
export interface TableCopy {
  readonly table: Table;
  /** Columns that both sides have, quoted. */
  readonly columns: readonly string[];
  /** Rows in the clone. */
  readonly rows: number;
  /** Temporary table of the live session that receives the clone's rows. */
  readonly staging: string;
}

const from = ({ partitioned, name }: Table): string => (partitioned ? name : `only ${name}`);
const all = (columns: readonly string[]): string => columns.join(', ');
const row = (alias: string, columns: readonly string[]): string =>
  `row(${columns.map((column) => `${alias}.${column}`).join(', ')})`;
const text = (alias: string, columns: readonly string[]): string => `${row(alias, columns)}::text`;
const sameKey = ({ key }: Table): string => key.map((column) => `l.${column} = c.${column}`).join(' and ');

/** Waits for nobody for ever, and is not ended by limits that are meant for clients. */
export function begin(lockSeconds: number): string {
  return `begin;
select set_config(name, '0', true) from pg_settings
 where name in ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout') \\g /dev/null
set local lock_timeout = '${lockSeconds}s';
set local datestyle = 'ISO';
set local intervalstyle = 'postgres';
`;
}

/** The clone's rows arrive between this and `endOfRows`. */
export function receive({ columns, staging, table }: TableCopy): string {
  return `create temporary table ${staging} on commit drop as select ${all(columns)} from ${from(table)} with no data;
copy ${staging} (${all(columns)}) from stdin;
`;
}

/** A stream that ended early must not be taken for the whole. */
export function endOfRows({ rows, staging, table }: TableCopy): string {
  const problem = literal(`of ${table.name} % rows arrived, the clone has ${rows}`);
  return `\\.
do $$ declare n bigint := (select count(*) from ${staging}); begin
  if n <> ${rows} then raise exception ${problem}, n; end if;
end $$;
analyze ${staging};
`;
}

/** The clone's rows that the live table lacks: by key, or, where there is none, as often as each occurs. */
function missing({ columns, staging, table }: TableCopy): string {
  if (table.key.length > 0) {
    return `select c.* from ${staging} c where not exists (select from ${from(table)} l where ${sameKey(table)})`;
  }
  const numbered = (source: string): string =>
    `(select x.*, ${text('x', columns)} as whole, row_number() over (partition by ${text('x', columns)}) as nth from ${source} x)`;
  return `select ${columns.map((column) => `c.${column}`).join(', ')} from ${numbered(staging)} c
    where not exists (select from ${numbered(from(table))} l where l.whole = c.whole and l.nth = c.nth)`;
}

const surplus = ({ staging, table }: TableCopy): string =>
  table.key.length === 0 ? 'true' : `not exists (select from ${staging} c where ${sameKey(table)})`;

const changed = ({ columns, table }: TableCopy): string =>
  `${sameKey(table)} and ${text('l', columns)} is distinct from ${text('c', columns)}`;

/** Counts what would be done, as one line of JSON. Nothing is locked or written. */
export function count(copy: TableCopy, mode: Mode): string {
  const { staging, table } = copy;
  const keyed = table.key.length > 0;
  const numbers: Record<string, string> = {
    inserted:
      mode === 'replace' && !keyed
        ? `(select count(*) from ${staging})`
        : `(select count(*) from (${missing(copy)}) m)`,
    ...(mode === 'missing-rows'
      ? {}
      : {
          deleted: `(select count(*) from ${from(table)} l where ${surplus(copy)})`,
          updated: keyed
            ? `(select count(*) from ${from(table)} l, ${staging} c where ${changed(copy)})`
            : '0',
        }),
  };
  const fields = Object.entries(numbers).map(([name, number]) => `'${name}', ${number}`);
  return `select json_build_object('table', ${literal(table.name)}, ${fields.join(', ')});\n`;
}

/**
 * Writes the rows. Triggers of users are off meanwhile: rows come back as they
 * were, and nobody is told of them twice; foreign keys hold. Readers are not
 * kept waiting, writers of these tables are.
 */
export function write({ tables, backward }: Order, copies: readonly TableCopy[], mode: Mode): string {
  const ordered = tables.flatMap((table) => copies.filter((copy) => copy.table === table));
  const late = backward.filter(({ foreignKey }) => !foreignKey.deferrable);
  const alter = (deferrable: string): readonly string[] =>
    late.map(
      ({ table, foreignKey }) =>
        `alter table ${table.name} alter constraint ${foreignKey.name} ${deferrable};`,
    );
  return [
    `lock table ${ordered.map(({ table }) => from(table)).join(', ')} in share row exclusive mode;`,
    ...ordered.flatMap(({ table }) =>
      table.triggers.map(({ name }) => `alter table ${table.name} disable trigger ${name};`),
    ),
    ...alter('deferrable'),
    ...(backward.length === 0 ? [] : ['set constraints all deferred;']),
    // Children go before their parents, and come after them.
    ...(mode === 'missing-rows' ? [] : [...ordered].reverse().map(remove)),
    ...ordered.flatMap((copy) => (mode === 'missing-rows' ? [insert(copy)] : [update(copy), insert(copy)])),
    'set constraints all immediate;',
    ...alter('not deferrable'),
    ...ordered.flatMap(({ table }) =>
      table.triggers.map(
        ({ name, always }) => `alter table ${table.name} enable ${always ? 'always ' : ''}trigger ${name};`,
      ),
    ),
    ...ordered.flatMap(({ table }) => sequences(table)),
    '',
  ].join('\n');
}

function told(name: string, what: string, statement: string): string {
  return `with done as (${statement} returning 1)
select json_build_object('table', ${literal(name)}, '${what}', count(*)) from done;`;
}

/** A row that another one's unique value stands in the way of is left out, and counted. */
function insert(copy: TableCopy): string {
  const { columns, table } = copy;
  return `with todo as materialized (${missing(copy)}),
  done as (insert into ${table.name} (${all(columns)}) overriding system value
    select ${all(columns)} from todo on conflict do nothing returning 1)
select json_build_object('table', ${literal(table.name)}, 'inserted', (select count(*) from done),
  'skipped', (select count(*) from todo) - (select count(*) from done));`;
}

function remove(copy: TableCopy): string {
  return told(copy.table.name, 'deleted', `delete from ${from(copy.table)} l where ${surplus(copy)}`);
}

function update(copy: TableCopy): string {
  const { staging, table } = copy;
  const fixed = new Set([
    ...table.key,
    ...table.columns.filter(({ always }) => always).map(({ name }) => name),
  ]);
  const columns = copy.columns.filter((column) => !fixed.has(column));
  if (table.key.length === 0 || columns.length === 0) return '';
  const values = columns.map((column) => `${column} = c.${column}`).join(', ');
  return told(
    table.name,
    'updated',
    `update ${from(table)} l set ${values} from ${staging} c where ${changed(copy)}`,
  );
}

/** A sequence that is behind its column would give a number twice. None is ever set back. */
function sequences(table: Table): readonly string[] {
  return table.sequences.map(({ ascending, column, name }) => {
    const [last, beyond] = ascending ? ['max', '>'] : ['min', '<'];
    return `select json_build_object('sequence', ${literal(name)}, 'value', setval(${literal(name)}, m.value))
  from (select ${last}(${column})::bigint as value from ${table.name}) m, ${name} s
 where m.value ${beyond} s.last_value or (m.value = s.last_value and not s.is_called);`;
  });
}
