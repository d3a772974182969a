import * as fc from 'fast-check';
import { type Decide, decision, type Mutation } from './model/decision';
import { POD_STEPS, type PodStep, Pods } from './model/pods';

const SEED = Number(process.env['MODEL_SEED'] ?? 20261121);
const RUNS = Number(process.env['MODEL_RUNS'] ?? 6_000);

/** Steps that lead somewhere are likelier. */
const WEIGHTS: Partial<Record<PodStep['what'], number>> = {
  start: 12,
  write: 5,
  archive: 4,
  stream: 4,
  promote: 4,
  crash: 3,
  backup: 2,
  lose: 2,
};

const step: fc.Arbitrary<PodStep> = fc.record({
  what: fc.oneof(...POD_STEPS.map((what) => ({ arbitrary: fc.constant(what), weight: WEIGHTS[what] ?? 1 }))),
  pod: fc.constantFrom(0 as const, 1 as const),
  // A start or a promotion has at most nine moments at which it may be killed; half of them are let live.
  n: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(99)),
});

function live(decide: Decide, steps: readonly PodStep[]): void {
  const pods = new Pods(decide);
  pods.establish();
  for (const one of steps) pods.take(one);
  pods.settle();
}

/** A scenario by chance; `path` of a failure and MODEL_SEED replay it. */
const check = (decide: Decide, runs: number) =>
  fc.check(
    fc.property(fc.array(step, { minLength: 1, maxLength: 24 }), (steps) => live(decide, steps)),
    { seed: SEED, numRuns: runs },
  );

describe('the model of a primary, a replica and their vault, with decide.sh as the decision', () => {
  test(`${RUNS} lives by chance (seed ${SEED})`, () => {
    const { failed, counterexample, counterexamplePath, errorInstance } = check(decision(), RUNS);
    const [steps] = counterexample ?? [];
    const words = failed
      ? `MODEL_SEED=${SEED}, path ${counterexamplePath}: ${errorInstance}\n${(steps ?? []).map((one) => JSON.stringify(one)).join('\n')}`
      : '';
    expect(words).toBe('');
  });

  /** Branches about standbys, turned. What this world does not know: a backup off the lineage, records read by halves. */
  const MUTATIONS: readonly Mutation[] = [
    ['    decide_standby\n  elif', '    decide_complete\n  elif'],
    ['  elif [[ $FACT_ROLE == standby ]]; then\n    decide_standby\n', ''],
    [
      'FACT_MARKER != none ]]; then\n    echo refuse:foreign\n  elif [[ $FACT_DATA == empty ]]; then\n    decide_restore_standby restore-standby',
      'FACT_MARKER != none ]]; then\n    echo refuse:foreign\n  elif [[ $FACT_DATA == empty ]]; then\n    decide_empty',
    ],
    ['    decide_complete_standby\n', '    echo start-standby\n'],
    ['because=left-behind', "because=''"],
    ['FACT_REBUILD == ordered &&', 'FACT_REBUILD == never &&'],
    ['&& $FACT_REPOSITORIES != unknown ]]; then decide_rebuild', ']]; then decide_rebuild'],
    ['$FACT_LINEAGE == pending || $FACT_LINEAGE == unknown', '$FACT_LINEAGE == never'],
    ['${because:-start-standby}', '${because:-start}'],
    ['  echo "${instead:-$1}"', '  echo start-standby'],
  ];

  test.each(MUTATIONS)('it catches %j turned into %j', (from, to) => {
    expect(check(decision([from, to]), RUNS).failed).toBe(true);
  });
});
