import { EnvironmentProblem } from '../deploy/progress';
import { askJson, type Instance, type Subject } from './access';
import { literal } from './sql';

/** A table as its server describes it. All names are quoted where SQL needs it. */
export interface Table {
  /** `schema.table`. */
  readonly name: string;
  readonly partitioned: boolean;
  /** Columns that are given when a row is written; not the generated ones. */
  readonly columns: readonly Column[];
  /** Columns by which a row is recognised: the primary key, else a unique index without nulls; may be empty. */
  readonly key: readonly string[];
  /** Triggers of the users that would fire. */
  readonly triggers: readonly { readonly name: string; readonly always: boolean }[];
  readonly sequences: readonly Sequence[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Foreign keys of other tables that refer to this one. */
  readonly referrers: readonly Referrer[];
}

export interface Column {
  readonly name: string;
  /** `generated always as identity`: it may be given in an insert, never in an update. */
  readonly always: boolean;
}

export interface Referrer {
  readonly table: string;
  readonly columns: string;
  /** A row that is deleted here empties the reference there: SET NULL or SET DEFAULT. */
  readonly empties: boolean;
}

/** A sequence from which a column takes its default. */
export interface Sequence {
  readonly name: string;
  readonly column: string;
  readonly ascending: boolean;
}

export interface ForeignKey {
  readonly name: string;
  readonly references: string;
  readonly deferrable: boolean;
  /** The statement that makes it. */
  readonly definition: string;
}

/**
 * The tables, in the order in which they were asked for; `undefined` for one that there is not.
 * @throws EnvironmentProblem for what is no table
 */
export async function describeTables(
  subject: Subject,
  instance: Instance,
  database: string,
  tables: readonly string[],
): Promise<readonly (Table | undefined)[]> {
  const found = await Promise.all(
    tables.map((table) =>
      askJson<(Table & { kind: string }) | null>(subject, instance, database, query(table)),
    ),
  );
  return found.map((table, index) => {
    if (table !== null && table.kind !== 'r' && table.kind !== 'p') {
      throw new EnvironmentProblem(
        `${tables[index]} of ${instance.name} is no table — FIX: name tables as schema.table; a view has no rows of its own`,
      );
    }
    return table ?? undefined;
  });
}

const list = (query: string): string => `coalesce((select json_agg(x) from (${query}) x), '[]')`;

const query = (table: string): string => `
select coalesce((
  select json_build_object(
    'name', format('%I.%I', n.nspname, c.relname),
    'kind', c.relkind,
    'partitioned', c.relkind = 'p',
    'columns', ${list(`
      select quote_ident(a.attname) as name, a.attidentity = 'a' as always
        from pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       order by a.attnum`)},
    'key', coalesce((
      select json_agg(quote_ident(a.attname) order by k.at)
        from (select i.indkey, i.indnkeyatts
                from pg_index i
               where i.indrelid = c.oid and i.indisunique and i.indisvalid
                 and i.indpred is null and i.indexprs is null
                 and not exists (select from unnest(i.indkey::int[]) with ordinality k(number, at)
                                   join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
                                  where k.at <= i.indnkeyatts and not a.attnotnull)
               order by i.indisprimary desc, i.indexrelid limit 1) i,
             unnest(i.indkey::int[]) with ordinality k(number, at)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
       where k.at <= i.indnkeyatts), '[]'),
    'triggers', ${list(`
      select quote_ident(t.tgname) as name, t.tgenabled = 'A' as always
        from pg_trigger t
       where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('O', 'A')`)},
    'sequences', ${list(`
      select format('%I.%I', sn.nspname, s.relname) as name, quote_ident(a.attname) as column,
             q.seqincrement > 0 as ascending
        from (select d.objid as sequence, d.refobjsubid as number
                from pg_depend d
               where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
                 and d.refobjid = c.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i')
              union
              select d.refobjid, f.adnum
                from pg_attrdef f
                join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid
                               and d.refclassid = 'pg_class'::regclass
               where f.adrelid = c.oid) used
        join pg_sequence q on q.seqrelid = used.sequence
        join pg_class s on s.oid = used.sequence
        join pg_namespace sn on sn.oid = s.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum = used.number`)},
    'foreignKeys', ${list(`
      select quote_ident(f.conname) as name, f.condeferrable as deferrable,
             (select format('%I.%I', rn.nspname, r.relname)
                from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
               where r.oid = f.confrelid) as references,
             format('alter table %I.%I add constraint %I %s', n.nspname, c.relname, f.conname,
                    pg_get_constraintdef(f.oid)) as definition
        from pg_constraint f
       where f.contype = 'f' and f.conrelid = c.oid and f.conparentid = 0`)},
    'referrers', ${list(`
      select format('%I.%I', rn.nspname, r.relname) as table, f.confdeltype in ('n', 'd') as empties,
             (select string_agg(quote_ident(a.attname), ', ' order by k.at)
                from unnest(f.conkey::int[]) with ordinality k(number, at)
                join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number) as columns
        from pg_constraint f
        join pg_class r on r.oid = f.conrelid
        join pg_namespace rn on rn.oid = r.relnamespace
       where f.contype = 'f' and f.confrelid = c.oid and f.conrelid <> c.oid and f.conparentid = 0`)})
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.oid = to_regclass(${literal(table)})), 'null')`;
