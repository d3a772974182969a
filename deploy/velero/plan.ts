import type { VeleroRecoveryOrder } from '../../constructs/velero/settings';
import { EnvironmentProblem } from '../progress';
import { scheduleOf, startOf } from './bucket';
import type { Backup } from './kinds';

export interface PlanFacts {
  /** Name of the environment, for what is to be typed. */
  readonly environment: string;
  /** Names of the declared schedules. */
  readonly schedules: readonly string[];
  readonly order: VeleroRecoveryOrder | undefined;
  /** Name of this life of the environment. */
  readonly incarnation: string;
  /** Ids of recoveries that were carried out in this cluster. */
  readonly done: readonly string[];
  /** All in the bucket, the newest first. */
  readonly backups: readonly Backup[];
  /** When the cluster was made. */
  readonly clusterSince: Date;
  readonly now: Date;
}

/** A restore to be carried out: one Restore for each of its backups. */
export interface PlannedRecovery {
  readonly id: string;
  readonly why: string;
  readonly backups: readonly Backup[];
  readonly namespaces: readonly string[] | undefined;
  /** Nothing of it was there before. */
  readonly newCluster: boolean;
  /** What is left out, in words. */
  readonly warnings: readonly string[];
}

/** A cluster that is older than this is no cluster that is just coming back. */
const JUST_MADE_MS = 24 * 3_600_000;

/**
 * What is to be restored, from facts alone. After the loss of a cluster (its backups are all older than this cluster) that is
 * the newest of each schedule, unasked; in a cluster that is running it is what was ordered, once.
 * @returns `undefined`: nothing
 * @throws EnvironmentProblem when there is something to decide that nobody decided
 */
export function planRecovery(facts: PlanFacts): PlannedRecovery | undefined {
  const { backups, done, environment, incarnation, now, order } = facts;
  if (order !== undefined && !done.includes(order.id))
    return { ...choose(facts, order), id: order.id, newCluster: false, why: `ordered as ${order.id}` };
  const [newest] = backups;
  if (done.length > 0 || newest === undefined) return undefined;
  // Made by this very cluster: Velero was here before it was declared like this.
  if (new Date(startOf(newest)) >= facts.clusterSince) return undefined;
  if (now.getTime() - facts.clusterSince.getTime() > JUST_MADE_MS)
    throw new EnvironmentProblem(
      `the newest backup, ${newest.metadata.name}, is older than this cluster, which has been up for more than a day: whether it is to be restored is not for a deploy to decide — FIX: \`npm run velero -- ${environment} restore --id NAME\` restores it, \`npm run velero -- ${environment} resume --without-restore\` begins to back up what is here`,
    );
  const before = backups.filter((backup) => new Date(startOf(backup)) < facts.clusterSince);
  return {
    ...choose({ ...facts, backups: before }, undefined),
    id: incarnation,
    newCluster: true,
    why: 'the cluster is new, and backups of an earlier one are there',
  };
}

type Choice = Pick<PlannedRecovery, 'backups' | 'namespaces' | 'warnings'>;

function choose(facts: PlanFacts, order: VeleroRecoveryOrder | undefined): Choice {
  const { backup: wish = 'latest', namespaces } = order ?? {};
  if (wish === 'latest') return { ...latest(facts), namespaces };
  const named = facts.backups.find(({ metadata }) => metadata.name === wish);
  if (named === undefined)
    throw new EnvironmentProblem(
      `there is no backup ${wish} — FIX: choose one of \`npm run velero -- ${facts.environment} status\`: ${names(facts.backups)}`,
    );
  const phase = named.status?.phase;
  const warnings = phase === 'Completed' ? [] : [`${wish} is ${phase}: not all that it should hold is in it`];
  return { backups: [named], namespaces, warnings };
}

/** Of each schedule the newest that is complete: one that left something out might lack what an older one has. */
function latest({ backups, environment, schedules }: PlanFacts): Pick<Choice, 'backups' | 'warnings'> {
  const warnings: string[] = [];
  const chosen = schedules.flatMap((schedule) => {
    const own = backups.filter((backup) => scheduleOf(backup) === schedule);
    const complete = own.find(({ status }) => status?.phase === 'Completed');
    const [newest] = own;
    if (newest !== undefined && newest !== complete)
      warnings.push(
        `${newest.metadata.name} is newer and ${newest.status?.phase}: ${complete === undefined ? 'no complete one is there' : `${complete.metadata.name} is taken`}`,
      );
    return complete === undefined ? [] : [complete];
  });
  if (chosen.length > 0) return { backups: chosen, warnings };
  throw new EnvironmentProblem(
    `of the schedules ${schedules.join(', ')} there is no complete backup${warnings.length === 0 ? '' : `: ${warnings.join('; ')}`} — FIX: name one that is there: \`npm run velero -- ${environment} restore --id NAME --backup BACKUP\`: ${names(backups)}`,
  );
}

function names(backups: readonly Backup[]): string {
  const shown = backups.slice(0, 5).map(({ metadata, status }) => `${metadata.name} (${status?.phase})`);
  return shown.length === 0 ? 'none is there' : shown.join(', ');
}
