import { type Alerting, AlertRules } from '../../../alerts';
import type { Construct, Duration, Schedule } from '../../../core';
import type { Asset } from '../../../recovery';
import { WorkloadAlerts } from '../../../workload-alerts';
import { MIRROR_ALERTS } from './catalogue';

export interface MirrorAlertsProps {
  readonly alerting: Alerting;
  readonly asset: Asset;
  readonly name: string;
  readonly namespace: string;
  readonly cronJob: string;
  readonly restore: string;
  readonly schedule: Schedule;
  readonly delay: Duration;
  readonly runLimit: Duration;
}

/** What is said of a mirror by itself, and by the cluster of its CronJob. */
export function declareMirrorAlerts(scope: Construct, props: MirrorAlertsProps): void {
  const { alerting, asset, cronJob, delay, name, namespace, restore, runLimit, schedule } = props;
  new AlertRules(scope, 'alerts', {
    alerting,
    catalogue: MIRROR_ALERTS,
    subject: {
      name,
      namespace,
      cronJob,
      restore,
      ageLimit: schedule.longestGap().plus(delay).plus(runLimit),
    },
    asset,
  });
  new WorkloadAlerts(scope, 'job-alerts', {
    alerting,
    name: cronJob,
    namespace,
    asset,
    cronJobs: [{ name: cronJob, schedule, delay, takes: runLimit }],
  });
}
