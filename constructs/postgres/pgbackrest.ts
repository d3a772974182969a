import type { Alerting } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import { Construct, Duration, environmentOf, literals, specHash } from '../core';
import { type Asset, Recovery } from '../recovery';
import { type EnvironmentVariable, Secrets } from '../workloads';
import type { WatchedSchedule } from './alerts/subject';
import { BACKUP_KINDS, BACKUP_TYPES, type BackupSchedules, Backups } from './backups';
import { type DatabaseContext, tlsAuthorities } from './context';
import { clientNameOf, IssuedTls, issuedSecrets, type TlsProps } from './issued-tls';
import type { DataLayout } from './paths';
import { jobConf, type PgBackRestSettings, serverConf, sidecarConf } from './pgbackrest-conf';
import { describeRetention, encryptionFact, type RepositoryProps } from './repository';
import { podScripts, podScriptsHash } from './scripts';
import { type PodFragment, sidecar } from './sidecar';
import { TlsPair } from './tls-pair';

/** What a database says about its backups, whoever runs its server. */
export interface PgBackRestOptions {
  /** Name of the database: of its stanza, its asset, and its objects in Kubernetes. */
  readonly name: string;
  readonly namespace: string;
  /** Image with PostgreSQL and pgBackRest of the same release in all its uses; see images/postgres. */
  readonly image: string;
  /**
   * `Never` where images are loaded into the nodes.
   * @default IfNotPresent
   */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** @default 17, the major version in images/postgres */
  readonly postgresMajor?: number;
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
  /** Parallel processes of a backup or restore. @default 2 */
  readonly processMax?: number;
  /** zstd level of backups and WAL. @default 3 */
  readonly compressLevel?: number;
  /**
   * cert-manager keeps the certificates between backup jobs and the sidecar.
   * @default - a Job of the database's own makes and renews them: a database that comes back waits for no operator
   */
  readonly tls?: TlsProps;
}

export interface PgBackRestProps extends PgBackRestOptions {
  readonly layout: DataLayout;
  /** Names under which backup jobs reach the server's pods; one of them is the primary. */
  readonly serverHosts: readonly string[];
  /** How the database is watched. */
  readonly alerting?: Alerting;
}

/** A repository with its path and its number resolved. */
export type Repository = RepositoryProps & { readonly path: string; readonly number: number };

/** What images/postgres holds. */
export const DEFAULT_MAJOR = 17;

export const DEFAULT_ARCHIVE_TIMEOUT = Duration.seconds(60);

/** Three hundred databases do not start at the same second. */
export const DEFAULT_SPREAD = Duration.minutes(10);

/** A pushed segment may take this long to arrive before the RPO is in question. */
export const PUSH_ALLOWANCE = Duration.seconds(10);

/**
 * Everything between one PostgreSQL server and its repositories: configuration,
 * keys, certificates, the sidecar for the server's pod, and the backup jobs.
 */
