import { type Alerting, AlertRules } from '../alerts';
import { addCheck, addWarning, Construct, environmentOf, Size } from '../core';
import { type Asset, type AssetProps, Recovery } from '../recovery';
import { WorkloadAlerts } from '../workload-alerts';
import type { EnvironmentVariable, KubernetesObject, Volume, VolumeMount } from '../workloads';
import { PGBACKREST_ALERTS } from './alerts/catalogue';
import { checkBackups, checkObjectives } from './checks';
import { backupLabels, configVolume, MOUNTS, repositoryConfig } from './context';
import {
  checkExporters,
  type ExportersProps,
  exported,
  repositoryInterval,
  warnOfExporters,
} from './exporters';
import { type DataLayout, PGBACKREST_PORT } from './paths';
import { PgBackRest, type PgBackRestOptions, type Repository } from './pgbackrest';
import { RepositoryExporter } from './repository-exporter';
import type { PodFragment } from './sidecar';
import { type ProtectedDatabase, registerStanza } from './stanza';
import { watchedCronJobs } from './watched-workload';

/** Of which the time of a backup is estimated where nobody has said how large the database is. */
const ASSUMED_SIZE = Size.gibibytes(100);

export interface PgBackRestSidecarProps
  extends PgBackRestOptions,
    Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  /** Where the server keeps its data, and how its pod names that. */
  readonly layout: DataLayout;
  /** Name under which the pod of the primary is reached: `orders-0.orders-pods.shop.svc`. */
  readonly serverHost: string;
  /**
   * What brings the database back.
   * @default 'people' - somebody runs the restore: a server that others run does not restore itself
   */
  readonly recoveredBy?: 'itself' | 'people';
  /**
   * Name of the primary's pod; runbooks name it.
   * @default - the first part of `serverHost`, as a headless Service has it
   */
  readonly serverPod?: string;
  /**
   * How its backups are watched: their age, the repositories, the jobs. The server is watched by whoever runs it.
   * @default - not at all: nobody is told when backups stop
   */
  readonly alerting?: Alerting;
  /**
   * What exposes the metrics of its repositories, by an image that has bash, `prometheus-pgbackrest-exporter` and the same
   * pgBackRest: images/postgres. `'elsewhere'` where others do.
   * @default - none: nobody gathers what the rules of `alerting` read, which is warned of
   */
  readonly exporters?: ExportersProps | 'elsewhere';
}

/** What the container of a server needs so that its WAL is archived. */
export interface ArchiverFragment {
  readonly env: readonly EnvironmentVariable[];
  readonly volumeMount: readonly VolumeMount[];
  readonly volumes: readonly Volume[];
  /** Settings of postgresql.conf. The binary pgbackrest must be in the server's image. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * Settings of the pod. The processes are shared so that the pod's own init reaps pgBackRest's asynchronous
   * push: a postmaster that is process 1 takes its exit status for a crashed server process and restarts all
   * connections. A server that runs under an init of its own does not need it.
   */
  readonly pod: { readonly shareProcessNamespace: true };
}

/**
 * Backups for a PostgreSQL that somebody else runs: a sidecar and an archiver as
 * fragments for its pod, and the backup jobs. A sidecar alone cannot archive:
 * `archive_command` runs in the server's container, so its image must hold
 * pgBackRest of the same release as `image`.
 */
export class PgBackRestSidecar extends Construct implements ProtectedDatabase {
  readonly asset: Asset;
  readonly stanza: string;
  readonly repositories: readonly Repository[];
  /** For the pod: a container beside the server, and its volumes. */
  readonly sidecar: PodFragment;
  /** For the server's own container. */
  readonly archiver: ArchiverFragment;
  /** For the NetworkPolicy of the server's pod, as the API spells it: backup jobs reach the sidecar. */
  readonly ingress: KubernetesObject;

  constructor(
    scope: Construct,
    id: string,
    readonly props: PgBackRestSidecarProps,
  ) {
    super(scope, id);
    this.stanza = props.name;
    addCheck(this, () => [
      ...checkBackups(this, props),
      ...checkObjectives(props, props.archiveTimeout),
      ...checkExporters(props),
    ]);
    addWarning(this, () => warnOfExporters(props));
    const backup = new PgBackRest(this, 'pgbackrest', { ...props, serverHosts: [props.serverHost] });
    this.repositories = backup.repositories;
    registerStanza(this);
    this.sidecar = backup.sidecar;
    this.archiver = archiver(backup);
    this.ingress = {
      from: [{ podSelector: { matchLabels: backupLabels(backup.context) } }],
      ports: [{ port: PGBACKREST_PORT, protocol: 'TCP' }],
    };
    this.asset = Recovery.of(this).asset({
      id: props.name,
      kind: 'postgres',
      criticality: props.criticality,
      recoveredBy: props.recoveredBy ?? 'people',
      ...(props.expectedSize === undefined ? {} : { expectedSize: props.expectedSize }),
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
    });
    backup.protect(this.asset);
    if (exported(props.exporters))
      new RepositoryExporter(this, 'repository-exporter', {
        context: backup.context,
        exporters: props.exporters,
        alerting: props.alerting,
        repositories: this.repositories,
      });
    if (props.alerting !== undefined) this.watch(props.alerting, backup);
  }

  private watch(alerting: Alerting, backup: PgBackRest): void {
    const { asset, props, repositories, stanza } = this;
    const { expectedSize, exporters, name, namespace, serverHost, serverPod, tls } = props;
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: PGBACKREST_ALERTS,
      subject: {
        name,
        namespace,
        environment: environmentOf(this),
        schedules: backup.watchedSchedules(),
        repositories: repositories.map(({ number }) => number),
        stanza,
        repositoryInterval: repositoryInterval(exporters),
        size: expectedSize ?? ASSUMED_SIZE,
        issuedTls: tls !== undefined,
        pod: serverPod ?? serverHost.split('.')[0] ?? name,
      },
      asset,
    });
    new WorkloadAlerts(this, 'workload-alerts', {
      // The name of the database is for whoever watches its server.
      name: `${name}-backups`,
      namespace,
      cronJobs: watchedCronJobs(props, asset, backup),
      alerting,
      asset,
    });
  }
}

function archiver({ archiveTimeout, context }: PgBackRest): ArchiverFragment {
  const { vaultCa } = context.configMaps;
  const repository = repositoryConfig(context.configMaps.serverRepository);
  return {
    env: context.repositoryEnvironment,
    volumeMount: [
      repository.mount,
      context.layout.socketVolume,
      ...(vaultCa === undefined ? [] : [MOUNTS.vaultCa]),
    ],
    volumes: [
      repository.volume,
      ...(vaultCa === undefined ? [] : [configVolume(MOUNTS.vaultCa.name, vaultCa)]),
    ],
    settings: {
      archive_mode: 'on',
      archive_command: `pgbackrest --stanza=${context.stanza} archive-push %p`,
      archive_timeout: `${archiveTimeout.toSeconds()}s`,
      unix_socket_directories: context.layout.socketVolume.mountPath,
      wal_level: 'replica',
    },
    pod: { shareProcessNamespace: true },
  };
}
