import { type Alerting, AlertRules } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import {
  addCheck,
  addWarning,
  Construct,
  type Duration,
  environmentOf,
  literal,
  runtimeVariable,
  type SecretRef,
  type Size,
  specHash,
} from '../core';
import { type Asset, type AssetProps, Recovery } from '../recovery';
import { WorkloadAlerts } from '../workload-alerts';
import { type Resources, Secrets } from '../workloads';
import { POSTGRES_ALERTS } from './alerts/catalogue';
import { freezeMaxAge } from './alerts/subject';
import { checkDatabase } from './checks';
import { CloneTemplate, DEFAULT_CLONE_LIFETIME } from './clone';
import { type DatabaseContext, MOUNTS } from './context';
import { type DumpsProps, LogicalDumps } from './dumps';
import type { ExistingVolume } from './existing-volume';
import {
  EXPORTER_ROLE,
  EXPORTER_USER,
  type ExportersProps,
  exported,
  repositoryInterval,
  warnOfExporters,
} from './exporters';
import { OWN_LAYOUT, PATHS, POSTGRES_PORT } from './paths';
import {
  DEFAULT_SPREAD,
  declareConfigMap,
  PgBackRest,
  type PgBackRestOptions,
  type Repository,
} from './pgbackrest';
import { pgHbaConf, pgIdentConf, postgresqlConf } from './postgresql-conf';
import { type RecoveryOrder, recoverJson } from './recovery-order';
import { podHosts, REPLICATION_ROLE, replicasServiceName } from './replicas';
import { RepositoryExporter } from './repository-exporter';
import { Server } from './server';
import { CHECKPOINT_ROLE, DatabaseSnapshots, type DatabaseSnapshotsProps } from './snapshots';
import { type ProtectedDatabase, registerStanza } from './stanza';
import { watchedWorkload } from './watched-workload';

/** The application's own role and database, created when they are missing. */
export interface ApplicationProps {
  readonly role: string;
  readonly database: string;
  readonly password: SecretRef;
}

export interface PostgresDatabaseProps
  extends PgBackRestOptions,
    Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  readonly storage: Size;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
  /**
   * A volume of this database that outlived its cluster: attached to a claim that has none yet, in place of a restore.
   * It is started only if the vault shows no newer life of the database; it is never deleted by us. Needs `storageClass`.
   * @default - none: a new volume is made, and the database restored onto it
   */
  readonly existingVolume?: ExistingVolume;
  /** Password of the superuser `postgres`. */
  readonly superuserPassword: SecretRef;
  /** @default - none: only the superuser exists */
  readonly application?: ApplicationProps;
  /** @default - requests of 250m and 512Mi, and no limit: a database killed for memory is an outage */
  readonly resources?: Resources;
  /** Labels of pods in the namespace that may connect. @default - every pod of the namespace */
  readonly clients?: Readonly<Record<string, string>>;
  /**
   * How long a clone of the database stays after it can be read, if nobody removes it.
   * @default Duration.hours(8) - a forgotten clone holds its volume for a working day
   */
  readonly cloneLifetime?: Duration;
  /**
   * Brings this database back to an earlier state, once; its present data is kept beside.
   * @default - none: an empty volume gets the newest state, complete data is left alone
   */
  readonly recover?: RecoveryOrder;
  /**
   * Major version of the data that the next start upgrades to `postgresMajor` by pg_upgrade, keeping the old data
   * beside. The image holds both (`OLDER_MAJOR` of images/postgres). Also what a backup of that version, if it is the
   * newest there is, is upgraded from after its restore. Drop it when the upgrade has a backup.
   * @default - none: data of another major version is refused
   */
  readonly upgradeFrom?: number;
  /**
   * Pods beside the primary that stream from it and can be read. One of them takes over by `npm run promote`, never by
   * itself.
   * @default 0 - one pod: when it or its volume is lost, the database is away until it runs again or is restored
   */
  readonly replicas?: number;
  /** Password of the role `replicator`, by which replicas log in at the primary. @default - none: needed with replicas */
  readonly replicationPassword?: SecretRef;
  /** Logical dumps into the first repository. @default - none: backups alone, which only this major version reads */
  readonly dumps?: DumpsProps;
  /**
   * Snapshots of the volume, from which `npm run deploy` brings the database back faster than from its backups, to the same
   * rows.
   * @default - none: a database that was lost is restored from its repository, in a time that grows with its size
   */
  readonly snapshots?: DatabaseSnapshotsProps;
  /** How the database is watched. @default - not at all: nobody is told when it is down or its backups stop */
  readonly alerting?: Alerting;
  /**
   * What exposes the metrics of its servers and its repositories; `'elsewhere'` where others do. With `alerting` the
   * Prometheus operator is told to scrape them.
   * @default - none: nobody gathers what the rules of `alerting` read, which is warned of
   */
  readonly exporters?: ExportersProps | 'elsewhere';
  /** Settings of postgresql.conf; they win over those that this construct makes. @default - none */
  readonly overrides?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * A PostgreSQL database that restores itself. It archives its WAL and backs up
 * through a pgBackRest sidecar to a vault; when it starts on an empty volume it
 * restores the newest state from there, and it never starts empty because a
 * backup could not be found. A database that is new is told so by
 * `TF_VAR_initialize=true`, for that one deploy.
 */
