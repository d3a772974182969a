import type { Subject } from '../../alerts';

/** A metric of the server's exporter (postgres_exporter), of one database alone. @param matchers begin with a comma */
export function ofServer({ namespace, name }: Subject, metric: string, matchers = ''): string {
  return `${metric}{job="postgres",namespace="${namespace}",database="${name}"${matchers}}`;
}

/** The same of the exporters that read its repositories (pgbackrest_exporter), one each; `repo_key` tells which. */
export function ofBackups({ namespace, name }: Subject, metric: string, matchers = ''): string {
  return `${metric}{job="pgbackrest",namespace="${namespace}",database="${name}"${matchers}}`;
}

/**
 * What a metric of pgbackrest_exporter was last. It forgets all series while it asks pgBackRest, which takes as long as
 * a repository that does not answer: a gap would begin every `for` anew.
 */
export function latest(series: string): string {
  return `last_over_time(${series}[15m])`;
}

/** An alert is about a database, a pod, a database inside the server; exporters have more labels than that. */
export const EACH = 'by (namespace, database)';
export const EACH_POD = 'by (namespace, database, pod)';
export const EACH_DATNAME = 'by (namespace, database, datname)';
export const SAME = 'on (namespace, database)';
export const SAME_POD = 'on (namespace, database, pod)';
