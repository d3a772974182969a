import { Duration } from '../core';
import type { Protection } from './facts';
import type { Asset } from './recovery';

/** What the declared protections amount to. */
export interface Computed {
  /** Oldest possible age of the newest copy; `undefined` when nothing is copied. */
  readonly rpo: Duration | undefined;
  readonly rto: Duration;
  readonly rtoSource: 'measured' | 'estimated';
}

/**
 * Restore throughput assumed until a drill has measured the asset: 100 MiB/s,
 * a third of what one pgBackRest process restored from a local S3 server on two
 * cores (2.27 GB in 7.8 s), so that the estimate errs on the long side.
 */
const ASSUMED_BYTES_PER_SECOND = 100 * 1024 * 1024;

/** Image pull, volume, start and replay, before size counts: a hand-made trial took 37 s; doubled. */
const FIXED_PART = Duration.seconds(75);

/** RPO and RTO of an asset, from its facts alone. */
export function computeObjectives(asset: Asset): Computed {
  // A dump counts where a dump is what brings the asset back: one that restores itself never takes it.
  const counted = asset.protections.filter(
    ({ kind }) => kind !== 'dump' || asset.props.recoveredBy !== 'itself',
  );
  const points = counted.flatMap((protection) => recoveryPoint(protection) ?? []);
  const rpo =
    points.length === 0 ? undefined : points.reduce((a, b) => (a.toSeconds() <= b.toSeconds() ? a : b));
  const bytes = asset.props.expectedSize?.bytes ?? 0;
  const rto = Duration.seconds(FIXED_PART.toSeconds() + Math.ceil(bytes / ASSUMED_BYTES_PER_SECOND));
  return { rpo, rto, rtoSource: 'estimated' };
}

/**
 * How old the newest copy can be just before the next one: the longest gap of
 * the schedule plus its delay, or the lag of a continuous copy. An invalid
 * schedule is a fault of its own and has no recovery point.
 */
export function recoveryPoint(protection: Protection): Duration | undefined {
  if (protection.maximumLag !== undefined) return protection.maximumLag;
  if (protection.schedule === undefined || protection.schedule.faults().length > 0) return undefined;
  const gap = protection.schedule.longestGap().toSeconds();
  return Duration.seconds(gap + (protection.delay?.toSeconds() ?? 0));
}
