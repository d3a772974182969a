/** A series as PromQL selects it: `name{label="value"}`. */
export function series(
  metric: string,
  labels: Readonly<Record<string, string>>,
  matchers: Readonly<Record<string, string>> = {},
): string {
  const equal = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const like = Object.entries(matchers).map(([name, value]) => `${name}=~${JSON.stringify(value)}`);
  return `${metric}{${[...equal, ...like].join(',')}}`;
}

/** Labels of what kube-state-metrics tells of a namespace. */
export const kubeState = (namespace: string) => ({ job: 'kube-state-metrics', namespace });

/** Labels of what kubelets tell of a namespace. */
export const kubelet = (namespace: string) => ({ job: 'kubelet', namespace });
