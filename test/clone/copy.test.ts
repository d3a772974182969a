import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { compare } from '../../clone/compare';
import { renderComparison } from '../../clone/compare-report';
import { type CopyOptions, copy } from '../../clone/copy';
import { renderCopy } from '../../clone/copy-report';
import { ClonePod } from '../postgres/scripts/clone-pod';
import { Lab } from '../postgres/scripts/lab';
import { describeWithPostgres } from '../postgres/scripts/tools';
import { CLONE, LIVE, podsOf } from './pods';

const SCHEMA = `
  create table customers (id int generated always as identity primary key, name text unique,
    shout text generated always as (upper(name)) stored);
  create table orders (id serial primary key, customer int not null references customers on delete cascade,
    note text);
  create table employees (id int primary key, boss int references employees);
  create table chicken (id int primary key, egg int);
  create table egg (id int primary key, chicken int references chicken);
  alter table chicken add foreign key (egg) references egg;
  create table reviews (id int primary key, customer int references customers on delete set null);
  create table visits (page text, info json);
  create table events (id int, at date, primary key (id, at)) partition by range (at);
  create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
  create schema "Odd one";
  create table "Odd one"."Table" ("Key" text primary key, "the value" text);
  create table told (what text);
  create function tell() returns trigger language plpgsql as $$ begin insert into told values (tg_op); return new; end $$;

  insert into customers (name) select 'c' || n from generate_series(1, 50) n;
  insert into orders (customer, note) select 1 + n % 50, repeat('x', n) from generate_series(1, 500) n;
  insert into reviews select n, n from generate_series(1, 5) n;
  insert into employees values (1, null), (2, 1), (3, 2);
  insert into chicken values (1, null), (2, null);
  insert into egg values (10, 1), (20, 2);
  update chicken set egg = id * 10;
  insert into visits values ('a', '{}'), ('a', '{}'), ('b', null), (null, '[1]');
  insert into events select n, date '2026-01-01' + n from generate_series(1, 100) n;
  insert into "Odd one"."Table" values (E'tab\\there', E'line\\nbreak \\\\. backslash'), ('ü€', null), ('', E'\\\\N');
  create trigger told_of_orders after insert on orders for each row execute function tell();
  create trigger never after insert on orders for each row execute function tell();
  create trigger always after insert on orders for each row execute function tell();
  alter table orders disable trigger never;
  alter table orders enable always trigger always;
`;

