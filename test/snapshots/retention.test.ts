import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { TIERS, type Tier } from '../../constructs/snapshots';
import { run } from '../postgres/scripts/processes';
import { describeWithPostgres } from '../postgres/scripts/tools';

const PROGRAM = readFileSync(
  join(__dirname, '../../constructs/snapshots/scripts/snapshot-retention.jq'),
  'utf8',
);

interface Snapshot {
  readonly name: string;
  readonly createdAt: number;
}
type Keep = Readonly<Record<Tier | 'atLeast', number>>;
interface Rule {
  readonly now: number;
  readonly keep: Keep;
  readonly snapshots: readonly Snapshot[];
}
interface Verdict {
  readonly keep: readonly { readonly name: string; readonly tiers: readonly Tier[] }[];
  readonly expire: readonly string[];
}

/** One process for many rules: a job would ask one after the other. */
async function judge(rules: readonly Rule[]): Promise<readonly Verdict[]> {
  const input = rules.map((rule) => JSON.stringify(rule)).join('\n');
  const { status, stdout, stderr } = await run(['jq', '-c', PROGRAM], { cwd: '/', env: {}, input });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
}

const DAY = 86_400;

/** The period that an instant is in, by JavaScript's own calendar; weeks begin on Monday, as ISO 8601 has them. */
function period(tier: Tier, seconds: number): string {
  const date = new Date(seconds * 1000);
  const text = date.toISOString();
  if (tier === 'weekly') return String(Math.floor((Math.floor(seconds / DAY) + 3) / 7));
  return text.slice(0, { hourly: 13, daily: 10, monthly: 7, yearly: 4 }[tier]);
}

/** The rule once more, as naively as it can be said: period by period. */
function oracle({ keep, now, snapshots }: Rule): Map<string, Tier[]> {
  const newestFirst = (a: Snapshot, b: Snapshot) =>
    b.createdAt - a.createdAt || (a.name < b.name ? 1 : a.name > b.name ? -1 : 0);
  const stays = new Map<string, Tier[]>();
  const stay = (name: string): Tier[] => {
    const known = stays.get(name) ?? [];
    stays.set(name, known);
    return known;
  };
  for (const { createdAt, name } of snapshots) if (createdAt > now) stay(name);
  const past = snapshots.filter(({ createdAt }) => createdAt <= now).sort(newestFirst);
  for (const { name } of past.slice(0, Math.max(keep.atLeast, 1))) stay(name);
  for (const tier of TIERS) {
    const periods = [...new Set(past.map(({ createdAt }) => period(tier, createdAt)))].slice(0, keep[tier]);
    for (const one of periods) {
      const first = past.find(({ createdAt }) => period(tier, createdAt) === one);
      if (first !== undefined) stay(first.name).push(tier);
    }
  }
  return stays;
}

const NOW = Date.UTC(2026, 10, 29, 2, 0, 1) / 1000;

const counts = fc.record({
  hourly: fc.integer({ min: 0, max: 5 }),
  daily: fc.integer({ min: 0, max: 5 }),
  weekly: fc.integer({ min: 0, max: 4 }),
  monthly: fc.integer({ min: 0, max: 4 }),
  yearly: fc.integer({ min: 0, max: 3 }),
  atLeast: fc.integer({ min: 0, max: 4 }),
});
/** Minutes to years old, some of the same second, some from the future: a clock that was wrong. */
const ages = fc.array(
  fc.oneof(
    fc.integer({ min: -3 * DAY, max: 0 }),
    fc.integer({ min: 0, max: 7200 }),
    fc.integer({ min: 0, max: 10 * DAY }),
    fc.integer({ min: 0, max: 1500 * DAY }),
    // Around where one period ends and another begins.
    fc
      .tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: -2, max: 2 }))
      .map(([days, off]) => NOW - (Date.UTC(2026, 10, 29) / 1000 - days * DAY + off)),
  ),
  { maxLength: 40, size: 'max' },
);
const rule = fc.record({ keep: counts, ages }).map(
  ({ ages, keep }): Rule => ({
    now: NOW,
    keep,
    snapshots: ages.map((age, index) => ({ name: `s${index}`, createdAt: NOW - age })),
  }),
);

const past = ({ now, snapshots }: Rule) => snapshots.filter(({ createdAt }) => createdAt <= now);
const names = (verdict: Verdict | undefined) => (verdict?.keep ?? []).map(({ name }) => name);

