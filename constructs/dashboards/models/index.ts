import type { DashboardModel, EnvironmentFacts } from './model';
import { overviewDashboards } from './overview';
import { postgresDashboard } from './postgres';
import { volumesDashboard } from './volumes';

/** Every dashboard of an environment. */
export function dashboardModels(facts: EnvironmentFacts): readonly DashboardModel[] {
  return [
    ...overviewDashboards(facts),
    ...(facts.databases.length === 0 ? [] : [postgresDashboard(facts)]),
    volumesDashboard(facts),
  ];
}
