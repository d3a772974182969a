import type { Fault } from '../core';
import { escrowOf } from './escrow';
import type { EscrowFact, Location } from './facts';
import { computeObjectives } from './objectives';
import type { Asset } from './recovery';

/** `report.json`: stable, others build on it. */
export interface Report {
  readonly environment: string;
  readonly assets: readonly AssetReport[];
  readonly faults: readonly Fault[];
  /** What keeps nothing from being deployed, and may not be what was meant. */
  readonly warnings: readonly Fault[];
  readonly acknowledged: readonly { readonly rule: string; readonly path: string; readonly reason: string }[];
}

export interface AssetReport {
  readonly id: string;
  readonly path: string;
  readonly kind: string;
  readonly criticality: string;
  readonly recoveredBy: string;
  readonly objectives: { readonly rpoSeconds: number | null; readonly rtoSeconds: number | null };
  readonly computed: {
    readonly rpoSeconds: number | null;
    readonly rtoSeconds: number;
    readonly rtoSource: 'measured' | 'estimated';
  };
  readonly protections: readonly {
    readonly kind: string;
    /** `0 2 * * 0 Etc/UTC`, or `continuous`. */
    readonly schedule: string;
    readonly retention: string;
    readonly location: Location;
  }[];
  readonly drills: readonly { readonly schedule: string; readonly checks: readonly string[] }[];
  readonly alerts: readonly string[];
  /**
   * Whether what its copies are encrypted by is in the escrow. `missing`: who loses it has lost them all.
   * `not needed`: no copy says that it is encrypted.
   */
  readonly escrow: 'declared' | 'missing' | 'not needed';
}

/** The report of one environment, from its assets, and the faults and warnings found in it. */
export function buildReport(
  environment: string,
  assets: readonly Asset[],
  faults: readonly Fault[],
  escrow?: EscrowFact,
  warnings: readonly Fault[] = [],
): Report {
  return {
    environment,
    assets: assets
      .filter((asset) => asset.environment === environment)
      .map((asset) => describe(asset, escrow)),
    faults,
    warnings,
    acknowledged: [],
  };
}

function describe(asset: Asset, escrow: EscrowFact | undefined): AssetReport {
  const { props } = asset;
  const computed = computeObjectives(asset);
  return {
    id: props.id,
    path: asset.path,
    kind: props.kind,
    criticality: props.criticality,
    recoveredBy: props.recoveredBy,
    objectives: {
      rpoSeconds: props.objectives?.rpo?.toSeconds() ?? null,
      rtoSeconds: props.objectives?.rto?.toSeconds() ?? null,
    },
    computed: {
      rpoSeconds: computed.rpo?.toSeconds() ?? null,
      rtoSeconds: computed.rto.toSeconds(),
      rtoSource: computed.rtoSource,
    },
    protections: asset.protections.map((protection) => ({
      kind: protection.kind,
      schedule: protection.schedule?.toString() ?? 'continuous',
      retention: protection.retention,
      location: protection.location,
    })),
    drills: asset.drills.map((drill) => ({ schedule: drill.schedule.toString(), checks: drill.checks })),
    alerts: asset.watches.map((watch) => watch.alert),
    escrow: escrowOf(asset, escrow),
  };
}