export class PostgresDatabase extends Construct implements ProtectedDatabase {
  readonly asset: Asset;
  /** Host and port for clients inside the cluster; with replicas it leads to the primary. */
  readonly host: string;
  /** Host that leads to replicas, for reads; `undefined` where there are none. */
  readonly replicasHost: string | undefined;
  readonly port = POSTGRES_PORT;
  /** Name of the stanza in its repositories. */
  readonly stanza: string;
  readonly repositories: readonly Repository[];

  constructor(
    scope: Construct,
    id: string,
    readonly props: PostgresDatabaseProps,
  ) {
    super(scope, id);
    const { name, namespace } = props;
    // What is no number is a fault of its own.
    const replicas = Number.isInteger(props.replicas) ? Math.max(0, props.replicas ?? 0) : 0;
    this.stanza = name;
    this.replicasHost = replicas === 0 ? undefined : `${replicasServiceName(props)}.${namespace}.svc`;
    this.host = `${name}.${namespace}.svc`;
    addCheck(this, () => checkDatabase(this));
    addWarning(this, () => warnOfExporters(props));
    const exporters = exported(props.exporters) ? props.exporters : undefined;

    const backup = new PgBackRest(this, 'pgbackrest', {
      ...props,
      layout: OWN_LAYOUT,
      serverHosts: podHosts(props, replicas),
    });
    this.repositories = backup.repositories;
    registerStanza(this);
    const server = this.configureServer(backup, replicas);
    const size = {
      storage: props.storage,
      storageClass: props.storageClass,
      resources: props.resources ?? { requests: { cpu: '250m', memory: '512Mi' } },
    };
    const { checkpointer, superuser, ...roles } = this.declareRoles(backup.context);
    new Server(this, 'server', {
      context: backup.context,
      ...server,
      ...roles,
      ...size,
      sidecar: backup.sidecar,
      clients: props.clients,
      dumped: props.dumps !== undefined,
      snapshotted: props.snapshots !== undefined,
      upgradeFrom: props.upgradeFrom,
      existingVolume: props.existingVolume,
      replicas,
      exporters,
      alerting: props.alerting,
    });
    if (exporters !== undefined)
      new RepositoryExporter(this, 'repository-exporter', {
        context: backup.context,
        exporters,
        alerting: props.alerting,
        repositories: this.repositories,
      });
    new CloneTemplate(this, 'clone', {
      context: backup.context,
      serverConfig: server.configMaps.server,
      ...size,
      lifetime: props.cloneLifetime ?? DEFAULT_CLONE_LIFETIME,
    });
    this.asset = Recovery.of(this).asset({
      id: name,
      kind: 'postgres',
      criticality: props.criticality,
      recoveredBy: 'itself',
      expectedSize: props.expectedSize ?? props.storage,
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
    });
    backup.protect(this.asset);
    if (props.snapshots !== undefined)
      new DatabaseSnapshots(this, 'snapshots', {
        ...props.snapshots,
        context: backup.context,
        host: this.host,
        alerting: props.alerting,
        asset: this.asset,
        password: checkpointer,
        repository: this.firstRepository(),
        backups: props.backups,
      });
    if (props.alerting !== undefined) this.watch(props.alerting, backup, replicas);
    if (props.dumps !== undefined) {
      new LogicalDumps(this, 'dumps', {
        ...props.dumps,
        ...size,
        context: backup.context,
        host: this.host,
        password: superuser,
        spread: props.backupSpread ?? DEFAULT_SPREAD,
        repository: this.firstRepository(),
      }).protect(this.asset);
    }
  }

