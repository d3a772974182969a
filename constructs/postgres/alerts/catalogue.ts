import type { AlertDefinition, Catalogue, Variables } from '../../alerts';
import { ROLE_LABEL } from '../role-label';
import { ARCHIVING_ALERTS } from './archiving';
import { BACKUP_ALERTS, REPOSITORY_ALERTS } from './backups';
import { REPLICATION_ALERTS, SERVER_ALERTS } from './server';
import type { BackupSubject, DatabaseSubject, ForeignSubject } from './subject';
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

/**
 * What can go wrong with the backups of a server that somebody else runs: what the exporters of its repositories tell. Rules,
 * tests and runbooks are those of a database.
 */
export const PGBACKREST_ALERTS: Catalogue<ForeignSubject> = {
  name: 'pgbackrest',
  directory: __dirname,
  alerts: [...BACKUP_ALERTS, ...REPOSITORY_ALERTS],
  labels: ({ name }) => ({ database: name }),
  variables: (subject) => ({
    ...backupVariables(subject),
    own: false,
    primary: subject.pod,
    // Whatever its pod calls the server: kubectl takes the container that the pod names, or its first.
    inServer: '',
    replicas: 0,
    dumps: false,
  }),
};

function backupVariables(subject: BackupSubject): Variables {
  return {
    environment: subject.environment,
    stanza: subject.stanza,
    repositories: subject.repositories,
    backups: subject.schedules.map(({ type }) => type),
    several: subject.repositories.length > 1,
    issuedTls: subject.issuedTls,
  };
}

function variables(subject: DatabaseSubject): Variables {
  const { name, namespace, objectives, replicas } = subject;
  // As a shell has it: with replicas, only the cluster knows which pod it is.
  const primary =
    replicas === 0
      ? `${name}-0`
      : `$(kubectl -n ${namespace} get pods -l app.kubernetes.io/instance=${name},${ROLE_LABEL}=primary -o name)`;
  return {
    ...backupVariables(subject),
    own: true,
    replicas,
    primary,
    inServer: ' -c postgres',
    pods: Array.from({ length: 1 + replicas }, (_, ordinal) => `${name}-${ordinal}`),
    dumps: subject.dumps,
    archiveTimeout: subject.archiveTimeout.toSeconds(),
    rpo: objectives.rpo?.toSeconds() ?? false,
    rto: objectives.rto?.toSeconds() ?? false,
  };
}
