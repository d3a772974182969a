import type { DatabaseFacts } from '../facts';

/** A dashboard as Grafana reads it. */
export interface DashboardModel {
  /** Name below `dashboards/`, and of its object: `postgres`. */
  readonly file: string;
  /** The same for ever, in one environment: what links to it goes on doing so. */
  readonly uid: string;
  readonly json: string;
}

/** What the dashboards of an environment show. */
export interface EnvironmentFacts {
  readonly environment: string;
  /** Of everything in it, sorted. */
  readonly namespaces: readonly string[];
  readonly databases: readonly DatabaseFacts[];
  /** @param name of a dashboard: a uid that Grafana takes */
  readonly uid: (name: string) => string;
}
