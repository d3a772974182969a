import { kubernetes } from '../bindings/kubernetes';
import { addCheck, Construct, dnsName, environmentOf, type Finding, literal } from '../core';
import { Recovery } from '../recovery';
import { databaseFacts, type ShownDatabase } from './facts';
import type { DashboardModel } from './models/model';

export interface DashboardsProps {
  /** Where the sidecar of Grafana looks for dashboards; it may look everywhere. */
  readonly namespace: string;
  /** What the overview has a row for. @default none */
  readonly databases?: readonly ShownDatabase[];
  /** Further namespaces whose volumes and certificates are shown. @default - those of the databases and `namespace` */
  readonly namespaces?: readonly string[];
  /**
   * `sidecar` makes a config map of each, which the sidecar of Grafana finds by its label; `files` writes
   * `dashboards/*.json` alone, for a Grafana that gets them otherwise.
   * @default 'sidecar'
   */
  readonly delivery?: 'sidecar' | 'files';
  /** By which the sidecar finds them. @default { grafana_dashboard: '1' }, as Grafana's chart and kube-prometheus-stack have it */
  readonly labels?: Readonly<Record<string, string>>;
  /** Folder of Grafana, where the sidecar's `folderAnnotation` is set. @default - the sidecar's own: mostly General */
  readonly folder?: string;
  /** The sidecar's `folderAnnotation`. @default 'grafana_folder' */
  readonly folderAnnotation?: string;
}

/** Of a config map; the object around the text takes some of it. */
const CONFIG_MAP_BYTES = 1024 * 1024 - 16 * 1024;

/** Grafana takes no longer one. */
const UID_LENGTH = 40;

/**
 * Dashboards of an environment: its recovery (a row per database), PostgreSQL with pgBackRest, volumes. They show what
 * was declared by now, so they are declared last. Each is also written to `recovery/<environment>/dashboards/`.
 */
export class Dashboards extends Construct {
  /** By file name below `dashboards/`, without its ending. */
  readonly models: readonly DashboardModel[];

  constructor(scope: Construct, id: string, props: DashboardsProps) {
    super(scope, id);
    const { databases = [], delivery = 'sidecar', namespace, namespaces = [] } = props;
    const environment = environmentOf(this);
    // Grafana's SDK takes a tenth of a second: whoever shows nothing does not load it.
    const { dashboardModels } = require('./models') as typeof import('./models');
    this.models = dashboardModels({
      environment,
      namespaces: unique([namespace, ...namespaces, ...databases.map(({ props }) => props.namespace)]),
      databases: databases.map((database) => databaseFacts(this, database)),
      uid: (name) => dnsName([environment, name], { maxLength: UID_LENGTH }),
    });
    Recovery.of(this).writes(() =>
      Object.fromEntries(
        this.models.map(({ file, json }) => [
          `dashboards/${file}.json`,
          `${JSON.stringify(JSON.parse(json), null, 2)}\n`,
        ]),
      ),
    );
    addCheck(this, () => faults(props, this.models));
    if (delivery === 'files') return;
    const { folder, folderAnnotation = 'grafana_folder', labels = { grafana_dashboard: '1' } } = props;
    for (const { file, json, uid } of this.models)
      new kubernetes.ConfigMapV1(this, file, {
        metadata: {
          name: dnsName([environment, 'dashboard', file]),
          namespace,
          labels: { ...labels },
          ...(folder === undefined ? {} : { annotations: { [folderAnnotation]: literal(folder) } }),
        },
        // The sidecar puts all of them into one folder.
        data: { [`${uid}.json`]: literal(json) },
      });
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function faults(
  { delivery = 'sidecar', labels }: DashboardsProps,
  models: readonly DashboardModel[],
): Finding[] {
  const found: Finding[] = [];
  if (!['sidecar', 'files'].includes(delivery))
    found.push({
      rule: 'dashboards/delivery',
      message: `delivery is ${JSON.stringify(delivery)}; it must be sidecar or files`,
      fix: 'one of the two',
    });
  if (labels !== undefined && Object.keys(labels).length === 0)
    found.push({
      rule: 'dashboards/labels',
      message: 'labels is empty; the sidecar of Grafana finds dashboards by a label',
      fix: "leave it out for { grafana_dashboard: '1' }, or give the sidecar's label",
    });
  for (const { file, json } of models) {
    const bytes = Buffer.byteLength(json);
    if (delivery === 'sidecar' && bytes > CONFIG_MAP_BYTES)
      found.push({
        rule: 'dashboards/size',
        message: `the dashboard ${file} has ${bytes} bytes; a config map takes ${CONFIG_MAP_BYTES}`,
        fix: "set delivery: 'files', or show fewer databases",
      });
  }
  return found;
}
