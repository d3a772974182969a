import type { AlertDefinition, Catalogue, Subject } from '../../alerts';
import { Duration } from '../../core';

/** What is asked from outside. */
export interface ProbeSubject extends Subject {
  /** As the label `instance` has them. */
  readonly targets: readonly string[];
}

/** Where `openssl s_client` finds it; a URL that is none is another fault. */
function serverOf(target: string): { readonly endpoint: string; readonly hostName: string } {
  if (!URL.canParse(target)) return { endpoint: '', hostName: '' };
  const { hostname, port } = new URL(target);
  return { endpoint: `${hostname}:${port || '443'}`, hostName: hostname };
}

const alerts: readonly AlertDefinition<ProbeSubject>[] = [
  {
    id: 'EndpointUnreachable',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'An endpoint does not answer as it should',
    description:
      '{{ $labels.instance }} failed {{ $value | humanizePercentage }} of the last five minutes’ probes, or is not probed at all.',
    for: Duration.minutes(2),
    // One each: a series that is absent can only be missed by its name.
    cases: ({ namespace, name, targets }) =>
      targets.map((target) => {
        const series = `probe_success{job="probe",namespace="${namespace}",probe="${name}",instance=${JSON.stringify(target)}}`;
        return {
          labels: { instance: target },
          threshold: 0.5,
          expr: (share) =>
            `1 - avg by (namespace, probe, instance) (avg_over_time(${series}[5m])) > ${share} or absent_over_time(${series}[5m])`,
          variables: { instance: target },
        };
      }),
  },
  {
    id: 'EndpointCertificateExpiry',
    severity: 'critical',
    category: 'security',
    priority: 'P2',
    summary: 'The certificate that users see ends',
    description:
      'A certificate of the chain that {{ $labels.instance }} shows ends in {{ $value | humanizeDuration }}, whatever a Secret holds.',
    for: Duration.hours(1),
    cases: ({ namespace, name, targets }) =>
      targets
        .filter((target) => target.startsWith('https://'))
        .map((target) => {
          // After its end there is no handshake any more, and no series: the last one is remembered.
          const ends = `last_over_time(probe_ssl_earliest_cert_expiry{job="probe",namespace="${namespace}",probe="${name}",instance=${JSON.stringify(target)}}[6h])`;
          return {
            labels: { instance: target },
            threshold: 7 * 86_400,
            expr: (seconds) => `min by (namespace, probe, instance) (${ends}) - time() < ${seconds}`,
            variables: { instance: target, ...serverOf(target) },
          };
        }),
  },
];

/** What users notice first. */
export const PROBE_ALERTS: Catalogue<ProbeSubject> = {
  name: 'probes',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ probe: name }),
  variables: ({ targets }) => ({ targets }),
};
