import type { Catalogue } from '../alerts';
import { CRON_JOB_ALERTS, staleAfter } from './cron-jobs';
import { LICENSE_ALERTS } from './license';
import { POD_ALERTS } from './pods';
import { DEFAULT_ERROR_LABEL, DEFAULT_QUANTILE, DEFAULT_RATE, SERVICE_ALERTS } from './service';
import type { WorkloadSubject } from './subject';
import { VOLUME_ALERTS } from './volumes';

/** What can go wrong with anything that runs in a cluster: its pods, volumes, CronJobs, answers, license. */
export const WORKLOAD_ALERTS: Catalogue<WorkloadSubject> = {
  name: 'workload',
  directory: __dirname,
  alerts: [...POD_ALERTS, ...VOLUME_ALERTS, ...CRON_JOB_ALERTS, ...SERVICE_ALERTS, ...LICENSE_ALERTS],
  labels: ({ name }) => ({ workload: name }),
  variables: ({ claims, cronJobs, license, licenseCheck, pods, readyWithin, service }) => ({
    podNames: pods?.names ?? '',
    podExamples: pods?.examples ?? [],
    podSet: inQuotes(pods?.set.name ?? ''),
    podPattern: inQuotes(pods?.set.pattern ?? ''),
    readyWithin: readyWithin.toSeconds(),
    claims,
    cronJobs: cronJobs.map((cronJob) => ({
      name: cronJob.name,
      staleAfter: staleAfter(cronJob).toSeconds(),
      longestGap: cronJob.longestGap.toSeconds(),
    })),
    serviceLabels: Object.entries(service?.labels ?? {})
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(','),
    histogram: service?.latency?.histogram ?? '',
    quantile: service?.latency?.quantile ?? DEFAULT_QUANTILE,
    counter: service?.errors?.counter ?? '',
    errorLabel: service?.errors?.label ?? DEFAULT_ERROR_LABEL,
    minimumRate: service?.minimumRate ?? DEFAULT_RATE,
    license: license ?? '',
    licenseCheck: licenseCheck?.cronJob ?? '',
  }),
};

/** As PromQL has it between quotes. */
function inQuotes(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
