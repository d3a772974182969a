export const MONITORING_NAMESPACE = 'monitoring';

/** Of the custom resources: their pods are prometheus-main-0 and alertmanager-main-0. */
export const INSTANCE = 'main';

export const GROUP = 'monitoring.coreos.com';

const service = (name: string): string =>
  `/api/v1/namespaces/${MONITORING_NAMESPACE}/services/${name}:web/proxy`;

/**
 * Where the HTTP APIs are, through the cluster's own API:
 * `kubectl get --raw "$PROMETHEUS_API/api/v1/query?query=up"`.
 */
export const PROMETHEUS_API = service('prometheus-operated');
export const ALERTMANAGER_API = service('alertmanager-operated');
