import type { AlertDefinition, Catalogue, Subject } from '../../../alerts';
import { Duration } from '../../../core';

/** What the rules of a cert-manager read. */
export interface CertManagerSubject extends Subject {
  /** Whether an issuer speaks ACME. */
  readonly acme: boolean;
}

const alerts: readonly AlertDefinition<CertManagerSubject>[] = [
  {
    id: 'CertManagerAbsent',
    severity: 'critical',
    category: 'availability',
    priority: 'P2',
    summary: 'Nobody renews certificates: cert-manager is not there',
    description: 'No cert-manager answers a scrape. Certificates go on being valid until they end.',
    for: Duration.minutes(10),
    cases: ({ namespace }) => [
      { expr: () => `absent(up{job="cert-manager",namespace="${namespace}"} == 1)` },
    ],
  },
  {
    id: 'CertManagerAcmeRateLimited',
    severity: 'critical',
    category: 'availability',
    priority: 'P2',
    summary: 'An ACME authority issues nothing more to us for a while',
    description:
      '{{ $labels.host }} has refused {{ $value | humanize }} requests within an hour as too many. Waiting is all that helps, for up to a week.',
    for: Duration.minutes(2),
    cases: ({ acme, namespace }) => {
      const refused = `certmanager_http_acme_client_request_count{job="cert-manager",namespace="${namespace}",status="429"}`;
      // The first refusal makes the series, and to `increase` a series that begins with 1 has not grown.
      const expr = `sum by (host) (increase(${refused}[1h])) != 0 or sum by (host) (${refused} unless ${refused} offset 1h) > 0`;
      return acme ? [{ expr: () => expr }] : [];
    },
  },
];

/** What can go wrong with cert-manager itself. */
export const CERT_MANAGER_ALERTS: Catalogue<CertManagerSubject> = {
  name: 'cert-manager',
  directory: __dirname,
  alerts,
  labels: () => ({}),
  variables: ({ acme }) => ({ acme }),
};