  private firstRepository(): Repository | undefined {
    return [...this.repositories].sort((a, b) => a.number - b.number)[0];
  }

  private watch(alerting: Alerting, backup: PgBackRest, replicas: number): void {
    const { dumps, expectedSize, exporters, name, namespace, objectives, overrides, storage, tls } =
      this.props;
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: POSTGRES_ALERTS,
      subject: {
        name,
        namespace,
        environment: environmentOf(this),
        replicas,
        archiveTimeout: backup.archiveTimeout,
        schedules: backup.watchedSchedules(),
        repositories: this.repositories.map(({ number }) => number),
        stanza: this.stanza,
        repositoryInterval: repositoryInterval(exporters),
        size: expectedSize ?? storage,
        dumps: dumps !== undefined,
        issuedTls: tls !== undefined,
        objectives: objectives ?? {},
        freezeMaxAge: freezeMaxAge(overrides),
      },
      asset: this.asset,
    });
    new WorkloadAlerts(this, 'workload-alerts', {
      ...watchedWorkload(this.props, this.asset, backup, replicas),
      alerting,
      asset: this.asset,
    });
  }

  private configureServer({ archiveTimeout, context }: PgBackRest, replicas: number) {
    const { name, namespace, labels } = context;
    const { exporters, recover } = this.props;
    const peer = exported(exporters) ? { role: EXPORTER_ROLE, user: EXPORTER_USER } : undefined;
    const data = {
      'postgresql.conf': postgresqlConf({ archiveTimeout, overrides: this.props.overrides ?? {} }),
      'pg_hba.conf': pgHbaConf({
        ...(peer === undefined ? {} : { peer }),
        ...(replicas === 0 ? {} : { replication: REPLICATION_ROLE }),
      }),
      ...(peer === undefined ? {} : { 'pg_ident.conf': pgIdentConf(peer) }),
    };
    // Outside the pod's template: saying `initialize` once, and no longer, restarts nothing; nor does an order that
    // was carried out.
    const deploy = `${name}-deploy`;
    const initialize = runtimeVariable(this, 'initialize', {
      description: 'true for the one deploy that creates new, empty databases; never after',
      fallback: 'false',
      oneOf: ['true', 'false'],
    });
    new kubernetes.ConfigMapV1(this, 'deploy', {
      metadata: { name: deploy, namespace, labels: { ...labels } },
      data: {
        initialize: initialize.stringValue,
        ...(recover === undefined ? {} : { 'recover.json': literal(recoverJson(recover)) }),
      },
    });
    return {
      configMaps: { server: declareConfigMap(this, 'config', { name, namespace, labels, data }), deploy },
      configHash: specHash({ data, repository: context.configHash }),
    };
  }

  private declareRoles(context: DatabaseContext) {
    const {
      application,
      exporters,
      replicas = 0,
      replicationPassword,
      snapshots,
      superuserPassword,
    } = this.props;
    const secrets = new Secrets(this, 'role-passwords', {
      name: `${context.name}-roles`,
      namespace: context.namespace,
      labels: context.labels,
      entries: {
        postgres: superuserPassword,
        ...(application === undefined ? {} : { [application.role]: application.password }),
        ...(replicas === 0 || replicationPassword === undefined
          ? {}
          : { [REPLICATION_ROLE]: replicationPassword }),
        ...(snapshots === undefined ? {} : { [CHECKPOINT_ROLE]: snapshots.checkpointPassword }),
      },
    });
    const names = [
      { name: 'APP_ROLE', value: application?.role },
      { name: 'APP_DATABASE', value: application?.database },
      { name: 'EXPORTER_ROLE', value: exported(exporters) ? EXPORTER_ROLE : undefined },
      { name: 'CHECKPOINT_ROLE', value: snapshots === undefined ? undefined : CHECKPOINT_ROLE },
    ].flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
    return {
      superuser: secrets.selector('postgres'),
      checkpointer: secrets.selector(CHECKPOINT_ROLE),
      rolePasswords: secrets.volume(MOUNTS.roles.name),
      roleEnvironment: [{ name: 'ROLES_DIR', value: PATHS.roles }, ...names],
    };
  }
}