export class PgBackRest extends Construct {
  readonly context: DatabaseContext;
  /** To be put into the server's pod. */
  readonly sidecar: PodFragment;
  readonly repositories: readonly Repository[];
  readonly archiveTimeout: Duration;
  private readonly backups: Backups;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PgBackRestProps,
  ) {
    super(scope, id);
    const { name, serverHosts } = props;
    this.archiveTimeout = props.archiveTimeout ?? DEFAULT_ARCHIVE_TIMEOUT;
    this.repositories = resolveRepositories(this, name, props.repositories);
    const clientName = clientNameOf(props);
    this.context = this.configure(clientName);
    this.sidecar = sidecar(this.context, {
      requests: { cpu: '10m', memory: '32Mi' },
      limits: { memory: '512Mi' },
    });
    this.declareCertificates(clientName);
    this.backups = new Backups(this, 'backups', {
      context: this.context,
      schedules: props.backups,
      serverHosts,
      repositories: this.repositories.map(({ number }) => number),
      resources: { requests: { cpu: '100m', memory: '128Mi' } },
      spread: props.backupSpread ?? DEFAULT_SPREAD,
    });
  }

  /** Reports how the asset is protected: by its archive, and by each kind of backup, in each repository. */
  protect(asset: Asset): void {
    const recovery = Recovery.of(this);
    const maximumLag = this.archiveTimeout.plus(PUSH_ALLOWANCE);
    for (const repository of this.repositories) {
      const where = {
        retention: describeRetention(repository.retention),
        location: repository.vault.location,
        ...encryptionFact(repository, this.props.namespace),
      };
      recovery.protects(asset, { ...where, kind: 'wal-archive', maximumLag });
      for (const kind of BACKUP_KINDS) {
        const schedule = this.props.backups[kind];
        if (schedule === undefined) continue;
        recovery.protects(asset, {
          ...where,
          kind: `${kind}-backup`,
          schedule,
          delay: this.backups.delays[kind],
        });
      }
    }
  }

  /** What the age of its backups is held against. A schedule that is a fault is left out. */
  watchedSchedules(): readonly WatchedSchedule[] {
    return BACKUP_KINDS.flatMap((kind) => {
      const schedule = this.props.backups[kind];
      if (schedule === undefined || schedule.faults().length > 0) return [];
      return [
        { type: BACKUP_TYPES[kind], longestGap: schedule.longestGap(), delay: this.backups.delays[kind] },
      ];
    });
  }

  private declareCertificates(clientName: string): void {
    const { context } = this;
    const { alerting, serverHosts, tls } = this.props;
    const pair = { context, clientName, serverNames: serverHosts };
    if (tls !== undefined)
      new IssuedTls(this, 'tls', { ...pair, tls: alerting === undefined ? tls : { alerting, ...tls } });
    else if ('pair' in context.tls) new TlsPair(this, 'tls', { ...pair, secret: context.tls.pair });
  }

  private configure(clientName: string): DatabaseContext {
    const { props } = this;
    const { name, namespace, serverHosts } = props;
    const labels = { 'app.kubernetes.io/name': 'postgres', 'app.kubernetes.io/instance': name };
    const tls = props.tls === undefined ? { pair: `${name}-tls-pair` } : issuedSecrets(props);
    const settings: PgBackRestSettings = {
      stanza: name,
      layout: props.layout,
      repositories: this.repositories,
      authorities: tlsAuthorities(tls),
      processMax: props.processMax ?? 2,
      compressLevel: props.compressLevel ?? 3,
    };
    const files = {
      scripts: podScripts(),
      'pgbackrest-server': { 'pgbackrest.conf': serverConf(settings) },
      'pgbackrest-sidecar': { 'pgbackrest.conf': sidecarConf(settings, clientName) },
      'pgbackrest-job': { 'pgbackrest.conf': jobConf(settings, serverHosts) },
    };
    const authorities = Object.fromEntries(
      this.repositories.flatMap(({ number, vault }) =>
        vault.store.caPem === undefined ? [] : [[`repo${number}.crt`, vault.store.caPem]],
      ),
    );
    const configMap = (suffix: string, data: Readonly<Record<string, string>>): string =>
      declareConfigMap(this, suffix, { name, namespace, labels, data });
    return {
      name,
      namespace,
      image: props.image,
      imagePullPolicy: props.imagePullPolicy ?? 'IfNotPresent',
      stanza: name,
      layout: props.layout,
      postgresMajor: props.postgresMajor ?? DEFAULT_MAJOR,
      labels,
      tls,
      configMaps: {
        scripts: configMap('scripts', files.scripts),
        serverRepository: configMap('pgbackrest-server', files['pgbackrest-server']),
        sidecarRepository: configMap('pgbackrest-sidecar', files['pgbackrest-sidecar']),
        jobRepository: configMap('pgbackrest-job', files['pgbackrest-job']),
        vaultCa: Object.keys(authorities).length === 0 ? undefined : configMap('vault-ca', authorities),
      },
      configHash: specHash({ files: { ...files, scripts: podScriptsHash() }, authorities }),
      ...this.declareKeys(labels),
    };
  }

  /** Keys and passphrases, under pgBackRest's own names: it refuses them on a command line. */
  private declareKeys(
    labels: Readonly<Record<string, string>>,
  ): Pick<DatabaseContext, 'repositoryEnvironment' | 'readerEnvironment' | 'secretsRevision'> {
    const { name, namespace } = this.props;
    const options = this.repositories.flatMap(({ accessKey, secretKey, number, passphrase, reader }) => {
      const prefix = `PGBACKREST_REPO${number}`;
      return [
        { option: `${prefix}_S3_KEY`, secret: accessKey, reader: reader?.accessKey },
        { option: `${prefix}_S3_KEY_SECRET`, secret: secretKey, reader: reader?.secretKey },
        { option: `${prefix}_CIPHER_PASS`, secret: passphrase, reader: undefined },
      ];
    });
    const readerKey = (option: string): string => `READER_${option}`;
    const secrets = new Secrets(this, 'repository-keys', {
      name: `${name}-repository-keys`,
      namespace,
      labels,
      entries: Object.fromEntries(
        options.flatMap(({ option, reader, secret }) => [
          [option, secret],
          ...(reader === undefined ? [] : [[readerKey(option), reader]]),
        ]),
      ),
    });
    const from = (option: string, key: string): EnvironmentVariable => ({
      name: option,
      valueFrom: { secretKeyRef: secrets.selector(key) },
    });
    return {
      secretsRevision: secrets.revision,
      repositoryEnvironment: options.map(({ option }) => from(option, option)),
      readerEnvironment: options.map(({ option, reader }) =>
        from(option, reader === undefined ? option : readerKey(option)),
      ),
    };
  }
}

/** Repositories with their paths, one place per environment and stanza, and numbers unless it is said otherwise. */
export function resolveRepositories(
  scope: Construct,
  stanza: string,
  repositories: readonly RepositoryProps[],
): readonly Repository[] {
  const environment = environmentOf(scope);
  return repositories.map((repository, index) => ({
    ...repository,
    number: repository.number ?? index + 1,
    path: repository.path ?? `/${environment}/${stanza}`,
  }));
}

/** A config map `<name>-<suffix>` whose content arrives as it stands; returns its name. */
export function declareConfigMap(
  scope: Construct,
  suffix: string,
  props: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly data: Readonly<Record<string, string>>;
  },
): string {
  const name = `${props.name}-${suffix}`;
  new kubernetes.ConfigMapV1(scope, suffix, {
    metadata: { name, namespace: props.namespace, labels: { ...props.labels } },
    data: literals(props.data),
  });
  return name;
}
