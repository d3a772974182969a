import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { series } from './series';
import type { CheckedLicense, WorkloadSubject } from './subject';

/** Unix time at which a license ends; 0 when it never does. */
const METRIC = 'license_expiry_timestamp_seconds';

/** Unix time at which a check has looked at it. */
const LOOKED_AT = 'disaster_recovery_license_check_timestamp_seconds';

const forLicense =
  (rule: (license: string, check: CheckedLicense | undefined) => AlertCase) =>
  ({ license, licenseCheck, namespace }: WorkloadSubject): AlertCase[] =>
    license === undefined ? [] : [rule(series(METRIC, { namespace, license }), licenseCheck)];

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
    cases: forLicense((license, check) => ({
      expr: () => `max by (namespace) (absent(${license}))`,
      // A new check has its first result after its first run.
      ...(check === undefined ? {} : { for: check.gap }),
    })),
  },
  {
    id: 'LicenseCheckStale',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'Nobody looks at a license any more',
    description:
      'The license of {{ $labels.namespace }}/{{ $labels.workload }} was last looked at {{ $value | humanizeDuration }} ago; what is told of it is of then.',
    for: Duration.minutes(10),
    runbook: 'LicenseExpires',
    // What was pushed is told for ever.
    cases: ({ licenseCheck, namespace }) =>
      licenseCheck === undefined
        ? []
        : [
            {
              threshold: licenseCheck.gap.toSeconds(),
              expr: (threshold) =>
                `time() - max by (namespace, license) (${series(LOOKED_AT, { job: 'license-check', namespace, license: licenseCheck.license })}) > ${threshold}`,
            },
          ],
  },
];
