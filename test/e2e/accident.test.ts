import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LocalSite } from './local-site';

/**
 * The scripted accident: a `DELETE` without `WHERE` under write load, repaired
 * from a clone while clients go on. Every acknowledged row is known outside the
 * cluster: those up to the target of the clone and those since the accident must
 * be there at the end; what lies between is what was lost, in seconds.
 */
let site: LocalSite;

interface Acknowledged {
  readonly order: number;
  readonly customer: number;
  /** The server's clock, in milliseconds, when the row was written. */
  readonly at: number;
  /** Ours, when it was acknowledged. */
  readonly heard: number;
}

const acknowledged: Acknowledged[] = [];
const refusals: string[] = [];
const spent: Record<string, string> = {};
let writer: ChildProcess | undefined;
let target = '';
let accident = { before: 0, after: 0 };

/** A client that commits a customer and an order of his some thirty times a second. */
function startWriter(): ChildProcess {
  const { KUBECTL = 'kubectl', KUBECONFIG = '' } = site.variables();
  const statement = `with c as (insert into customers (name) values (gen_random_uuid()) returning id)
    insert into orders (customer) select id from c
    returning id, customer, floor(extract(epoch from at) * 1000)`.replaceAll('\n', ' ');
  const loop = `while sleep 0.03; do echo "${statement};"; done | psql -XqAt -F ' ' -d orders`;
  const args = ['exec', '--namespace=local', 'orders-0', '--container=postgres', '--', 'bash', '-c', loop];
  const child = spawn(KUBECTL, args, {
    env: { ...process.env, KUBECONFIG },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [order = 0, customer = 0, at = 0] = line.split(' ').map(Number);
    acknowledged.push({ order, customer, at, heard: Date.now() });
  });
  createInterface({ input: child.stderr }).on('line', (line) => refusals.push(line));
  return child;
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = Date.now();
  try {
    return await work();
  } finally {
    spent[what] = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  }
}

/** A command on the clones, which has to succeed; returns what it prints. */
async function clone(...args: readonly string[]): Promise<string> {
  const { exitCode, output } = await site.npmRun('clone', ['local', 'orders', ...args]);
  expect({ exitCode, output: exitCode === 0 ? '' : output }).toEqual({ exitCode: 0, output: '' });
  return output;
}

const clonePods = (): Promise<string> =>
  site.kubectl(
    'get',
    'pods,pvc',
    '--namespace=local',
    '--selector=app.kubernetes.io/component=clone',
    '--output=name',
  );

beforeAll(async () => {
  site = await LocalSite.open('accident');
  await site.initialised();
  await site.backedUp();
  await site.sql(`
    create table customers (id int generated always as identity primary key, name text unique not null);
    create table orders (id bigserial primary key, customer int not null references customers on delete cascade,
      at timestamptz not null default clock_timestamp());
    insert into customers (name) select 'customer ' || n from generate_series(1, 2000) n;
    insert into orders (customer) select 1 + n % 2000 from generate_series(1, 20000) n`);
}, 3_600_000);

afterAll(async () => {
  writer?.kill();
  await site?.close();
}, 120_000);

test('a target outside the window is refused before anything is made', async () => {
  for (const [to, words] of [
    [
      '2020-01-01T00:00:00Z',
      /is before the end of the oldest backup.* — FIX: orders can be restored to any instant from /,
    ],
    ['2100-01-01T00:00:00Z', /is in the future.* — FIX: /],
  ] as const) {
    const { exitCode, output } = await site.npmRun('clone', ['local', 'orders', 'create', '--to', to]);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: expect.stringMatching(words) });
  }
  expect(await clonePods()).toBe('');
});

test('the accident: DELETE without WHERE, under write load', async () => {
  writer = startWriter();
  await seconds(6);
  // What clients commit between the instant and the end of the DELETE goes with it, and is in no clone of the instant.
  const instant = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const printed = await site.sql(`select ${instant}; select pg_sleep(0.3); delete from customers`);
  accident = {
    before: 0,
    after: Number(await site.sql('select floor(extract(epoch from clock_timestamp()) * 1000)')),
  };
  target = printed.trim().split('\n')[0] ?? '';
  accident.before = Date.parse(target);
  // Clients go on, until somebody notices.
  await seconds(4);
  expect(Number(await site.sql('select count(*) from orders where id <= 20000'))).toBe(0);
});

test('a clone of the instant before it is made beside the live database, which goes on', async () => {
  const output = await timed('clone can be read', () => clone('create', 'accident', '--to', target));
  expect(output).toMatch(/clone\.sh: the clone of orders can be read after/);
  // Nothing leads clients there.
  const addresses = await site.kubectl(
    'get',
    'endpointslices',
    '--namespace=local',
    '--output=jsonpath={.items[*].endpoints[*].targetRef.name}',
  );
  expect([...new Set(addresses.split(' '))]).toEqual(['orders-0']);
});

test('the same command again uses it; another target for the name is refused', async () => {
  expect(await clone('create', 'accident', '--to', target)).toContain('it is used');
  const { exitCode, output } = await site.npmRun('clone', [
    'local',
    'orders',
    'create',
    'accident',
    '--to',
    'latest',
  ]);
  expect({ exitCode, output }).toEqual({
    exitCode: 2,
    output: expect.stringMatching(/is of .* — FIX: .*remove accident/),
  });
  expect(await clone('list')).toMatch(/^accident +ready +at /);
});

