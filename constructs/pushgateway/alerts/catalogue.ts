import type { AlertDefinition, Catalogue, Subject } from '../../alerts';
import { Duration } from '../../core';

/** What the rules of a Pushgateway read. */
export interface PushgatewaySubject extends Subject {
  /** What nobody has pushed anew for so long is left over. */
  readonly leftOverAfter: Duration;
}

/** Labels that the gateway's monitor gives to everything scraped there. */
const at = ({ name, namespace }: PushgatewaySubject) => `pushgateway="${namespace}/${name}"`;

const alerts: readonly AlertDefinition<PushgatewaySubject>[] = [
  {
    id: 'PushgatewayDown',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P2',
    summary: 'Results of jobs reach nobody: their Pushgateway is gone',
    description:
      'Nobody can scrape {{ $labels.namespace }}/{{ $labels.gateway }}: what jobs find is not told until it is back.',
    for: Duration.minutes(10),
    runbook: 'Pushgateway',
    cases: (subject) => {
      const up = `up{job="pushgateway",namespace="${subject.namespace}",${at(subject)}}`;
      return [{ expr: () => `max by (namespace) (${up}) == 0 or max by (namespace) (absent(${up}))` }];
    },
  },
  {
    id: 'PushgatewayPushRejected',
    severity: 'warning',
    category: 'monitoring',
    priority: 'P3',
    summary: 'A Pushgateway refused what a job pushed',
    description:
      'What {{ $labels.job }} pushed last was refused by {{ $labels.namespace }}/{{ $labels.gateway }}: what it told before is all that is known.',
    for: Duration.minutes(5),
    runbook: 'Pushgateway',
    // The labels of a group are whatever its job chose: its name alone is sure to be there.
    cases: (subject) => [
      {
        expr: () =>
          `max by (job) (push_failure_time_seconds{${at(subject)}} > push_time_seconds{${at(subject)}})`,
      },
    ],
  },
  {
    id: 'PushgatewayLeftOver',
    severity: 'info',
    category: 'monitoring',
    priority: 'P4',
    summary: 'A result is old enough to be left over from a job that is no more',
    description:
      'A group of job {{ $labels.job }} was pushed {{ $value | humanizeDuration }} ago, and {{ $labels.namespace }}/{{ $labels.gateway }} tells it for ever.',
    for: Duration.hours(1),
    runbook: 'Pushgateway',
    // 0 where nothing was ever accepted, which is the alert above.
    cases: (subject) => [
      {
        threshold: subject.leftOverAfter.toSeconds(),
        expr: (threshold) => `time() - min by (job) (push_time_seconds{${at(subject)}} > 0) > ${threshold}`,
      },
    ],
  },
];

/** What keeps the results of jobs from being known. */
export const PUSHGATEWAY_ALERTS: Catalogue<PushgatewaySubject> = {
  name: 'pushgateway',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ gateway: name }),
  variables: () => ({}),
};
