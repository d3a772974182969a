import type { AlertDefinition, Catalogue } from '../../alerts';
import { SERVER_ALERTS } from './server';
import type { DatabaseSubject } from './subject';

const alerts: readonly AlertDefinition<DatabaseSubject>[] = [...SERVER_ALERTS];

/** What can go wrong with a database and its backups. */
export const POSTGRES_ALERTS: Catalogue<DatabaseSubject> = {
  name: 'postgres',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ database: name }),
  variables: ({ replicas }) => ({ replicas }),
};
