import type { AlertDefinition, Catalogue, Subject } from '../../../alerts';
import { Duration } from '../../../core';
import { inTier, tiers } from '../../tiers';

/** What the rules of a check read. */
export interface CheckSubject extends Subject {
  /** Name of its CronJob. */
  readonly cronJob: string;
  /** The longest time from one result to the next. */
  readonly gap: Duration;
  readonly targets: readonly {
    readonly name: string;
    readonly kind: 'endpoint' | 'secret';
    readonly warnSeconds: number;
    /** Whether somebody asks for its host names. */
    readonly namesHosts: boolean;
  }[];
  /** Servers, and the Secrets whose certificates they are to serve. */
  readonly pairs: readonly {
    readonly endpoint: string;
    readonly secret: string;
    readonly servedBy?: { readonly workload: string; readonly namespace: string } | undefined;
  }[];
}

const BY = 'namespace, check, target';

/** Of a metric of the check; each run replaces all of it. */
function metric(name: string, subject: CheckSubject, target?: string): string {
  const one = target === undefined ? '' : `,target="${target}"`;
  return `disaster_recovery_certificate_${name}{job="certificate-check",namespace="${subject.namespace}",check="${subject.name}"${one}}`;
}

function expiry(
  id: string,
  severity: 'info' | 'warning' | 'critical',
  priority: 'P4' | 'P3' | 'P2',
): AlertDefinition<CheckSubject> {
  const next = { info: 'warning', warning: 'critical', critical: undefined } as const;
  return {
    id,
    severity,
    category: 'security',
    priority,
    summary: 'A certificate ends, and nobody has replaced it',
    description:
      '{{ $labels.target }}, as {{ $labels.namespace }}/{{ $labels.check }} sees it: {{ $value | humanizeDuration }} until it or who issued it ends.',
    // A result says what was so when it was made: only the next one tells that it still is.
    for: Duration.hours(6),
    runbook: 'CertificateCheckResult',
    cases: (subject) =>
      subject.targets.map(({ name, warnSeconds }) => {
        const limits = tiers(warnSeconds);
        const above = next[severity];
        const left = `max by (${BY}) (${metric('chain_expiry_timestamp_seconds', subject, name)}) - time()`;
        return {
          labels: { target: name },
          threshold: limits[severity],
          for: subject.gap,
          expr: (threshold) =>
            above === undefined
              ? `${left} < ${threshold}`
              : inTier(left, threshold, limits[above], subject.gap.toSeconds()),
          variables: {
            target: name,
            next: above === undefined ? 0 : limits[above],
            gap: subject.gap.toSeconds(),
          },
        };
      }),
  };
}

/** One that is 0 where something is wrong with a certificate. */
function wrong(
  id: string,
  name: string,
  summary: string,
  description: string,
  applies: (subject: CheckSubject) => boolean = () => true,
): AlertDefinition<CheckSubject> {
  return {
    id,
    severity: 'critical',
    category: 'security',
    priority: 'P2',
    summary,
    description: `{{ $labels.target }}, as {{ $labels.namespace }}/{{ $labels.check }} sees it, ${description}.`,
    // The check has tried again by itself.
    for: Duration.minutes(2),
    runbook: 'CertificateCheckResult',
    cases: (subject) =>
      applies(subject) ? [{ expr: () => `max by (${BY}) (${metric(name, subject)}) == 0` }] : [],
  };
}

const alerts: readonly AlertDefinition<CheckSubject>[] = [
  expiry('CertificateCheckExpiryD30', 'info', 'P4'),
  expiry('CertificateCheckExpiryD15', 'warning', 'P3'),
  expiry('CertificateCheckExpiryD7', 'critical', 'P2'),
  wrong(
    'CertificateCheckUnreadable',
    'readable',
    'A certificate cannot be looked at',
    'shows no certificate: it is out of reach, missing, or garbage',
  ),
  wrong(
    'CertificateCheckChainInvalid',
    'chain_valid',
    'Clients do not accept a certificate',
    'has a chain that does not lead to its authority',
  ),
  wrong(
    'CertificateCheckHostNameInvalid',
    'hostname_valid',
    'A certificate is for another host',
    'does not name its host',
    ({ targets }) => targets.some(({ namesHosts }) => namesHosts),
  ),
  {
    id: 'CertificateCheckOutsideDiffers',
    severity: 'warning',
    category: 'security',
    priority: 'P3',
    summary: 'A server serves another certificate than its Secret holds',
    description:
      'What {{ $labels.namespace }}/{{ $labels.check }} saw at the server ends at another time than what is in the Secret: it was renewed, and not loaded.',
    for: Duration.hours(6),
    cases: (subject) =>
      subject.pairs.map(({ endpoint, secret }) => {
        const ends = (target: string) =>
          `max by (namespace, check) (${metric('expiry_timestamp_seconds', subject, target)})`;
        return {
          labels: { target: endpoint },
          for: subject.gap,
          expr: () => `${ends(endpoint)} != ${ends(secret)}`,
          variables: { endpoint, secret, gap: subject.gap.toSeconds() },
        };
      }),
  },
  {
    id: 'CertificateCheckStale',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'Certificates have not been looked at for longer than they should',
    description:
      '{{ $labels.namespace }}/{{ $labels.check }} gave its last result {{ $value | humanizeDuration }} ago.',
    for: Duration.minutes(10),
    cases: (subject) => [
      {
        threshold: subject.gap.toSeconds(),
        expr: (threshold) =>
          `time() - max by (namespace, check) (${metric('check_timestamp_seconds', subject)}) > ${threshold}`,
      },
    ],
  },
  {
    id: 'CertificateCheckAbsent',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'Nobody knows how certificates are: there is no result of their check',
    description: '{{ $labels.namespace }}/{{ $labels.check }} has pushed nothing, or nobody scrapes it.',
    // A new check has its first result after its first run.
    for: Duration.hours(6),
    runbook: 'CertificateCheckStale',
    cases: (subject) => [
      {
        for: subject.gap,
        expr: () => `absent(${metric('check_timestamp_seconds', subject)})`,
        variables: { gap: subject.gap.toSeconds() },
      },
    ],
  },
];

/** What a check of certificates has found, or that it finds nothing any more. */
export const CERTIFICATE_CHECK_ALERTS: Catalogue<CheckSubject> = {
  name: 'certificate-check',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ check: name }),
  variables: ({ cronJob, pairs, targets }) => ({
    cronJob,
    targets,
    servers: pairs.flatMap(({ servedBy }) => servedBy ?? []),
  }),
};