test('compare shows what is lost; psql reads either', async () => {
  const report = await clone(
    'compare',
    'accident',
    '--query',
    'select count(*) > 20000 as enough from orders',
  );
  const [, live, then] = /public\.orders +(\d+) +(\d+)/.exec(report) ?? [];
  expect(Number(live)).toBeLessThan(20_000);
  expect(Number(then)).toBeGreaterThan(20_000);
  expect(report).toContain('Schema: the same.');
  expect(report).toMatch(/enough: from live \(-\) to accident \(\+\)|-.*f[\s\S]*\+.*t/);
  for (const name of ['live', 'accident']) {
    expect(await clone('psql', name, '--', '-Atc', 'select 6 * 7')).toBe('42');
  }
});

test('copy first tells what it would do, and then brings the rows back while clients go on', async () => {
  const tables = ['--table', 'public.customers', '--table', 'public.orders'];
  expect(await clone('copy', 'accident', ...tables)).toMatch(/would be inserted[\s\S]*nothing was written/);
  const output = await timed('rows are back', () => clone('copy', 'accident', ...tables, '--yes'));
  const began = Date.now();
  expect(output).toMatch(/public\.orders: (\d+) of the clone's \1 rows were inserted/);
  await seconds(3);
  expect(acknowledged.some(({ heard }) => heard > began)).toBe(true);
  writer?.kill();
  await seconds(1);
});

test('what was there at the target is there, and what was written since; what lies between is told', async () => {
  const there = new Set((await site.sql('select id from orders')).split('\n').map(Number));
  for (let id = 1; id <= 20_000; id += 1) expect(there.has(id)).toBe(true);
  const missing = acknowledged.filter(({ order }) => !there.has(order));
  // A row is written a moment before it is committed, and the target is an instant of commits.
  const margin = 100;
  expect(missing.filter(({ at }) => at < accident.before - margin || at > accident.after)).toEqual([]);
  const kept = acknowledged.length - missing.length;
  const times = missing.map(({ at }) => at);
  const lost = missing.length === 0 ? 0 : (Math.max(...times) - accident.before) / 1000;
  const gaps = acknowledged.slice(1).map(({ heard }, index) => heard - (acknowledged[index]?.heard ?? heard));
  process.stderr.write(
    [
      'accident: DELETE without WHERE, repaired from a clone',
      `  lost                           ${lost.toFixed(2)} s, ${missing.length} of ${acknowledged.length} acknowledged rows (between target and DELETE)`,
      `  kept                           ${kept} acknowledged rows and 20000 older ones`,
      ...Object.entries(spent).map(([what, took]) => `  ${what.padEnd(30)} ${took}`),
      `  longest a client waited        ${(Math.max(...gaps) / 1000).toFixed(2)} s`,
      '',
    ].join('\n'),
  );
  expect(missing.length).toBeGreaterThan(0);
  expect(lost).toBeLessThan(5);
  expect(kept).toBeGreaterThan(100);
});

test('foreign keys and sequences are right', async () => {
  expect(
    await site.sql(
      'select count(*) from orders o where not exists (select from customers c where c.id = o.customer)',
    ),
  ).toBe('0');
  await expect(site.sql('insert into orders (customer) values (2000000000)')).rejects.toThrow('foreign key');
  const next =
    "with c as (insert into customers (name) values ('the next one') returning id) insert into orders (customer) select id from c returning id";
  const highest = Number(await site.sql('select max(id) from orders'));
  expect(Number(await site.sql(next))).toBeGreaterThan(highest);
  expect(refusals.filter((line) => line.includes('ERROR'))).toEqual([]);
});

test('the clone has written nothing into the repository: no timeline but the live one', async () => {
  const listed = await site.kubectl(
    'exec',
    '--namespace=local',
    'orders-0',
    '--container=postgres',
    '--',
    'pgbackrest',
    'repo-ls',
    '--recurse',
    'archive/orders',
  );
  expect(listed).toContain('0000000100000000');
  expect(listed).not.toMatch(/(^|\/)0000000[2-9]/m);
});

test('it is removed with its volume, and another of its name is no problem', async () => {
  expect(await clone('remove', 'accident')).toContain('is gone');
  expect(await clonePods()).toBe('');
  expect(await clone('create', 'accident', '--to', 'latest')).toContain('can be read');
  expect(
    await clone(
      'psql',
      'accident',
      '--',
      '-Atc',
      "select count(*) from customers where name = 'the next one'",
    ),
  ).toBe('1');
  await clone('remove', 'accident');
  expect(await clone('remove', 'accident')).toContain('has no clone');
  expect(await clonePods()).toBe('');
});

test('while the live database is down, a clone shows what is in the repository', async () => {
  await site.kubectl('scale', 'statefulset', 'orders', '--namespace=local', '--replicas=0');
  await site.kubectl('wait', '--namespace=local', '--for=delete', '--timeout=110s', 'pod/orders-0');
  const output = await clone('create', 'alone', '--to', 'latest');
  expect(output).toContain('the live database orders does not answer');
  expect(await clone('psql', 'alone', '--', '-Atc', 'select count(*) from orders where id <= 20000')).toBe(
    '20000',
  );
  const { exitCode, output: refusal } = await site.npmRun('clone', ['local', 'orders', 'compare', 'alone']);
  expect({ exitCode, refusal }).toEqual({
    exitCode: 2,
    refusal: expect.stringMatching(/accepts no writes now — FIX: /),
  });
  await clone('remove', 'alone');
});
