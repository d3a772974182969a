import type { Backup } from '../../../deploy/velero/kinds';
import { type PlanFacts, planRecovery } from '../../../deploy/velero/plan';

const CLUSTER = new Date('2026-05-04T12:00:00Z');

const backup = (name: string, at: string, phase = 'Completed', schedule = 'cluster'): Backup => ({
  metadata: { name, labels: { 'velero.io/schedule-name': schedule } },
  spec: {},
  status: { phase, startTimestamp: at, completionTimestamp: at },
});
const OLD = backup('old', '2026-05-03T01:00:00Z');
const NEW = backup('new', '2026-05-04T01:00:00Z');

const facts = (different: Partial<PlanFacts> = {}): PlanFacts => ({
  environment: 'staging',
  schedules: ['cluster'],
  order: undefined,
  incarnation: 'eu-west-1-2',
  done: [],
  backups: [NEW, OLD],
  clusterSince: CLUSTER,
  now: new Date('2026-05-04T12:10:00Z'),
  ...different,
});
const chosen = (different: Partial<PlanFacts> = {}): string[] | undefined =>
  planRecovery(facts(different))?.backups.map(({ metadata }) => metadata.name);

describe('unasked', () => {
  test('a new cluster gets the newest backup of an earlier one, under the name of this life', () => {
    expect(planRecovery(facts())).toMatchObject({
      id: 'eu-west-1-2',
      backups: [NEW],
      newCluster: true,
      warnings: [],
    });
  });

  test('nothing where there is none, where it was done, and where the backups are this cluster’s own', () => {
    expect(planRecovery(facts({ backups: [] }))).toBeUndefined();
    expect(planRecovery(facts({ done: ['none-needed'] }))).toBeUndefined();
    const own = backup('own', '2026-05-04T12:05:00Z');
    expect(planRecovery(facts({ backups: [own, NEW] }))).toBeUndefined();
  });

  test('a cluster that has been up for a day is not overwritten: somebody has to say what is meant', () => {
    const later = { now: new Date('2026-05-05T12:00:01Z') };
    expect(() => planRecovery(facts(later))).toThrow(
      /^the newest backup, new, is older than this cluster, which has been up for more than a day.* — FIX: `npm run velero -- staging restore --id NAME` /,
    );
    expect(planRecovery(facts({ now: new Date('2026-05-05T12:00:00Z') }))?.id).toBe('eu-west-1-2');
  });

  test('an incomplete one is never taken for the newest, and told of', () => {
    const partial = backup('partial', '2026-05-04T02:00:00Z', 'PartiallyFailed');
    const plan = planRecovery(facts({ backups: [partial, NEW] }));
    expect(plan?.backups).toEqual([NEW]);
    expect(plan?.warnings).toEqual(['partial is newer and PartiallyFailed: new is taken']);
    expect(() => planRecovery(facts({ backups: [partial] }))).toThrow(
      /^of the schedules cluster there is no complete backup: partial is newer and PartiallyFailed: no complete one is there — FIX: .*partial \(PartiallyFailed\)$/,
    );
  });

  test('one of each schedule, and none of schedules that are no more', () => {
    const files = backup('files', '2026-05-02T01:00:00Z', 'Completed', 'files');
    const gone = backup('gone', '2026-05-02T01:00:00Z', 'Completed', 'gone');
    expect(chosen({ schedules: ['files', 'cluster'], backups: [NEW, OLD, files, gone] })).toEqual([
      'files',
      'new',
    ]);
  });
});

describe('ordered', () => {
  const order = (different: object = {}) => ({ order: { id: 'incident-1', ...different } });

  test('is the latest, one by its name, some of its namespaces', () => {
    expect(planRecovery(facts(order()))).toMatchObject({
      id: 'incident-1',
      backups: [NEW],
      newCluster: false,
    });
    expect(chosen(order({ backup: 'old' }))).toEqual(['old']);
    expect(planRecovery(facts(order({ namespaces: ['shop'] })))?.namespaces).toEqual(['shop']);
  });

  test('is carried out once', () => {
    expect(planRecovery(facts({ ...order(), done: ['eu-west-1-2', 'incident-1'] }))).toBeUndefined();
  });

  test('in a running cluster takes its own backups, too', () => {
    const own = backup('own', '2026-05-04T12:05:00Z');
    expect(chosen({ ...order(), backups: [own, NEW], done: ['none-needed'] })).toEqual(['own']);
  });

  test('names what there is when there is no such backup, and warns of one that is not whole', () => {
    expect(() => planRecovery(facts(order({ backup: 'mine' })))).toThrow(
      'there is no backup mine — FIX: choose one of `npm run velero -- staging status`: new (Completed), old (Completed)',
    );
    const partial = backup('partial', '2026-05-04T02:00:00Z', 'PartiallyFailed');
    expect(planRecovery(facts({ ...order({ backup: 'partial' }), backups: [partial] }))?.warnings).toEqual([
      'partial is PartiallyFailed: not all that it should hold is in it',
    ]);
  });
});
