import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { run } from '../postgres/scripts/processes';
import { describeWithPostgres } from '../postgres/scripts/tools';

const PROGRAM = readFileSync(join(__dirname, '../../constructs/object-storage/scripts/retention.jq'), 'utf8');

interface Rule {
  readonly now: number;
  readonly keepSeconds: number;
  readonly keepAtLeast: number;
  readonly staleSeconds: number;
  readonly sets: readonly { readonly id: string; readonly complete: boolean }[];
}

const NOW = Date.UTC(2026, 4, 4, 3, 2, 1) / 1000;
const id = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;

/** One process for many rules: as a job would be asked again and again. */
async function expired(rules: readonly Rule[]): Promise<readonly string[][]> {
  const each = { cwd: '/', env: {}, input: rules.map((rule) => JSON.stringify(rule)).join('\n') };
  const { status, stdout, stderr } = await run(['jq', '-c', PROGRAM], each);
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string[]);
}

const rules = fc.record({
  keepSeconds: fc.integer({ min: 3600, max: 3_000_000 }),
  keepAtLeast: fc.integer({ min: 1, max: 6 }),
  staleSeconds: fc.integer({ min: 0, max: 300_000 }),
  // Also from the future: a clock that was wrong.
  dumps: fc.uniqueArray(
    fc.record({ age: fc.integer({ min: -100_000, max: 6_000_000 }), complete: fc.boolean() }),
    {
      maxLength: 14,
      selector: ({ age }) => age,
    },
  ),
});

describeWithPostgres('which dated sets go', () => {
  test('by age, never one of the newest, and incomplete ones when they are over: for any set of dumps', async () => {
    const drawn = fc.sample(rules, 600);
    const results = await expired(
      drawn.map(({ dumps, ...rest }) => ({
        ...rest,
        now: NOW,
        sets: dumps.map(({ age, complete }) => ({ id: id(NOW - age), complete })),
      })),
    );
    expect(results).toHaveLength(600);
    let removed = 0;
    for (const [index, { dumps, keepAtLeast, keepSeconds, staleSeconds }] of drawn.entries()) {
      const gone = new Set(results[index]);
      removed += gone.size;
      const complete = dumps.filter((dump) => dump.complete).sort((a, b) => a.age - b.age);
      const left = complete.filter(({ age }) => !gone.has(id(NOW - age)));
      // The newest stay, whatever their age.
      expect(left.slice(0, keepAtLeast)).toEqual(complete.slice(0, keepAtLeast));
      // What is left beyond them is young, and nothing young is gone.
      for (const { age } of left.slice(keepAtLeast)) expect(age).toBeLessThanOrEqual(keepSeconds);
      for (const { age } of complete) if (age <= keepSeconds) expect(gone.has(id(NOW - age))).toBe(false);
      for (const { age } of dumps.filter((dump) => !dump.complete))
        expect(gone.has(id(NOW - age))).toBe(age > staleSeconds);
      // Nothing else is named.
      for (const name of gone) expect(dumps.map(({ age }) => id(NOW - age))).toContain(name);
    }
    expect(removed).toBeGreaterThan(500);
  });

  test('does not depend on the order in which the store lists them', async () => {
    const dumps = [1, 9, 3, 7, 5].map((days) => ({ id: id(NOW - days * 86_400), complete: true }));
    const rule = { now: NOW, keepSeconds: 4 * 86_400, keepAtLeast: 1, staleSeconds: 0 };
    const [one, other] = await expired([
      { ...rule, sets: dumps },
      { ...rule, sets: [...dumps].reverse() },
    ]);
    expect(one).toEqual([9, 7, 5].map((days) => id(NOW - days * 86_400)));
    expect(other).toEqual(one);
  });
});
