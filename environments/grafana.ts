import { SecretRef } from '../constructs/core';
import { type Environment, setting } from './environment';

/** The Grafana whose dashboards are kept, by `GRAFANA_URL`; empty: none. Its token is `TF_VAR_grafana_token`. */
export function grafanaFromSettings(): Pick<Environment, 'grafana'> {
  const url = setting('GRAFANA_URL', '');
  if (url === '') return {};
  return {
    grafana: {
      url,
      token: SecretRef.variable('grafana_token', {
        description:
          'token of a service account of Grafana with the role Editor: exports dashboards, and restores them (Grafana: Administration, Service accounts)',
      }),
    },
  };
}
