import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { series } from './series';
import type { WorkloadSubject } from './subject';

/** Unix time at which a license ends; 0 when it never does. */
const METRIC = 'license_expiry_timestamp_seconds';

const forLicense =
  (rule: (license: string) => AlertCase) =>
  ({ license, namespace }: WorkloadSubject): AlertCase[] =>
    license === undefined ? [] : [rule(series(METRIC, { namespace, license }))];

const expires = (license: string): AlertCase['expr'] => {
  return (threshold) => `min by (namespace, license) (${license} > 0) - time() < ${threshold}`;
};

const EXPIRES = {
  category: 'availability',
  summary: 'A license ends soon',
  description:
    'The license of {{ $labels.namespace }}/{{ $labels.workload }} ends in {{ $value | humanizeDuration }}.',
  for: Duration.hours(1),
} as const;

/** Alerts on the end of a license. */
export const LICENSE_ALERTS: readonly AlertDefinition<WorkloadSubject>[] = [
  {
    ...EXPIRES,
    id: 'LicenseExpires',
    severity: 'warning',
    priority: 'P3',
    cases: forLicense((license) => ({ threshold: 30 * 86_400, expr: expires(license) })),
  },
  {
    ...EXPIRES,
    id: 'LicenseExpiresSoon',
    alertname: 'LicenseExpires',
    severity: 'critical',
    priority: 'P2',
    runbook: 'LicenseExpires',
    cases: forLicense((license) => ({ threshold: 7 * 86_400, expr: expires(license) })),
  },
  {
    id: 'LicenseUnwatched',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'Nobody tells when a license ends',
    description: `There is no series ${METRIC} of {{ $labels.namespace }}/{{ $labels.workload }}.`,
    for: Duration.hours(1),
    runbook: 'LicenseExpires',
    cases: forLicense((license) => ({ expr: () => `max by (namespace) (absent(${license}))` })),
  },
];
