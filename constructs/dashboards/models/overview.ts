import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Duration } from '../../core';
import type { DatabaseFacts } from '../facts';
import type { DashboardModel, EnvironmentFacts } from './model';
import { dashboard, model, stat, table, text } from './panels';

/** More rows than that nobody reads, and a config map has an end: the next page is a dashboard of its own. */
const DATABASES_OF_A_PAGE = 20;

const DAY = 86_400;

const WORSE_FIRST = ['critical', 'moderate', 'low', 'none'];

/** The recovery of an environment: a row per database, the most critical first, and what concerns them all. */
export function overviewDashboards(facts: EnvironmentFacts): DashboardModel[] {
  const databases = [...facts.databases].sort(
    (a, b) =>
      WORSE_FIRST.indexOf(a.criticality) - WORSE_FIRST.indexOf(b.criticality) ||
      a.name.localeCompare(b.name, 'en') ||
      a.namespace.localeCompare(b.namespace, 'en'),
  );
  const pages = Math.max(1, Math.ceil(databases.length / DATABASES_OF_A_PAGE));
  return Array.from({ length: pages }, (_, page) => {
    const suffix = page === 0 ? '' : `-${page + 1}`;
    const builder = dashboard({
      uid: facts.uid(`recovery${suffix}`),
      title: `Recovery of ${facts.environment}${pages === 1 ? '' : ` (${page + 1} of ${pages})`}`,
      description: 'How old what could be restored is, against what was declared.',
    });
    if (page === 0) environmentRow(builder, facts);
    const shown = databases.slice(page * DATABASES_OF_A_PAGE, (page + 1) * DATABASES_OF_A_PAGE);
    for (const database of shown) databaseRow(builder, facts, database);
    return model(`recovery${suffix}`, builder);
  });
}

function environmentRow(builder: DashboardBuilder, { databases, namespaces }: EnvironmentFacts): void {
  const inNamespaces = `namespace=~"${namespaces.join('|')}"`;
  const certificates = `certmanager_certificate_expiration_timestamp_seconds{job="cert-manager",exported_namespace=~"${namespaces.join('|')}"}`;
  builder
    .withRow(new RowBuilder('All of it'))
    .withPanel(
      table({
        title: 'Alerts that fire',
        description: 'Each has a runbook: its link is in the notification, its text beside these dashboards.',
        width: 12,
        queries: [
          {
            expr: `max by (alertname, severity, namespace, database, priority) (ALERTS{alertstate="firing",${inNamespaces},severity!="none"})`,
          },
        ],
        value: 'firing',
      }),
    )
    .withPanel(
      table({
        title: 'Certificates',
        description:
          'Days until the certificate that cert-manager has issued ends. What it never issued is left out: it has no end.',
        width: 12,
        unit: 'd',
        queries: [
          {
            expr: `sort(min by (exported_namespace, name) ((${certificates} > 0) - time()) / ${DAY})`,
          },
        ],
        steps: [
          [null, 'red'],
          [7, 'orange'],
          [15, 'green'],
        ],
        value: 'days left',
      }),
    )
    .withPanel(
      text({
        title: 'Declared',
        width: 24,
        height: Math.min(12, 4 + databases.length),
        content: declaredTable(databases),
      }),
    );
}

