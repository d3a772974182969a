import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import {
  addCheck,
  Construct,
  Duration,
  environmentOf,
  literal,
  runtimeVariable,
  type SecretRef,
  type Size,
  specHash,
} from '../core';
import { type Asset, type AssetProps, Recovery } from '../recovery';
import { type EnvironmentVariable, type Resources, Secrets } from '../workloads';
import { BACKUP_KINDS, type BackupSchedules, Backups } from './backups';
import { checkDatabase } from './checks';
import type { DatabaseContext } from './context';
import { MOUNTS } from './context';
import { PATHS } from './paths';
import { jobConf, type PgBackRestSettings, serverConf, sidecarConf } from './pgbackrest-conf';
import { PG_HBA_CONF, postgresqlConf } from './postgresql-conf';
import { describeRetention, type RepositoryProps } from './repository';
import { podScripts } from './scripts';
import { headlessName, Server } from './server';
import { sidecar } from './sidecar';
import { TlsPair } from './tls-pair';

/** The application's own role and database, created when they are missing. */
export interface ApplicationProps {
  readonly role: string;
  readonly database: string;
  readonly password: SecretRef;
}

export interface PostgresDatabaseProps
  extends Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  /** Name of the database: of its stanza, its asset, and its objects in Kubernetes. */
  readonly name: string;
  readonly namespace: string;
  /** Image with PostgreSQL and pgBackRest of the same release in all its uses; see images/postgres. */
  readonly image: string;
  /** @default 17, the major version in images/postgres */
  readonly postgresMajor?: number;
  readonly storage: Size;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
  /** One or several repositories; WAL goes to all of them, a restore takes the first that can serve. */
  readonly repositories: readonly RepositoryProps[];
  readonly backups: BackupSchedules;
  /**
   * At most this long until a started WAL segment is pushed: nearly all of the RPO.
   * @default Duration.seconds(60) - at most a minute of writes is lost with the cluster
   */
  readonly archiveTimeout?: Duration;
  /**
   * Backups start within this time after the schedule's tick, each database at a
   * moment of its own that stays the same.
   * @default Duration.minutes(10) - three hundred databases do not start at the same second
   */
  readonly backupSpread?: Duration;
  /** Password of the superuser `postgres`. */
  readonly superuserPassword: SecretRef;
  /** @default - none: only the superuser exists */
  readonly application?: ApplicationProps;
  /** @default - requests of 250m and 512Mi, and no limit: a database killed for memory is an outage */
  readonly resources?: Resources;
  /** Labels of pods in the namespace that may connect. @default - every pod of the namespace */
  readonly clients?: Readonly<Record<string, string>>;
  /** Parallel processes of a backup or restore. @default 2 */
  readonly processMax?: number;
  /** zstd level of backups and WAL. @default 3 */
  readonly compressLevel?: number;
  /**
   * `Never` where images are loaded into the nodes.
   * @default IfNotPresent
   */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
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
export class PostgresDatabase extends Construct {
  readonly asset: Asset;
  /** Host and port for clients inside the cluster. */
  readonly host: string;
  readonly port = 5432;
  /** Name of the stanza in its repositories. */
  readonly stanza: string;

  constructor(
    scope: Construct,
    id: string,
    readonly props: PostgresDatabaseProps,
  ) {
    super(scope, id);
    const { name, namespace } = props;
    this.stanza = name;
    this.host = `${name}.${namespace}.svc`;
    addCheck(this, () => checkDatabase(this));

    const settings: PgBackRestSettings = {
      stanza: this.stanza,
      repositories: this.repositories,
      processMax: props.processMax ?? 2,
      compressLevel: props.compressLevel ?? 3,
    };
    const serverHost = `${name}-0.${headlessName(props)}.${namespace}.svc`;
    const clientName = `${name}-backup`;
    const context = this.declareConfiguration(settings, serverHost, clientName);
    const fragment = sidecar(context, {
      requests: { cpu: '10m', memory: '32Mi' },
      limits: { memory: '512Mi' },
    });
    const roles = this.declareRoles(context);
    const resources = props.resources ?? { requests: { cpu: '250m', memory: '512Mi' } };

    new TlsPair(this, 'tls', { context, clientName, serverNames: [serverHost] });
    new Server(this, 'server', {
      context,
      storage: props.storage,
      storageClass: props.storageClass,
      resources,
      sidecar: fragment,
      clients: props.clients,
      ...roles,
    });
    const backups = new Backups(this, 'backups', {
      context,
      schedules: props.backups,
      serverHost,
      repositories: props.repositories.length,
      resources: { requests: { cpu: '100m', memory: '128Mi' } },
      spread: props.backupSpread ?? Duration.minutes(10),
    });
    this.asset = this.report(backups);
  }

  /** Repositories with their paths resolved. */
  get repositories(): readonly (RepositoryProps & { readonly path: string })[] {
    const environment = environmentOf(this);
    return this.props.repositories.map((repository) => ({
      ...repository,
      path: repository.path ?? `/${environment}/${this.stanza}`,
    }));
  }

  get archiveTimeout(): Duration {
    return this.props.archiveTimeout ?? Duration.seconds(60);
  }

