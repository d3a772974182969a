import { Duration, type Finding } from '../core';
import { type PodPeers, podPeer } from '../workloads';
import type { PostgresDatabaseProps } from './database';

/** Exporters of a database: of each of its servers, and of each of its repositories. */
export interface ExportersProps {
  /**
   * Has bash, `prometheus-postgres-exporter`, `prometheus-pgbackrest-exporter` and the server's release of pgBackRest on
   * its path. The server's pod is ready only when it can be pulled: keep it where the server's image is.
   * @default - the database's image, which images/postgres makes with all of them: nothing else has to be pulled
   */
  readonly image?: string;
  /** Pods that may scrape. @default - every pod of every namespace, on the ports of the exporters alone */
  readonly scrapers?: PodPeers;
  /**
   * How often each repository is asked.
   * @default Duration.minutes(5) - a new backup, or a repository that cannot be read, is seen within that time
   */
  readonly repositoryInterval?: Duration;
}

/** Role by which the server's exporter logs in, by its socket alone. */
export const EXPORTER_ROLE = 'postgres_exporter';

/**
 * User of the exporters: none of the server's, for whom its socket would open the superuser. The server's image has to
 * know it by the name in `EXPORTER_USER`.
 */
export const EXPORTER_UID = 65_534;
export const EXPORTER_USER = 'nobody';

/** The exporters' own defaults; those of further repositories follow. */
export const SERVER_METRICS_PORT = 9187;
export const REPOSITORY_METRICS_PORT = 9854;

export const DEFAULT_REPOSITORY_INTERVAL = Duration.minutes(5);

/** Whether they are run here. */
export function exported(exporters: PostgresDatabaseProps['exporters']): exporters is ExportersProps {
  return exporters !== undefined && exporters !== 'elsewhere';
}

/** How often the repositories are asked; by exporters of others, as often as they do of themselves. */
export function repositoryInterval(exporters: PostgresDatabaseProps['exporters']): Duration {
  if (exporters === 'elsewhere') return Duration.minutes(10);
  return exporters?.repositoryInterval ?? DEFAULT_REPOSITORY_INTERVAL;
}

/** How a port of metrics is let in by a network policy. */
export function scraping({ scrapers }: ExportersProps, ports: readonly number[]) {
  return {
    from: [podPeer(scrapers)],
    ports: ports.map((port) => ({ port: String(port), protocol: 'TCP' })),
  };
}

/** What is wrong with what is said about exporters. */
export function checkExporters({
  application,
  exporters,
}: Pick<PostgresDatabaseProps, 'application' | 'exporters'>): Finding[] {
  if (exporters === undefined || exporters === 'elsewhere') return [];
  const findings: Finding[] = [];
  const interval = (exporters.repositoryInterval ?? DEFAULT_REPOSITORY_INTERVAL).toSeconds();
  if (!Number.isInteger(interval) || interval < 5 || interval > 3600)
    findings.push({
      rule: 'postgres/exporters',
      message: `exporters.repositoryInterval is ${interval} s; it must be whole seconds from 5 to 3600`,
      fix: 'leave it out for five minutes',
    });
  if (exporters.image?.trim() === '')
    findings.push({
      rule: 'postgres/exporters',
      message: 'exporters.image is empty',
      fix: "leave it out for the database's image, or name one that has the exporters",
    });
  if (application?.role === EXPORTER_ROLE)
    findings.push({
      rule: 'postgres/exporters',
      message: `application.role is "${EXPORTER_ROLE}", the role by which the exporter logs in`,
      fix: 'give the application a role of another name',
    });
  return findings;
}

/** Rules on metrics that nobody gathers fire for ever. */
export function warnOfExporters({
  alerting,
  exporters,
}: Pick<PostgresDatabaseProps, 'alerting' | 'exporters'>): Finding[] {
  if (alerting === undefined || exporters !== undefined) return [];
  return [
    {
      rule: 'postgres/exporters',
      message: 'alerting is given and exporters is not: nothing here exposes the metrics that the rules read',
      fix: "exporters: {}, where the database's image is made from images/postgres; or 'elsewhere', where others expose them under the labels that the README names",
    },
  ];
}
