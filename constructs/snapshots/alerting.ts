import { AlertRules } from '../alerts';
import type { Construct, Duration } from '../core';
import type { Asset } from '../recovery';
import { SNAPSHOT_ALERTS } from './alerts/catalogue';
import type { SnapshotScheduleProps } from './schedule-props';

export interface WatchedSchedule {
  readonly props: SnapshotScheduleProps;
  readonly asset: Asset;
  readonly cronJob: string;
  /** From the tick to the start of the work. */
  readonly delay: Duration;
  /** What one run may take. */
  readonly takes: Duration;
}

/** Has the snapshots of a schedule watched, and its job, where it is said how. */
export function watchSnapshots(
  scope: Construct,
  { asset, cronJob, delay, props: { alerting, name, namespace, schedule }, takes }: WatchedSchedule,
): void {
  if (alerting === undefined) return;
  new AlertRules(scope, 'alerts', {
    alerting,
    catalogue: SNAPSHOT_ALERTS,
    subject: { namespace, name, cronJob, ageLimit: schedule.longestGap().plus(delay).plus(takes) },
    asset,
  });
  // Whoever watches nothing does not load what does.
  const { WorkloadAlerts } = require('../workload-alerts') as typeof import('../workload-alerts');
  new WorkloadAlerts(scope, 'job-alerts', {
    alerting,
    name: cronJob,
    namespace,
    asset,
    cronJobs: [{ name: cronJob, schedule, delay, takes }],
  });
}
