import type { AlertCase, AlertDefinition } from '../alerts';
import { Duration } from '../core';
import { kubelet, kubeState, series } from './series';
import type { WorkloadSubject } from './subject';

/** What is known of a set of pods: how many were declared. */
const FACT = 'disaster_recovery_pods';
const BY_POD = 'by (namespace, pod)';
const BY_CONTAINER = 'by (namespace, pod, container)';
const SAME_SET = 'on (namespace, set)';

interface Pods {
  /** A metric of kube-state-metrics, of all pods of the namespace. */
  readonly of: (metric: string, labels?: Readonly<Record<string, string>>) => string;
  /** With the label of the set that a pod's name tells. */
  readonly inSets: (vector: string) => string;
  /** Those of a vector that are watched, with the label of whose they are. @param labels of the vector that stay */
  readonly watched: (vector: string, ...labels: readonly string[]) => string;
  readonly facts: string;
  readonly namespace: string;
}

/** A case for subjects that have pods. @param rule for all sets of a namespace whose pods are named alike */
const forPods =
  (
    rule: (all: Pods, threshold: number) => string,
    of: (subject: WorkloadSubject) => Partial<AlertCase> = () => ({}),
  ) =>
  (subject: WorkloadSubject): AlertCase[] => {
    const { namespace, pods, readyWithin } = subject;
    if (pods === undefined) return [];
    const { name, pattern, replacement } = pods.set;
    const labels = { set: name, pattern, ready_seconds: String(readyWithin.wholeSeconds()) };
    const { fact, ...rest } = of(subject);
    return [
      {
        ...rest,
        fact: { name: FACT, labels, select: ['pattern'], ...fact },
        expr: (threshold, facts) => {
          const inSets = (vector: string) =>
            `label_replace(${vector}, "set", ${JSON.stringify(replacement)}, "pod", ${JSON.stringify(pattern)})`;
          // Pods that were declared twice would be in the way of all others.
          const whose = `group by (namespace, set, workload) (topk by (namespace, set) (1, ${facts}))`;
          return rule(
            {
              of: (metric, labels) => series(metric, { ...kubeState(namespace), ...labels }),
              inSets,
              watched: (vector, ...kept) =>
                `max by (${['namespace', 'workload', ...kept].join(', ')}) (${inSets(vector)} * ${SAME_SET} group_left (workload) ${whose})`,
              facts,
              namespace,
            },
            threshold,
          );
        },
      },
    ];
  };

/** Pods that are there and have not ended, each with the value 1. */
const living = ({ namespace }: Pods): string =>
  `max ${BY_POD} (${series('kube_pod_status_phase', kubeState(namespace), { phase: 'Pending|Running|Unknown' })} == 1)`;

const throttled = forPods(
  ({ namespace, watched }, threshold) => {
    const periods = (metric: string) =>
      `sum ${BY_CONTAINER} (increase(${series(metric, kubelet(namespace), { container: '.+' })}[5m]))`;
    const share = `${periods('container_cpu_cfs_throttled_periods_total')} / ${periods('container_cpu_cfs_periods_total')}`;
    return `${watched(share, 'pod', 'container')} > ${threshold}`;
  },
  () => ({ threshold: 0.25 }),
);

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
    cases: forPods(({ of, watched }) => {
      // Between two attempts it runs for a while. An init container that refuses is where a start stops.
      const waiting = (metric: string) =>
        `max ${BY_CONTAINER} (max_over_time(${of(metric, { reason: 'CrashLoopBackOff' })}[5m]))`;
      const either = `${waiting('kube_pod_container_status_waiting_reason')} or ${waiting('kube_pod_init_container_status_waiting_reason')}`;
      return `${watched(either, 'pod', 'container')} > 0`;
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
    cases: forPods(({ of, watched }) => {
      const restarted = `sum ${BY_CONTAINER} (increase(${of('kube_pod_container_status_restarts_total')}[10m])) > 0`;
      const killed = `${of('kube_pod_container_status_last_terminated_reason', { reason: 'OOMKilled' })} == 1`;
      // The reason stays until the next end: only with a restart it is news.
      return watched(`${restarted} and on (namespace, pod, container) ${killed}`, 'pod', 'container');
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
    cases: forPods(
      (all) => {
        const ready = `${all.of('kube_pod_status_ready', { condition: 'true' })} == 1`;
        // A pod that found no node has no condition "ready" at all.
        return all.watched(`${living(all)} unless on (namespace, pod) ${ready}`, 'pod');
      },
      ({ readyWithin }) => ({
        for: readyWithin,
        fact: { name: FACT, select: ['pattern', 'ready_seconds'] },
      }),
    ),
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
    cases: forPods(
      (all) => {
        const there = `count by (namespace, set) (${all.inSets(living(all))})`;
        return `max by (namespace, workload) (${all.facts} > ${SAME_SET} group_left () ${there} or ${all.facts} unless ${SAME_SET} ${there})`;
      },
      ({ pods }) => ({ threshold: pods?.count ?? 0, fact: { name: FACT, value: 'threshold' } }),
    ),
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
