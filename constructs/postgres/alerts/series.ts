import type { Fact } from '../../alerts';
import type { DatabaseSubject } from './subject';

/** A metric of the servers' exporters (postgres_exporter), of all databases of a namespace. @param matchers begin with a comma */
export function ofServers(namespace: string, metric: string, matchers = ''): string {
  return `${metric}{job="postgres",namespace="${namespace}"${matchers}}`;
}

/** The same of the exporters that read their repositories (pgbackrest_exporter), one each; `repo_key` tells which. */
export function ofBackups(namespace: string, metric: string, matchers = ''): string {
  return `${metric}{job="pgbackrest",namespace="${namespace}"${matchers}}`;
}

/**
 * What a metric of pgbackrest_exporter was last. It forgets all series while it asks pgBackRest, which takes as long as
 * a repository that does not answer: a gap would begin every `for` anew.
 */
export function latest(series: string): string {
  return `last_over_time(${series}[15m])`;
}

/** With the label of alerts and facts in place of the exporter's own. */
export function byRepository(vector: string): string {
  return `label_replace(${vector}, "repository", "$1", "repo_key", "(.+)")`;
}

/** An alert is about a database, a pod, a database inside the server, a repository; exporters have more labels than that. */
export const EACH = 'by (namespace, database)';
export const EACH_POD = 'by (namespace, database, pod)';
export const EACH_DATNAME = 'by (namespace, database, datname)';
export const EACH_REPOSITORY = 'by (namespace, database, repository)';
export const SAME = 'on (namespace, database)';
export const SAME_POD = 'on (namespace, database, pod)';
export const SAME_REPOSITORY = 'on (namespace, database, repository)';

/** That a database is watched. Windows and limits of it that rules have in their text are labels. */
export function databaseFact(
  { archiveTimeout, freezeMaxAge }: DatabaseSubject,
  select: readonly string[] = [],
): Fact {
  return {
    name: 'disaster_recovery_database',
    labels: {
      archive_timeout_seconds: String(archiveTimeout.wholeSeconds()),
      freeze_max_age: String(freezeMaxAge),
    },
    select,
  };
}
