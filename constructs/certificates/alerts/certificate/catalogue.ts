import type { AlertDefinition, Catalogue, Subject } from '../../../alerts';
import { Duration } from '../../../core';
import { inTier, tiers } from '../../tiers';

/** What the rules of a certificate of cert-manager's read. */
export interface CertificateSubject extends Subject {
  readonly secretName: string;
  /** `ClusterIssuer/letsencrypt` */
  readonly issuer: string;
  /** How long before its end it is renewed. */
  readonly renewBefore: Duration;
  /** Who has to load a new one, where that is known. */
  readonly servedBy?: { readonly workload: string; readonly namespace: string } | undefined;
  /** Whether they load it by themselves. */
  readonly reloads?: boolean;
}

const MONTH = Duration.days(30);
const BY = 'exported_namespace, name';

/** Of cert-manager's metrics: its chart keeps the namespace of the scraped pod, so the certificate's is `exported_`. */
function metric(name: string, subject: CertificateSubject, matchers = ''): string {
  return `certmanager_certificate_${name}{job="cert-manager",exported_namespace="${subject.namespace}",name="${subject.name}"${matchers}}`;
}

/** The time within which it is to be renewed, in seconds: 30 days, or all that a short-lived one has for it. */
function windowOf({ renewBefore }: CertificateSubject): number {
  return Math.min(renewBefore.toSeconds(), MONTH.toSeconds());
}

/** So long it may be due: cert-manager tries again after an hour, when the first attempt failed. */
function overdueAfter(subject: CertificateSubject): number {
  return Math.min(6 * 3600, Math.round(windowOf(subject) / 4));
}

/** How long a state has to last: less for what has hours to live. */
function pending(subject: CertificateSubject, atMost: Duration): Duration {
  return Duration.minutes(Math.max(2, Math.floor(Math.min(atMost.toSeconds(), windowOf(subject) / 40) / 60)));
}

const HOUR = Duration.hours(1);

function expiry(
  id: string,
  severity: 'info' | 'warning' | 'critical',
  priority: 'P4' | 'P3' | 'P2',
): AlertDefinition<CertificateSubject> {
  const above = ({ info: 'warning', warning: 'critical', critical: undefined } as const)[severity];
  return {
    id,
    severity,
    category: 'security',
    priority,
    summary: 'A certificate ends, and cert-manager has not renewed it',
    description:
      '{{ $labels.exported_namespace }}/{{ $labels.name }} ends in {{ $value | humanizeDuration }}; its renewal is overdue.',
    for: HOUR,
    runbook: 'CertificateRenewal',
    cases: (subject) => {
      const limits = tiers(windowOf(subject));
      const waits = pending(subject, HOUR);
      const ends = metric('expiration_timestamp_seconds', subject);
      const left = `min by (${BY}) (${ends}) - time()`;
      const due = `time() - max by (${BY}) (${metric('renewal_timestamp_seconds', subject)})`;
      const overdue = overdueAfter(subject);
      return [
        {
          threshold: limits[severity],
          for: waits,
          expr: (threshold) => {
            // One that was never issued exports 0, which no lower bound lets pass.
            if (above === undefined) return `min by (${BY}) (${ends} != 0) - time() < ${threshold}`;
            const within = inTier(left, threshold, limits[above], waits.toSeconds());
            // Whatever ends in 30 days is renewed at this very moment: only that it was not is news.
            return severity === 'info' ? `${within} and on (${BY}) ${due} > ${overdue}` : within;
          },
          variables: {
            next: above === undefined ? 0 : limits[above],
            pending: waits.toSeconds(),
            overdue,
          },
        },
      ];
    },
  };
}

const alerts: readonly AlertDefinition<CertificateSubject>[] = [
  expiry('CertificateExpiryD30', 'info', 'P4'),
  expiry('CertificateExpiryD15', 'warning', 'P3'),
  expiry('CertificateExpiryD7', 'critical', 'P2'),
  {
    id: 'CertificateRenewalOverdue',
    severity: 'warning',
    category: 'security',
    priority: 'P3',
    summary: 'A certificate should have been renewed',
    description:
      '{{ $labels.exported_namespace }}/{{ $labels.name }} should have been renewed {{ $value | humanizeDuration }} ago.',
    for: Duration.minutes(30),
    runbook: 'CertificateRenewal',
    cases: (subject) => [
      {
        threshold: overdueAfter(subject),
        for: pending(subject, Duration.minutes(30)),
        expr: (threshold) =>
          `time() - max by (${BY}) (${metric('renewal_timestamp_seconds', subject)} != 0) > ${threshold}`,
        variables: { pending: pending(subject, Duration.minutes(30)).toSeconds() },
      },
    ],
  },
  {
    id: 'CertificateNotReady',
    severity: 'critical',
    category: 'availability',
    priority: 'P2',
    summary: 'A certificate is not there, or is not what was asked for',
    description:
      '{{ $labels.exported_namespace }}/{{ $labels.name }} is not ready, or cert-manager does not know of it.',
    for: Duration.minutes(10),
    runbook: 'CertificateRenewal',
    cases: (subject) => {
      const ready = metric('ready_status', subject, ',condition!="True"');
      const known = `absent(${metric('ready_status', subject)})`;
      // Without cert-manager none of them is known: that is an alert of its own.
      return [
        { expr: () => `max by (${BY}) (${ready}) == 1 or ${known} and on () up{job="cert-manager"} == 1` },
      ];
    },
  },
];

/** What can go wrong with a certificate that cert-manager keeps. */
export const CERTIFICATE_ALERTS: Catalogue<CertificateSubject> = {
  name: 'certificate',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ certificate: name }),
  variables: ({ issuer, reloads = false, secretName, servedBy }) => ({
    reloads,
    servers: servedBy === undefined ? [] : [servedBy],
    issuer,
    secretName,
    issuerKind: issuer.split('/')[0],
    issuerName: issuer.split('/')[1],
  }),
};
