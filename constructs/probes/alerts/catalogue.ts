import type { AlertDefinition, Catalogue, Subject } from '../../alerts';
import { Duration } from '../../core';

/** What is asked from outside. */
export interface ProbeSubject extends Subject {
  /** As the label `instance` has them. */
  readonly targets: readonly string[];
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
];

/** What users notice first. */
export const PROBE_ALERTS: Catalogue<ProbeSubject> = {
  name: 'probes',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ probe: name }),
  variables: ({ targets }) => ({ targets }),
};
