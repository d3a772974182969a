import { type Addon, READY_TIMEOUT } from '../addon';
import { restrictedNamespace } from '../objects';
import { alertmanager } from './alertmanager';
import { definitions } from './definitions';
import { KUBE_STATE_METRICS, kubeStateMetrics } from './kube-state-metrics';
import { monitors } from './monitors';
import { INSTANCE, MONITORING_NAMESPACE } from './names';
import { OPERATOR, operator } from './operator';
import { prometheus } from './prometheus';

export { ALERTMANAGER_API, MONITORING_NAMESPACE, PROMETHEUS_API } from './names';

const inNamespace = `--namespace=${MONITORING_NAMESPACE}`;
const rollout = (what: string): string[] => ['rollout', 'status', what, inNamespace, READY_TIMEOUT];
/** The operator makes them from custom resources some moments later. */
const made = (what: string): string[][] => [
  ['wait', '--for=create', what, inNamespace, READY_TIMEOUT],
  rollout(what),
];

/** Prometheus, Alertmanager, their operator and kube-state-metrics: what a platform's alerts are tried with. */
export const monitoring: Addon = {
  images: [
    'prometheus-operator',
    'prometheus-config-reloader',
    'kube-state-metrics',
    'prometheus',
    'alertmanager',
  ],
  definitions,
  stages: async () => [
    {
      objects: [restrictedNamespace(MONITORING_NAMESPACE), ...operator(), ...kubeStateMetrics()],
      ready: [],
    },
    {
      objects: [...prometheus(), ...alertmanager(), ...monitors()],
      ready: [
        rollout(`deployment/${OPERATOR.name}`),
        rollout(`deployment/${KUBE_STATE_METRICS.name}`),
        ...made(`statefulset/alertmanager-${INSTANCE}`),
        ...made(`statefulset/prometheus-${INSTANCE}`),
      ],
    },
  ],
};