  private declareConfiguration(
    settings: PgBackRestSettings,
    serverHost: string,
    clientName: string,
  ): DatabaseContext {
    const { name, namespace } = this.props;
    const labels = { 'app.kubernetes.io/name': 'postgres', 'app.kubernetes.io/instance': name };
    const configMap = (suffix: string, data: Readonly<Record<string, string>>): string => {
      const full = `${name}-${suffix}`;
      new ConfigMapV1(this, suffix, { metadata: { name: full, namespace, labels }, data: { ...data } });
      return full;
    };
    const files = {
      scripts: podScripts(),
      server: {
        'postgresql.conf': postgresqlConf({
          archiveTimeout: this.archiveTimeout,
          overrides: this.props.overrides ?? {},
        }),
        'pg_hba.conf': PG_HBA_CONF,
      },
      serverRepository: { 'pgbackrest.conf': serverConf(settings) },
      sidecarRepository: { 'pgbackrest.conf': sidecarConf(settings, clientName) },
      jobRepository: { 'pgbackrest.conf': jobConf(settings, serverHost) },
    };
    const escaped = (data: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(data).map(([key, value]) => [key, literal(value)]));
    const initialize = runtimeVariable(this, 'initialize', {
      description: 'true for the one deploy that creates new, empty databases; never after',
      fallback: 'false',
    });
    const certificates = this.repositories.flatMap(({ vault }, index) =>
      vault.store.caPem === undefined ? [] : [[`repo${index + 1}.crt`, vault.store.caPem] as const],
    );
    return {
      name,
      namespace,
      image: this.props.image,
      imagePullPolicy: this.props.imagePullPolicy ?? 'IfNotPresent',
      stanza: this.stanza,
      postgresMajor: this.props.postgresMajor ?? 17,
      labels,
      tlsSecret: `${name}-tls-pair`,
      configMaps: {
        scripts: configMap('scripts', escaped(files.scripts)),
        server: configMap('config', escaped(files.server)),
        serverRepository: configMap('pgbackrest-server', escaped(files.serverRepository)),
        sidecarRepository: configMap('pgbackrest-sidecar', escaped(files.sidecarRepository)),
        jobRepository: configMap('pgbackrest-job', escaped(files.jobRepository)),
        // Outside the pod's template: saying `initialize` once, and no longer, restarts nothing.
        deploy: configMap('deploy', { initialize: initialize.stringValue }),
        vaultCa:
          certificates.length === 0 ? undefined : configMap('vault-ca', Object.fromEntries(certificates)),
      },
      configHash: specHash(files),
      repositoryEnvironment: this.declareRepositoryKeys(labels),
    };
  }

  private declareRepositoryKeys(labels: Readonly<Record<string, string>>): EnvironmentVariable[] {
    const { name, namespace } = this.props;
    const options = this.repositories.flatMap(({ accessKey, secretKey, passphrase }, index) => {
      const prefix = `PGBACKREST_REPO${index + 1}`;
      return [
        [`${prefix}_S3_KEY`, accessKey],
        [`${prefix}_S3_KEY_SECRET`, secretKey],
        [`${prefix}_CIPHER_PASS`, passphrase],
      ] as const;
    });
    const secrets = new Secrets(this, 'repository-keys', {
      name: `${name}-repository-keys`,
      namespace,
      labels,
      entries: Object.fromEntries(options),
    });
    return options.map(([option]) => ({
      name: option,
      valueFrom: { secretKeyRef: secrets.selector(option) },
    }));
  }

  private declareRoles(context: DatabaseContext) {
    const { application, superuserPassword } = this.props;
    const secrets = new Secrets(this, 'role-passwords', {
      name: `${context.name}-roles`,
      namespace: context.namespace,
      labels: context.labels,
      entries: {
        postgres: superuserPassword,
        ...(application === undefined ? {} : { [application.role]: application.password }),
      },
    });
    return {
      rolePasswords: secrets.volume(MOUNTS.roles.name),
      roleEnvironment: [
        { name: 'ROLES_DIR', value: PATHS.roles },
        ...(application === undefined
          ? []
          : [
              { name: 'APP_ROLE', value: application.role },
              { name: 'APP_DATABASE', value: application.database },
            ]),
      ],
    };
  }

  private report(backups: Backups): Asset {
    const { props } = this;
    const recovery = Recovery.of(this);
    const asset = recovery.asset({
      id: props.name,
      kind: 'postgres',
      criticality: props.criticality,
      recoveredBy: 'itself',
      expectedSize: props.expectedSize ?? props.storage,
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
    });
    for (const repository of this.repositories) {
      const where = {
        retention: describeRetention(repository.retention),
        location: repository.vault.location,
      };
      recovery.protects(asset, {
        ...where,
        kind: 'wal-archive',
        maximumLag: Duration.seconds(this.archiveTimeout.toSeconds() + PUSH_ALLOWANCE.toSeconds()),
      });
      for (const kind of BACKUP_KINDS) {
        const schedule = props.backups[kind];
        if (schedule === undefined) continue;
        recovery.protects(asset, { ...where, kind: `${kind}-backup`, schedule, delay: backups.delays[kind] });
      }
    }
    return asset;
  }
}

/** A pushed segment may take this long to arrive before the RPO is in question. */
const PUSH_ALLOWANCE = Duration.seconds(10);
