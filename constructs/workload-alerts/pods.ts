import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import type { PodSet } from './pod-set';
import { kubelet, kubeState, series } from './series';
import type { WorkloadSubject } from './subject';

const BY_CONTAINER = 'by (namespace, pod, container)';

/** A rule for subjects that have pods. */
const forPods =
  (rule: (pods: PodSet, subject: WorkloadSubject) => AlertCase) =>
  (subject: WorkloadSubject): AlertCase[] =>
    subject.pods === undefined ? [] : [rule(subject.pods, subject)];

/** Pods that are there and have not ended, each with the value 1. */
const living = ({ names }: PodSet, namespace: string): string =>
  `${series('kube_pod_status_phase', kubeState(namespace), { pod: names, phase: 'Pending|Running|Unknown' })} == 1`;

const throttled = forPods(({ names }, { namespace }) => {
  const periods = (metric: string) =>
    `sum ${BY_CONTAINER} (increase(${series(metric, kubelet(namespace), { pod: names, container: '.+' })}[5m]))`;
  return {
    threshold: 0.25,
    expr: (threshold) =>
      `${periods('container_cpu_cfs_throttled_periods_total')} / ${periods('container_cpu_cfs_periods_total')} > ${threshold}`,
  };
});

/** Alerts on pods that run all the time, from kube-state-metrics and the kubelet's cAdvisor. */
export const POD_ALERTS: readonly AlertDefinition<WorkloadSubject>[] = [
  {
    id: 'PodCrashLooping',
    severity: 'warning',
    category: 'availability',
    priority: 'P2',
    summary: 'A container ends again and again',
    description:
      'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is in CrashLoopBackOff.',
    for: Duration.minutes(15),
    cases: forPods(({ names }, { namespace }) => {
      // Between two attempts it runs for a while. An init container that refuses is where a start stops.
      const waiting = (metric: string) =>
        `max ${BY_CONTAINER} (max_over_time(${series(metric, { ...kubeState(namespace), reason: 'CrashLoopBackOff' }, { pod: names })}[5m]))`;
      return {
        expr: () =>
          `(${waiting('kube_pod_container_status_waiting_reason')} or ${waiting('kube_pod_init_container_status_waiting_reason')}) > 0`,
      };
    }),
  },
  {
    id: 'ContainerOomKilled',
    severity: 'warning',
    category: 'capacity',
    priority: 'P2',
    summary: 'A container was killed for the memory it took',
    description:
      'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} met its memory limit, or its node had none left.',
    for: Duration.ZERO,
    keepFiringFor: Duration.minutes(10),
    cases: forPods(({ names }, { namespace }) => {
      const of = (metric: string, labels = {}) =>
        series(metric, { ...kubeState(namespace), ...labels }, { pod: names });
      return {
        // The reason stays until the next end: only with a restart it is news.
        expr: () =>
          `sum ${BY_CONTAINER} (increase(${of('kube_pod_container_status_restarts_total')}[10m])) > 0 and on (namespace, pod, container) ${of('kube_pod_container_status_last_terminated_reason', { reason: 'OOMKilled' })} == 1`,
      };
    }),
  },
  {
    id: 'PodNotReady',
    severity: 'warning',
    category: 'availability',
    priority: 'P2',
    summary: 'A pod has not been ready for longer than it may take',
    description: '{{ $labels.namespace }}/{{ $labels.pod }} is there and not ready.',
    for: Duration.minutes(15),
    cases: forPods((pods, { namespace, readyWithin }) => ({
      for: readyWithin,
      expr: () =>
        // A pod that found no node has no condition "ready" at all.
        `max by (namespace, pod) (${living(pods, namespace)}) unless on (namespace, pod) ${series('kube_pod_status_ready', { ...kubeState(namespace), condition: 'true' }, { pod: pods.names })} == 1`,
    })),
  },
  {
    id: 'PodsMissing',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'There are fewer pods than were declared',
    description:
      'Pods of {{ $labels.namespace }}/{{ $labels.workload }} are not there at all, or nobody tells of them.',
    for: Duration.minutes(10),
    runbook: 'PodNotReady',
    cases: forPods((pods, { namespace }) => ({
      threshold: pods.count,
      expr: (threshold) =>
        `count by (namespace) (max by (namespace, pod) (${living(pods, namespace)})) < ${threshold} or absent(${living(pods, namespace)})`,
    })),
  },
  {
    id: 'CpuThrottlingHigh',
    severity: 'info',
    category: 'performance',
    priority: 'P4',
    summary: 'A container is kept from the CPU by its limit',
    description:
      'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} was throttled in {{ $value | humanizePercentage }} of its periods.',
    for: Duration.minutes(15),
    cases: (subject) => (subject.cpuLimit ? throttled(subject) : []),
  },
];