/** What a clone is for: rows go back into the live database as they were, and nothing else changes there. */
describeWithPostgres('bringing rows back from a clone', () => {
  let lab: Lab;
  let pod: ClonePod;
  const options = (tables: readonly string[], different: Partial<CopyOptions> = {}): CopyOptions => ({
    subject: podsOf(lab),
    live: LIVE,
    clone: CLONE,
    database: 'shop',
    tables,
    mode: 'missing-rows',
    apply: true,
    ...different,
  });
  const sql = (statement: string): Promise<string> => lab.sql(statement, 'shop');

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await lab.startServer();
    await lab.sql('create database template_shop');
    await lab.sql(SCHEMA, 'template_shop');
    await lab.sql('create database shop template template_shop');
    await lab.pgbackrest('stanza-create');
    await lab.pgbackrest('backup', '--type=full');
    await lab.archiveAll();
    pod = new ClonePod(lab);
    const { log } = await pod.start();
    expect(pod.ready ? '' : log).toBe('');
  }, 120_000);

  /** The live database as it was before each accident. */
  beforeEach(async () => {
    await lab.sql('drop database if exists shop');
    await lab.sql('create database shop template template_shop');
  });

  afterAll(async () => {
    await pod?.end();
    await lab?.dispose();
  });

  test('a DELETE without WHERE is undone, rows written since stay, and nobody is told twice', async () => {
    await sql('delete from customers');
    await sql("insert into customers (name) values ('new')");
    await sql('insert into orders (customer, note) select max(id), $$since$$ from customers');
    const told = await sql('select count(*) from told');
    const triggers = await sql(
      "select string_agg(tgname || tgenabled::text, ',' order by tgname) from pg_trigger where not tgisinternal",
    );
    // Children first, on purpose.
    const result = await copy(options(['public.orders', 'customers']));
    expect(result.tables).toEqual([
      { table: 'public.orders', rows: 500, made: false, inserted: 500, skipped: 0, updated: 0, deleted: 0 },
      { table: 'public.customers', rows: 50, made: false, inserted: 50, skipped: 0, updated: 0, deleted: 0 },
    ]);
    expect(await sql('select count(*), count(distinct shout) from customers')).toBe('51|51');
    expect(await sql("select count(*), count(*) filter (where note = 'since') from orders")).toBe('501|1');
    expect(await sql('select count(*) from told')).toBe(told);
    expect(
      await sql(
        "select string_agg(tgname || tgenabled::text, ',' order by tgname) from pg_trigger where not tgisinternal",
      ),
    ).toBe(triggers);
    expect(result.notes.join()).toContain('public.orders: its triggers did not fire: told_of_orders, always');
    expect(result.notes.join()).toContain(
      'public.reviews: a DELETE in public.customers emptied its customer',
    );
    // Foreign keys are as before, and still hold.
    await expect(sql('insert into orders (customer) values (9999)')).rejects.toThrow('foreign key');
  });

  test('without being told to, it writes nothing', async () => {
    await sql('delete from orders where id > 100');
    const result = await copy(options(['orders'], { apply: false }));
    expect(result.tables).toMatchObject([{ rows: 500, inserted: 400 }]);
    expect(renderCopy(result, false)).toContain(
      "public.orders: 400 of the clone's 500 rows would be inserted",
    );
    expect(await sql('select count(*) from orders')).toBe('100');
  });

  test('a second time it finds nothing to do', async () => {
    await sql('delete from orders');
    await copy(options(['orders']));
    expect((await copy(options(['orders']))).tables).toMatchObject([{ inserted: 0 }]);
  });

  test('a sequence that fell behind is moved beyond the rows; one that is ahead stays', async () => {
    await sql('truncate customers, orders restart identity cascade');
    await sql("insert into customers (name) overriding system value values ('first again') returning id");
    await sql('delete from customers');
    await sql("select setval('orders_id_seq', 7000)");
    const result = await copy(options(['customers', 'orders']));
    expect(result.sequences).toEqual([{ sequence: 'public.customers_id_seq', value: 50 }]);
    expect(await sql("insert into customers (name) values ('next') returning id")).toBe('51');
    expect(await sql('insert into orders (customer) values (51) returning id')).toBe('7001');
  });

  test('tables that refer to themselves and to each other', async () => {
    await sql('delete from employees; update chicken set egg = null; delete from egg; delete from chicken');
    await copy(options(['employees', 'egg', 'chicken']));
    expect(await sql('select count(*) from employees')).toBe('3');
    expect(
      await sql(
        'select string_agg(c.id || $$-$$ || e.id, $$,$$ order by c.id) from chicken c join egg e on e.id = c.egg and e.chicken = c.id',
      ),
    ).toBe('1-10,2-20');
    expect(await sql("select bool_or(condeferrable) from pg_constraint where contype = 'f'")).toBe('f');
    await expect(sql('insert into egg values (30, 30)')).rejects.toThrow('foreign key');
  });

  test('rows without a key come back as often as they were there', async () => {
    await sql(
      "delete from visits where page = 'a' or page is null; insert into visits values ('a', '{}'), ('c', null)",
    );
    expect((await copy(options(['visits']))).tables).toMatchObject([{ inserted: 2 }]);
    expect(await sql("select string_agg(coalesce(page, '?'), '' order by page) from visits")).toBe('aabc?');
  });

  test('partitions, odd names and odd texts', async () => {
    await sql('delete from events; delete from "Odd one"."Table"');
    await copy(options(['events', '"Odd one"."Table"']));
    const whole = 'select md5(string_agg(t::text, $$;$$ order by t::text)) from "Odd one"."Table" t';
    expect(await sql(whole)).toBe(await lab.sql(whole, 'template_shop'));
    expect(await sql('select count(*) from events_2026')).toBe('100');
  });

  test('a row whose unique value was given to another one is left out, and counted', async () => {
    await sql("delete from customers where name in ('c7', 'c8'); insert into customers (name) values ('c7')");
    const result = await copy(options(['customers']));
    expect(result.tables).toMatchObject([{ inserted: 1, skipped: 1 }]);
    expect(renderCopy(result, true)).toContain('1 were left out, since another row holds a unique value');
  });

  test('rows whose parents are missing: nothing is written, and it says which table to name', async () => {
    await sql('delete from customers');
    await expect(copy(options(['orders']))).rejects.toThrow(
      /^nothing was copied from look.*not present in table "customers".* — FIX: .*--table customers/,
    );
    expect(await sql('select count(*) from orders')).toBe('0');
  });

  test('--replace makes tables what they were: changed rows are set back, rows written since go', async () => {
    await sql("update customers set name = 'changed' where id = 3; delete from orders where id <= 10");
    await sql("insert into customers (name) values ('since')");
    const result = await copy(options(['customers', 'orders'], { mode: 'replace' }));
    expect(result.tables).toMatchObject([
      { table: 'public.customers', inserted: 0, updated: 1, deleted: 1 },
      { table: 'public.orders', inserted: 10, updated: 0, deleted: 0 },
    ]);
    const whole = (table: string) => `select md5(string_agg(t::text, ';' order by t::text)) from ${table} t`;
    for (const table of ['customers', 'orders']) {
      expect(await sql(whole(table))).toBe(await lab.sql(whole(table), 'template_shop'));
    }
  });

  test('a dropped table is made again, with what belongs to it; a foreign key that went with it is told', async () => {
    await sql('drop table customers cascade');
    const result = await copy(options(['customers']));
    expect(result.tables).toMatchObject([{ made: true, rows: 50 }]);
    expect(result.notes).toEqual([
      expect.stringMatching(/alter table public.orders add constraint .* ON DELETE CASCADE;$/),
      expect.stringMatching(/alter table public.reviews add constraint .* ON DELETE SET NULL;$/),
    ]);
    for (const note of result.notes) await sql(note.replace(/^.*: alter/, 'alter'));
    expect(await sql("insert into customers (name) values ('next') returning id, shout")).toBe('51|NEXT');
    await expect(sql("insert into customers (name) values ('c1')")).rejects.toThrow('unique');
  });

  test('a column that was added since keeps its default; one that was dropped is told', async () => {
    await sql(
      'alter table orders add column paid boolean not null default false; alter table orders drop column note',
    );
    await sql('delete from orders');
    const { notes } = await copy(options(['orders']));
    expect(await sql('select count(*) from orders where not paid')).toBe('500');
    expect(notes.join('\n')).toMatch(/no column note any more[\s\S]*paid was added since/);
  });

  test('what a SET NULL emptied comes back where the table is replaced', async () => {
    await sql('delete from customers where id = 3');
    await copy(options(['customers']));
    const { tables } = await copy(options(['customers', 'reviews'], { mode: 'replace' }));
    expect(tables).toMatchObject([{ inserted: 0, updated: 0, deleted: 0 }, { updated: 1 }]);
    expect(await sql('select count(customer) from reviews')).toBe('5');
  });

  test('a volume without room for it is not filled', async () => {
    mkdirSync(lab.path('bin'));
    writeFileSync(lab.path('bin/df'), '#!/bin/sh\necho 1000\n', { mode: 0o755 });
    await expect(copy(options(['orders']))).rejects.toThrow(
      /may need \d MiB on the volume of shop-0, which has 1 MiB left — FIX: grow the volume/,
    );
    rmSync(lab.path('bin'), { recursive: true });
  });

  test('a table that the clone does not have', async () => {
    await expect(copy(options(['nowhere']))).rejects.toThrow(/has no table nowhere .* — FIX: /);
  });

  test('a table that somebody holds is waited for, not for ever, and the words say so', async () => {
    await sql('delete from orders');
    const holding = lab.query('begin; lock table orders; select pg_sleep(4)', 'shop');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await expect(copy(options(['orders'], { lockSeconds: 1 }))).rejects.toThrow(
      /lock timeout.* — FIX: a long transaction/,
    );
    await holding;
  });

  test('compare tells rows, schema and answers, and that two are the same', async () => {
    const same = {
      subject: podsOf(lab),
      live: LIVE,
      clone: CLONE,
      database: 'shop',
      tables: [],
      queries: [],
    };
    expect(await compare(same)).toMatchObject({ schema: '' });
    expect(renderComparison(await compare(same), 'look')).toContain('the same number in every table (10)');
    await sql('delete from orders where id > 5; drop table visits; create index on orders (note)');
    const comparison = await compare({ ...same, queries: ['select max(id) from orders', 'select 1 as one'] });
    expect(comparison.counts.filter(({ live, clone }) => live !== clone)).toEqual([
      { table: 'public.orders', live: 5, clone: 500 },
      { table: 'public.visits', live: undefined, clone: 4 },
    ]);
    expect(comparison.schema).toMatch(/^-CREATE INDEX orders_note_idx/m);
    expect(comparison.schema).toMatch(/^\+CREATE TABLE public.visits/m);
    expect(comparison.queries.map(({ difference }) => difference === '')).toEqual([false, true]);
    const report = renderComparison(comparison, 'look');
    expect(report).toMatch(/public.orders +5 +500 +495/);
    expect(report).toMatch(/public.visits +no such table +4 +4/);
  });
});
