import type { AlertDefinition } from '../../alerts';
import { Duration } from '../../core';
import type { DatabaseSubject } from './subject';

/** Alerts on the server itself, from postgres_exporter (job "postgres"). */
export const SERVER_ALERTS: readonly AlertDefinition<DatabaseSubject>[] = [
  {
    id: 'PostgresDown',
    severity: 'critical',
    category: 'availability',
    priority: 'P1',
    summary: 'PostgreSQL does not answer',
    description: '{{ $labels.namespace }}/{{ $labels.database }} does not answer its exporter, or has none.',
    for: Duration.minutes(2),
    cases: ({ namespace, name }) => {
      const up = `pg_up{job="postgres",namespace="${namespace}",database="${name}"}`;
      return [{ expr: () => `max by (namespace, database) (${up}) == 0 or absent(${up})` }];
    },
  },
];