describeWithPostgres('which snapshots stay', () => {
  const rules = fc.sample(rule, { numRuns: 800, seed: 6 });
  let verdicts: readonly Verdict[];
  beforeAll(async () => {
    verdicts = await judge(rules);
    expect(verdicts).toHaveLength(rules.length);
  });
  const each = (check: (rule: Rule, verdict: Verdict) => void): void => {
    for (const [index, one] of rules.entries()) check(one, verdicts[index] as Verdict);
  };

  test('those that the rule says, and for its reasons', () => {
    each((one, verdict) => {
      const expected = [...oracle(one)].sort(([a], [b]) => (a < b ? -1 : 1));
      const said = verdict.keep.map(({ name, tiers }) => [name, tiers]);
      expect(said.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1))).toEqual(expected);
    });
    // The draw has something in it.
    expect(verdicts.flatMap(({ expire }) => expire).length).toBeGreaterThan(5000);
    for (const tier of TIERS)
      expect(
        verdicts.filter(({ keep }) => keep.some(({ tiers }) => tiers.includes(tier))).length,
      ).toBeGreaterThan(300);
  });

  test('each is kept or goes, and none that there is not', () => {
    each(({ snapshots }, verdict) => {
      expect([...names(verdict), ...verdict.expire].sort()).toEqual(snapshots.map(({ name }) => name).sort());
    });
  });

  test('the newest good one always, even where nothing is asked for', async () => {
    each((one, verdict) => {
      const newest = Math.max(...past(one).map(({ createdAt }) => createdAt));
      if (past(one).length === 0) return;
      const stays = new Set(names(verdict));
      expect(past(one).some(({ createdAt, name }) => createdAt === newest && stays.has(name))).toBe(true);
    });
    const nothing = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, atLeast: 0 };
    const asked = rules.map((one) => ({ ...one, keep: nothing }));
    for (const [index, verdict] of (await judge(asked)).entries())
      expect(names(verdict).length).toBeGreaterThanOrEqual(
        (rules[index] as Rule).snapshots.length === 0 ? 0 : 1,
      );
  });

  test('no more than was asked for, beside those that are still to come', () => {
    each((one, verdict) => {
      const { atLeast, ...tiers } = one.keep;
      const asked = Object.values(tiers).reduce((sum, count) => sum + count, Math.max(atLeast, 1));
      const future = one.snapshots.length - past(one).length;
      expect(names(verdict).length).toBeLessThanOrEqual(asked + future);
      for (const tier of TIERS)
        expect(verdict.keep.filter((kept) => kept.tiers.includes(tier)).length).toBeLessThanOrEqual(
          one.keep[tier],
        );
    });
  });

  test('of each period that counts its newest', () => {
    each((one, verdict) => {
      for (const { name, tiers } of verdict.keep)
        for (const tier of tiers) {
          const { createdAt } = one.snapshots.find((snapshot) => snapshot.name === name) as Snapshot;
          for (const other of past(one))
            if (period(tier, other.createdAt) === period(tier, createdAt))
              expect(other.createdAt).toBeLessThanOrEqual(createdAt);
        }
    });
  });

  test('the same in whatever order they are listed', async () => {
    const turned = await judge(rules.map((one) => ({ ...one, snapshots: [...one.snapshots].reverse() })));
    expect(turned).toEqual(verdicts);
  });

  test('the same when it is asked again about what stayed', async () => {
    const again = await judge(
      rules.map((one, index) => {
        const stays = new Set(names(verdicts[index]));
        return { ...one, snapshots: one.snapshots.filter(({ name }) => stays.has(name)) };
      }),
    );
    for (const [index, verdict] of again.entries()) {
      expect(verdict.expire).toEqual([]);
      expect(verdict.keep).toEqual((verdicts[index] as Verdict).keep);
    }
  });

  test('a clock that goes back lets nothing go that is not in the past by it', async () => {
    const back = await judge(rules.map((one) => ({ ...one, now: one.now - 30 * DAY })));
    for (const [index, one] of rules.entries()) {
      const stays = new Set(names(back[index]));
      for (const { createdAt, name } of one.snapshots)
        if (createdAt > one.now - 30 * DAY) expect(stays.has(name)).toBe(true);
    }
  });

  test('a clock that leaps ahead lets nothing go because of the time that it skips', async () => {
    const settled = rules.map((one) => ({ ...one, snapshots: past(one) }));
    const ahead = settled.map((one) => ({ ...one, now: one.now + 4000 * DAY }));
    expect(await judge(ahead)).toEqual(await judge(settled));
  });

  test('periods are those of UTC, also on days when clocks change', async () => {
    const at = (text: string) => Date.parse(text) / 1000;
    const keep = { hourly: 0, daily: 2, weekly: 0, monthly: 0, yearly: 0, atLeast: 1 };
    // In Berlin, 25 October 2026 has 25 hours, from 22:00 UTC of the 24th.
    const [verdict] = await judge([
      {
        now: NOW,
        keep,
        snapshots: [
          { name: 'late-saturday', createdAt: at('2026-10-24T23:30:00Z') },
          { name: 'sunday', createdAt: at('2026-10-25T00:30:00Z') },
          { name: 'sunday-again', createdAt: at('2026-10-25T01:30:00Z') },
          { name: 'late-sunday', createdAt: at('2026-10-25T23:30:00Z') },
        ],
      },
    ]);
    expect(verdict).toEqual({
      keep: [
        { name: 'late-sunday', tiers: ['daily'] },
        { name: 'late-saturday', tiers: ['daily'] },
      ],
      expire: ['sunday-again', 'sunday'],
    });
  });

  test('ISO weeks go over the end of a year', async () => {
    const at = (text: string) => Date.parse(text) / 1000;
    const keep = { hourly: 0, daily: 0, weekly: 2, monthly: 0, yearly: 0, atLeast: 1 };
    // 2026-12-28 to 2027-01-03 is one week.
    const [verdict] = await judge([
      {
        now: at('2027-01-05T00:00:00Z'),
        keep,
        snapshots: [
          { name: 'before', createdAt: at('2026-12-27T12:00:00Z') },
          { name: 'old-year', createdAt: at('2026-12-31T12:00:00Z') },
          { name: 'new-year', createdAt: at('2027-01-02T12:00:00Z') },
          { name: 'next', createdAt: at('2027-01-04T12:00:00Z') },
        ],
      },
    ]);
    expect(names(verdict)).toEqual(['next', 'new-year']);
  });
});
