import type { AlertDefinition, Catalogue, Variables } from '../../alerts';
import { ROLE_LABEL } from '../role-label';
import { ARCHIVING_ALERTS } from './archiving';
import { BACKUP_ALERTS, REPOSITORY_ALERTS } from './backups';
import { REPLICATION_ALERTS, SERVER_ALERTS } from './server';
import type { DatabaseSubject } from './subject';
import { TRANSACTION_ALERTS } from './transactions';

const alerts: readonly AlertDefinition<DatabaseSubject>[] = [
  ...SERVER_ALERTS,
  ...REPLICATION_ALERTS,
  ...TRANSACTION_ALERTS,
  ...ARCHIVING_ALERTS,
  ...BACKUP_ALERTS,
  ...REPOSITORY_ALERTS,
];

/** What can go wrong with a database and its backups. */
export const POSTGRES_ALERTS: Catalogue<DatabaseSubject> = {
  name: 'postgres',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ database: name }),
  variables,
};

function variables(subject: DatabaseSubject): Variables {
  const { name, namespace, objectives, replicas } = subject;
  // As a shell has it: with replicas, only the cluster knows which pod it is.
  const primary =
    replicas === 0
      ? `${name}-0`
      : `$(kubectl -n ${namespace} get pods -l app.kubernetes.io/instance=${name},${ROLE_LABEL}=primary -o name)`;
  return {
    environment: subject.environment,
    stanza: subject.stanza,
    replicas,
    primary,
    pods: Array.from({ length: 1 + replicas }, (_, ordinal) => `${name}-${ordinal}`),
    repositories: subject.repositories,
    backups: subject.schedules.map(({ type }) => type),
    several: subject.repositories.length > 1,
    dumps: subject.dumps,
    issuedTls: subject.issuedTls,
    archiveTimeout: subject.archiveTimeout.toSeconds(),
    rpo: objectives.rpo?.toSeconds() ?? false,
    rto: objectives.rto?.toSeconds() ?? false,
  };
}
