import { Duration, Schedule } from '../../constructs/core';
import { PodSet, WORKLOAD_ALERTS, workloadSubject } from '../../constructs/workload-alerts';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(WORKLOAD_ALERTS, [
  workloadSubject({
    namespace: 'shop',
    name: 'backend',
    pods: PodSet.statefulSet('backend', 2),
    readyWithin: Duration.minutes(20),
    claims: ['data-backend-0', 'data-backend-1'],
    cronJobs: [
      { name: 'backend-report', schedule: Schedule.cron('0 2 * * 1-6'), delay: Duration.minutes(10) },
    ],
    service: {
      labels: { job: 'backend' },
      latency: { histogram: 'http_request_duration_seconds' },
      errors: { counter: 'http_requests_total' },
    },
    license: 'backend-2026',
  }),
  workloadSubject({
    namespace: 'shop',
    name: 'reports',
    license: {
      license: 'reports-2026',
      namespace: 'shop',
      cronJob: 'reports-2026-license-check',
      gap: Duration.minutes(90),
      pushes: true,
    },
  }),
]);