function databaseRow(builder: DashboardBuilder, { uid }: EnvironmentFacts, database: DatabaseFacts): void {
  const { drills, dumpsDue, name, namespace, objectives, schedules } = database;
  const of = `namespace="${namespace}",database="${name}"`;
  const recent = (metric: string, matchers = ''): string =>
    // The exporter forgets its series while it asks pgBackRest.
    `last_over_time(${metric}{job="pgbackrest",${of}${matchers}}[15m])`;
  const details = `/d/${uid('postgres')}?var-namespace=${encodeURIComponent(namespace)}&var-database=${encodeURIComponent(name)}`;
  builder.withRow(new RowBuilder(`${name} (${namespace}, ${database.criticality})`));
  builder.withPanel(
    stat({
      title: 'Server',
      width: 3,
      queries: [{ expr: `max by (namespace, database) (pg_up{job="postgres",${of}})` }],
      words: { '1': ['up', 'green'], '0': ['down', 'red'] },
      none: 'no exporter',
    }),
  );
  for (const { due, limit, type } of schedules)
    builder.withPanel(
      stat({
        title: `Newest ${type} backup`,
        description: `Orange: the next one is due (after ${inWords(due)}). Red: the alert's threshold (${inWords(limit)}). A ${type} backup's age counts a newer one of a higher kind. A repository that is not here is not read.`,
        width: 3,
        unit: 's',
        queries: [
          {
            expr: `min by (repo_key) (${recent('pgbackrest_backup_since_last_completion_seconds', `,backup_type="${type}"`)})`,
            ...(database.repositories.length > 1 ? { legend: 'repo{{repo_key}}' } : {}),
          },
        ],
        steps: [
          [null, 'green'],
          // Where no alert watches it there is one step only.
          ...(due < limit ? ([[due, 'orange']] as const) : []),
          [limit, 'red'],
        ],
        none: 'never seen',
      }),
    );
  builder.withPanel(
    stat({
      title: 'WAL archived',
      description: `Since the last segment reached the archive${objectives.rpo === undefined ? '' : `; orange above the RPO of ${inWords(objectives.rpo.toSeconds())}`}. It grows, too, while nothing is written: then nothing can be lost.`,
      width: 3,
      unit: 's',
      queries: [
        { expr: `min by (namespace, database) (pg_stat_archiver_last_archive_age{job="postgres",${of}})` },
      ],
      steps: [
        [null, 'green'],
        ...(objectives.rpo === undefined ? [] : [[objectives.rpo.toSeconds(), 'orange'] as const]),
      ],
      none: 'no exporter',
    }),
  );
  builder.withPanel(
    stat({
      title: 'Archiving failed',
      description: 'Attempts within 15 minutes.',
      width: 2,
      decimals: 0,
      queries: [
        {
          expr: `sum by (namespace, database) (increase(pg_stat_archiver_failed_count{job="postgres",${of}}[15m]))`,
        },
      ],
      steps: [
        [null, 'green'],
        [0.5, 'red'],
      ],
      none: 'no exporter',
    }),
  );
  builder.withPanel(
    stat({
      title: 'Repositories',
      width: 3,
      queries: [
        { expr: `max by (repo_key) (${recent('pgbackrest_repo_status')})`, legend: 'repo{{repo_key}}' },
      ],
      steps: [[null, 'red']],
      words: {
        '0': ['ok', 'green'],
        '1': ['no stanza', 'red'],
        '2': ['no backup', 'orange'],
        '99': ['cannot be read', 'red'],
      },
      none: 'not read',
    }),
  );
  if (dumpsDue !== undefined)
    builder.withPanel(
      stat({
        title: 'Newest dump',
        description: `Orange: the next one is due (after ${inWords(dumpsDue)}).`,
        width: 3,
        unit: 's',
        queries: [
          {
            expr: `time() - max by (namespace, cronjob) (kube_cronjob_status_last_successful_time{job="kube-state-metrics",namespace="${namespace}",cronjob="${name}-dump"})`,
          },
        ],
        steps: [
          [null, 'green'],
          [dumpsDue, 'orange'],
        ],
        none: 'none succeeded',
      }),
    );
  builder.withPanel(
    stat({
      title: 'Certificate',
      description: 'Until the first of its certificates from cert-manager ends.',
      width: 3,
      unit: 's',
      queries: [
        {
          expr: `min by (exported_namespace) ((certmanager_certificate_expiration_timestamp_seconds{job="cert-manager",exported_namespace="${namespace}",name=~"${name}(-.+)?"} > 0) - time())`,
        },
      ],
      steps: [
        [null, 'red'],
        [7 * DAY, 'orange'],
        [15 * DAY, 'green'],
      ],
      none: 'not by cert-manager',
    }),
  );
  builder.withPanel(
    text({
      title: 'Drills',
      width: 4,
      content: `${drills.length === 0 ? '**No drill is declared**: that it can be restored is an assumption.' : drills.map(({ checks, schedule }) => `- ${schedule}: ${checks.join(', ')}`).join('\n')}\n\n[More of ${name}](${details})`,
    }),
  );
}

function declaredTable(databases: readonly DatabaseFacts[]): string {
  const rows = databases.map(({ computed, criticality, drills, name, namespace, objectives, schedules }) =>
    [
      name,
      namespace,
      criticality,
      duration(objectives.rpo),
      duration(computed.rpo),
      duration(objectives.rto),
      duration(computed.rto),
      schedules.map(({ due, type }) => `${type} every ${inWords(due)}`).join(', '),
      drills.length === 0 ? 'none' : String(drills.length),
    ].join(' | '),
  );
  return [
    '| database | namespace | criticality | RPO | computed | RTO | computed | backups | drills |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function duration(value: Duration | undefined): string {
  return value === undefined ? 'none' : inWords(value.toSeconds());
}

/** `26 h`, `90 s`. */
function inWords(seconds: number): string {
  for (const [unit, size] of [
    ['d', DAY],
    ['h', 3600],
    ['min', 60],
  ] as const)
    if (seconds >= 2 * size || seconds === size) return `${Math.round((seconds / size) * 10) / 10} ${unit}`;
  return `${Math.round(seconds)} s`;
}
