import type { Construct, Duration } from '../core';
import type { Asset } from '../recovery';
import type { SnapshotScheduleProps } from './schedule-props';

export interface WatchedSchedule {
  readonly props: SnapshotScheduleProps;
  readonly asset: Asset;
  readonly cronJob: string;
  readonly delay: Duration;
}

/** Has a schedule watched, where it is said how. */
export function watchSnapshots(_scope: Construct, { props }: WatchedSchedule): void {
  if (props.alerting === undefined) return;
}
