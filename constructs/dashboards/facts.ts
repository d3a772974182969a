import type { Duration, IConstruct } from '../core';
import { type Asset, type Computed, computeObjectives, type Drill } from '../recovery';

/** A database that dashboards show: a `PostgresDatabase`, or whatever else has these. */
export interface ShownDatabase {
  readonly asset: Asset;
  readonly props: { readonly name: string; readonly namespace: string };
  readonly repositories: readonly { readonly number: number }[];
}

/** A schedule of backups, and how old its newest backup may be. */
export interface ScheduleFacts {
  /** In pgBackRest's words. */
  readonly type: 'full' | 'diff' | 'incr';
  /** From one of them to the next, in seconds: older than that, one is due. */
  readonly due: number;
  /** When its alert fires, in seconds; `due` where none watches it. */
  readonly limit: number;
}

/** What is known of a database before anything is measured. */
export interface DatabaseFacts {
  readonly name: string;
  readonly namespace: string;
  readonly criticality: string;
  /** Numbers, as pgBackRest knows them. */
  readonly repositories: readonly number[];
  readonly schedules: readonly ScheduleFacts[];
  /** The declared ones, else what the protections amount to. */
  readonly objectives: { readonly rpo: Duration | undefined; readonly rto: Duration };
  readonly computed: Computed;
  /** How old the newest logical dump may be, in seconds; undefined: none is made. */
  readonly dumpsDue: number | undefined;
  readonly drills: readonly Drill[];
}

const TYPES = { 'full-backup': 'full', 'differential-backup': 'diff', 'incremental-backup': 'incr' } as const;

/** The facts of a database, as they are when this is asked. */
export function databaseFacts(scope: IConstruct, database: ShownDatabase): DatabaseFacts {
  const { asset, props, repositories } = database;
  const { criticality, objectives = {} } = asset.props;
  const computed = computeObjectives(asset);
  const limits = alertLimits(scope, props);
  const schedules = Object.entries(TYPES).flatMap(([kind, type]) => {
    const due = dueAfter(asset, kind);
    return due === undefined ? [] : [{ type, due, limit: limits.get(type) ?? due }];
  });
  return {
    name: props.name,
    namespace: props.namespace,
    criticality,
    repositories: repositories.map(({ number }) => number),
    schedules,
    objectives: { rpo: objectives.rpo ?? computed.rpo, rto: objectives.rto ?? computed.rto },
    computed,
    dumpsDue: dueAfter(asset, 'dump'),
    drills: asset.drills,
  };
}

/** The longest time between two copies of a kind, in seconds. */
function dueAfter(asset: Asset, kind: string): number | undefined {
  const schedules = asset.protections.flatMap((protection) =>
    protection.kind === kind && protection.schedule !== undefined && protection.schedule.faults().length === 0
      ? [protection.schedule.longestGap().toSeconds() + (protection.delay?.toSeconds() ?? 0)]
      : [],
  );
  return schedules.length === 0 ? undefined : Math.max(...schedules);
}

/** From which age the alerts on backups fire, in seconds, by pgBackRest's word for the backup. */
function alertLimits(
  scope: IConstruct,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): ReadonlyMap<string, number> {
  // Whoever shows no database does not load it.
  const { declaredGroups } = require('../alerts') as typeof import('../alerts');
  const group = declaredGroups(scope).find((one) => one.name === `postgres/${namespace}/${name}`);
  return new Map(
    (group?.rules ?? []).flatMap(({ labels, variables }) => {
      const { backup_type: type } = labels;
      const limit = variables['threshold'];
      return type !== undefined && typeof limit === 'number' && limit > 0 ? [[type, limit] as const] : [];
    }),
  );
}
